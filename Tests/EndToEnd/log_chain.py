"""The log's hash chain computed apart from the service, from what psql prints."""
from eth_utils import keccak

ROWS = """
SELECT seq, coalesce(event_type, ''), coalesce(related_id, ''), coalesce('0x' || encode(tx_hash, 'hex'), ''), coalesce(block_number::text, ''),
       (extract(epoch FROM created_at) * 1000000)::bigint, replace(coalesce(data, ''), E'\\t', '?'),
       encode(prev_hash, 'hex'), encode(hash, 'hex')
FROM transaction_logs ORDER BY seq"""


def verify(query):
    """Every row's (seq, type, related id); fails at the first that is missing, out of place or does not hash.

    `query` gives the rows of some SQL. hash = keccak256(previous ‖ uint64 seq ‖ for each of type, related id, transaction,
    block, time in µs, data: uint32 length ‖ UTF-8), the first one's previous being the domain separator.
    """
    [[previous]] = query("SELECT encode(domain_separator, 'hex') FROM deployment")
    rows = []
    last_time = 0
    for seq, kind, related, transaction, block, time, data, stored_previous, stored in query(ROWS):
        assert int(seq) == len(rows) + 1, f"after {len(rows)} comes {seq}"
        assert stored_previous == previous, f"{seq} does not follow the row before it"
        assert int(time) >= last_time, f"{seq} is older than the row before it"
        texts = [text.encode() for text in (kind, related, transaction, block, time, data)]
        previous = keccak(bytes.fromhex(previous) + int(seq).to_bytes(8, "big")
                          + b"".join(len(text).to_bytes(4, "big") + text for text in texts)).hex()
        assert stored == previous, f"{seq} does not hash to what is stored"
        last_time = int(time)
        rows.append((int(seq), kind, related))
    [[head, hash]] = query("SELECT seq, encode(hash, 'hex') FROM log_head")
    assert (int(head), hash) == (len(rows), previous), "the head is not the last row"
    return rows
