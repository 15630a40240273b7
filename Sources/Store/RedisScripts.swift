import Redis

/// The Lua this service runs in Redis. Each script is atomic; none replaces a newer value by an older one.
enum RedisScripts {
    /// Changes of offers, in order. KEYS: `offer:{hash}`, `filled:{hash}` of each. ARGV: epoch, TTL seconds, channel;
    /// then of each: seq, status, remaining or empty, filled, JSON of the row or empty, message.
    static let offers = RedisScript(
        """
        local epoch, ttl, channel = ARGV[1], ARGV[2], ARGV[3]
        local function put(key, ...)
            -- Whatever else somebody put under our key makes room.
            local reply = redis.pcall('HSET', key, ...)
            if type(reply) == 'table' and reply.err then
                redis.call('DEL', key)
                redis.call('HSET', key, ...)
            end
            redis.call('EXPIRE', key, ttl)
        end
        for i = 1, #KEYS / 2 do
            local offer, filled, at = KEYS[2 * i - 1], KEYS[2 * i], 6 * i - 3
            local seq, status, remaining, row = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 5]
            local held = redis.pcall('HMGET', offer, 'epoch', 'seq')
            if held.err or held[1] ~= epoch or (tonumber(held[2]) or -1) < tonumber(seq) then
                if row ~= '' then
                    put(offer, 'epoch', epoch, 'seq', seq, 'status', status, 'offer', row)
                    put(filled, 'epoch', epoch, 'seq', seq, 'remaining', remaining, 'filled', ARGV[at + 4])
                else
                    put(offer, 'epoch', epoch, 'seq', seq, 'status', status)
                end
                redis.call('PUBLISH', channel, ARGV[at + 6])
            elseif row ~= '' then
                redis.call('HSETNX', offer, 'offer', row)
            end
        end
        return #KEYS / 2
        """)

    /// A rendered book. KEYS: `orderbook:{token}:{side}`. ARGV: epoch, seq, JSON, TTL seconds.
    static let book = RedisScript(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'none' and kind ~= 'hash' then redis.call('DEL', KEYS[1]) end
        local epoch, seq = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq'))
        if epoch == ARGV[1] and (tonumber(seq) or -1) > tonumber(ARGV[2]) then return 0 end
        redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', ARGV[2], 'book', ARGV[3])
        redis.call('EXPIRE', KEYS[1], ARGV[4])
        return 1
        """)

    /// A settlement. KEYS: `settlement:{tokenId}`. ARGV: epoch, seq, status, JSON, TTL seconds, channel, message.
    static let settlement = RedisScript(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'none' and kind ~= 'hash' then redis.call('DEL', KEYS[1]) end
        local epoch, seq = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq'))
        if epoch == ARGV[1] and (tonumber(seq) or -1) > tonumber(ARGV[2]) then return 0 end
        redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', ARGV[2], 'status', ARGV[3], 'settlement', ARGV[4])
        redis.call('EXPIRE', KEYS[1], ARGV[5])
        redis.call('PUBLISH', ARGV[6], ARGV[7])
        return 1
        """)

    /// A page of positions. KEYS: `positions:{address}`. ARGV: epoch, seq, asOf, JSON, TTL seconds.
    static let positions = RedisScript(
        """
        local kind = redis.call('TYPE', KEYS[1]).ok
        if kind ~= 'none' and kind ~= 'hash' then redis.call('DEL', KEYS[1]) end
        local epoch, seq, at = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'asOf'))
        local held, new = tonumber(seq) or -1, tonumber(ARGV[2])
        if epoch == ARGV[1] and (held > new or held == new and (tonumber(at) or -1) >= tonumber(ARGV[3])) then return 0 end
        redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', ARGV[2], 'asOf', ARGV[3], 'positions', ARGV[4])
        redis.call('EXPIRE', KEYS[1], ARGV[5])
        return 1
        """)

    /// A sliding window. KEYS: `ratelimit:…`. ARGV: limit, window ms, asked. Answers allowed, left, ms until the
    /// oldest request leaves. Redis's own clock counts, so processes agree.
    static let take = RedisScript(
        """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local limit, window, asked = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('DEL', KEYS[1]) end
        redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - window)
        local used = redis.call('ZCARD', KEYS[1])
        local allowed = math.max(0, math.min(asked, limit - used))
        for i = 1, allowed do
            redis.call('ZADD', KEYS[1], now, time[1] .. '.' .. time[2] .. '.' .. (used + i))
        end
        redis.call('PEXPIRE', KEYS[1], window)
        local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
        local reset = window
        if oldest[2] then reset = tonumber(oldest[2]) + window - now end
        return {allowed, math.max(0, limit - used - allowed), reset}
        """)

    /// Copies of rows, each of a revision. KEYS: one a copy. ARGV: epoch, TTL seconds; then of each: revision, name of
    /// the field, value, 1 when there is one. A row that is gone leaves its revision, so that no older copy comes back.
    static let copies = RedisScript(
        """
        local epoch, ttl = ARGV[1], ARGV[2]
        for i = 1, #KEYS do
            local key, at = KEYS[i], 4 * i - 2
            local revision = ARGV[at + 1]
            local held = redis.pcall('HMGET', key, 'epoch', 'revision')
            if held.err or held[1] ~= epoch or (tonumber(held[2]) or -1) <= tonumber(revision) then
                redis.call('DEL', key)
                redis.call('HSET', key, 'epoch', epoch, 'revision', revision)
                if ARGV[at + 4] == '1' then redis.call('HSET', key, ARGV[at + 2], ARGV[at + 3]) end
                redis.call('EXPIRE', key, ttl)
            end
        end
        return #KEYS
        """)
}
