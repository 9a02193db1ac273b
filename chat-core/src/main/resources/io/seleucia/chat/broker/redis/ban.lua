-- Adds a ban, or replaces the one with its key, unless there are too many.
-- KEYS  the bans
-- ARGV  key, ban, the most bans
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 -- a full Redis accepts this write, and then the others of the script
        and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
