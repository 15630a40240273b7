import Postgres

/// The comparisons of tables with the log that PostgreSQL does itself: each query gives (seq, id) of what disagrees.
///
/// Nothing is cast from text, so that no edited row can make a query fail rather than be found.
enum LogAgreement {
    static let queries: [(LogFinding.Disagreement, Query)] = [
        (.offerNotLogged, offerNotLogged), (.offerMissing, offerMissing), (.closingNotLogged, closingNotLogged),
        (.closingMissing, closingMissing), (.cancelNotLogged, cancelNotLogged), (.cancelMissing, cancelMissing),
        (.watermarkNotLogged, watermarkNotLogged), (.watermarkMissing, watermarkMissing),
        (.filledDiffers, filledDiffers), (.fundingNotLogged, fundingNotLogged), (.fundingMissing, fundingMissing),
        (.eventNotLogged, eventNotLogged), (.fillDiffers, fillDiffers), (.optionDiffers, optionDiffers),
    ]

    private static let offerNotLogged: Query = """
        SELECT o.seq, hex(o.offer_hash)
        FROM offers o LEFT JOIN transaction_logs l ON l.seq = o.seq
        WHERE (l.event_type = 'offer_created' AND l.related_id = hex(o.offer_hash) AND l.created_at = o.created_at)
              IS NOT TRUE
        ORDER BY o.seq
        """

    private static let offerMissing: Query = """
        SELECT l.seq, coalesce(l.related_id, '')
        FROM transaction_logs l
        WHERE l.event_type = 'offer_created' AND NOT EXISTS (SELECT FROM offers o WHERE o.seq = l.seq)
        ORDER BY l.seq
        """

    /// An offer born cancelled is closed by its own first row. A row about the chain says itself what it made of the offer.
    private static let closingNotLogged: Query = """
        SELECT o.closed_seq, hex(o.offer_hash)
        FROM offers o LEFT JOIN transaction_logs l ON l.seq = o.closed_seq
        WHERE o.closed_seq IS NOT NULL
              AND (l.related_id = hex(o.offer_hash)
                   AND CASE WHEN l.tx_hash IS NOT NULL THEN l.data_json ->> 'status' = o.closed_reason
                       WHEN o.closed_reason = 'cancelled' THEN l.event_type = 'offer_cancelled'
                           OR l.event_type = 'offer_created' AND l.data_json ->> 'status' = 'cancelled'
                       WHEN o.closed_reason = 'expired' THEN l.event_type = 'offer_expired'
                       ELSE false END) IS NOT TRUE
        ORDER BY o.closed_seq
        """

    /// What the chain closed it may open again; a signed cancel and an expiry stay.
    private static let closingMissing: Query = """
        SELECT l.seq, coalesce(l.related_id, '')
        FROM transaction_logs l
        WHERE l.tx_hash IS NULL AND (l.event_type IN ('offer_cancelled', 'offer_expired')
               OR l.event_type = 'offer_created' AND l.data_json ->> 'status' = 'cancelled')
              AND NOT EXISTS (
                  SELECT FROM offers o
                  WHERE hex(o.offer_hash) = l.related_id AND o.closed_seq = l.seq
                        AND o.closed_reason = CASE l.event_type WHEN 'offer_expired' THEN 'expired' ELSE 'cancelled' END)
        ORDER BY l.seq
        """

    private static let cancelNotLogged: Query = """
        SELECT c.seq, hex(c.offer_hash)
        FROM cancellations c LEFT JOIN transaction_logs l ON l.seq = c.seq
        WHERE (l.event_type IN ('offer_cancelled', 'cancel_recorded') AND l.related_id = hex(c.offer_hash)) IS NOT TRUE
        ORDER BY c.seq
        """

    /// Tombstones may be pruned once no offer they bite can still be posted; those of the last 400 days must be there.
    private static let cancelMissing: Query = """
        SELECT l.seq, coalesce(l.related_id, '')
        FROM transaction_logs l
        WHERE l.event_type = 'cancel_recorded' AND l.created_at > now() - interval '400 days'
              AND NOT EXISTS (
                  SELECT FROM cancellations c
                  WHERE hex(c.offer_hash) = l.related_id AND c.seq = l.seq)
        ORDER BY l.seq
        """

    private static let watermarkNotLogged: Query = """
        SELECT w.seq, hex(w.writer)
        FROM cancel_watermarks w LEFT JOIN transaction_logs l ON l.seq = w.seq
        WHERE (l.event_type = 'cancel_all_recorded' AND lower(l.related_id) = hex(w.writer)
               AND l.data_json ->> 'issuedBefore' = w.issued_before::text) IS NOT TRUE
        ORDER BY w.seq
        """

    private static let watermarkMissing: Query = """
        SELECT logged.seq, logged.writer
        FROM (SELECT lower(related_id) AS writer, max(seq) AS seq, max(lpad(data_json ->> 'issuedBefore', 20, '0')) AS latest
              FROM transaction_logs WHERE event_type = 'cancel_all_recorded' GROUP BY lower(related_id)) AS logged
        LEFT JOIN cancel_watermarks w ON hex(w.writer) = logged.writer
        WHERE logged.latest IS DISTINCT FROM lpad(w.issued_before::text, 20, '0')
        ORDER BY logged.seq
        """

    /// What is funded of an offer is what the row that it names says.
    private static let fundingNotLogged: Query = """
        SELECT coalesce(o.funding_seq, o.seq), hex(o.offer_hash)
        FROM offers o LEFT JOIN transaction_logs l ON l.seq = o.funding_seq
        WHERE (o.funding_seq IS NOT NULL OR o.unfunded OR o.fundable IS NOT NULL)
              AND (l.related_id = hex(o.offer_hash)
                   AND l.event_type = CASE WHEN o.unfunded THEN 'offer_unfunded' ELSE 'offer_funded' END
                   AND l.data_json ->> 'fundable' IS NOT DISTINCT FROM o.fundable::text) IS NOT TRUE
        ORDER BY 1
        """

    /// The last row about an offer's funds is the one that the offer names.
    private static let fundingMissing: Query = """
        SELECT logged.seq, logged.id
        FROM (SELECT related_id AS id, max(seq) AS seq FROM transaction_logs
              WHERE event_type IN ('offer_unfunded', 'offer_funded') GROUP BY related_id) AS logged
        WHERE NOT EXISTS (SELECT FROM offers o WHERE hex(o.offer_hash) = logged.id AND o.funding_seq = logged.seq)
        ORDER BY logged.seq
        """

    /// What is filled of an offer is the sum of its fills that count, and what its last row about the chain says.
    private static let filledDiffers: Query = """
        SELECT coalesce(latest.seq, 0), hex(f.offer_hash)
        FROM filled_amounts f
        JOIN LATERAL (SELECT max(seq) AS seq FROM fills WHERE offer_hash = f.offer_hash) latest ON true
        WHERE f.filled_amount IS DISTINCT FROM (
                  SELECT coalesce(sum(amount), 0) FROM fills WHERE offer_hash = f.offer_hash AND status <> 'reverted')
        ORDER BY 1
        """

    /// The last row about an event tells of it. One that only changes its status leaves out what it says, one that links a
    /// take to an offer which came later tells of the offer, and what is no take is confirmed without a row.
    private static let eventNotLogged: Query = """
        SELECT e.seq, hex(e.block_hash) || '/' || e.log_index
        FROM chain_events e LEFT JOIN transaction_logs l ON l.seq = e.seq
        WHERE (l.tx_hash = e.tx_hash AND l.block_number = e.block_number
               AND l.data_json ->> 'blockHash' = hex(e.block_hash) AND l.data_json ->> 'logIndex' = e.log_index::text
               AND (l.event_type = 'offer_filled'
                    OR l.data_json ->> 'name' = e.name
                       AND l.data_json ->> 'quarantine' IS NOT DISTINCT FROM e.quarantine
                       AND (l.data_json ->> 'status' = e.status
                            OR l.data_json ->> 'status' = 'pending' AND e.status = 'confirmed')
                       AND (NOT l.data_json ? 'args' OR strpos(l.data, e.args) > 0))) IS NOT TRUE
        ORDER BY e.seq
        """

    /// A fill is what its event says of it, and counts when that does.
    private static let fillDiffers: Query = """
        SELECT f.seq, hex(f.block_hash) || '/' || f.log_index
        FROM fills f LEFT JOIN chain_events e USING (block_hash, log_index) LEFT JOIN transaction_logs l ON l.seq = f.seq
        WHERE (e.name = 'OptionTaken' AND e.token_id = f.token_id AND e.named_hash = f.named_hash AND e.tx_hash = f.tx_hash
               AND e.block_number = f.block_number AND l.tx_hash = f.tx_hash
               AND f.status = CASE WHEN e.quarantine IS NULL THEN e.status ELSE 'reverted' END
               AND strpos(e.args, '"fillAmount":"' || f.amount || '"') > 0
               AND (f.offer_hash IS NULL OR EXISTS (
                   SELECT FROM offers o
                   WHERE o.offer_hash = f.offer_hash
                         AND f.named_hash IN (o.offer_hash, o.struct_hash, o.encoded_hash)))) IS NOT TRUE
        ORDER BY f.seq
        """

    /// An option is what the fill that made it says; one that counts no more keeps what was known of it.
    private static let optionDiffers: Query = """
        SELECT o.seq, o.token_id::text
        FROM active_options o LEFT JOIN fills f USING (block_hash, log_index)
             LEFT JOIN transaction_logs l ON l.seq = o.seq
        WHERE (f.token_id = o.token_id AND f.amount = o.collateral_locked AND f.status = o.status
               AND f.tx_hash = o.tx_hash AND f.block_number = o.block_number AND f.named_hash = o.named_hash
               AND (o.status = 'reverted'
                    OR f.offer_hash IS NOT DISTINCT FROM o.offer_hash AND f.premium IS NOT DISTINCT FROM o.premium)
               AND l.seq IS NOT NULL) IS NOT TRUE
        ORDER BY o.seq
        """
}
