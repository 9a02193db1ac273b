-- Adds a revocation, unless there is a newer one of the same user.
-- KEYS  the revocations
-- ARGV  user, time
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known or tonumber(known) < tonumber(ARGV[2]) then
    redis.call('HDEL', KEYS[1], ARGV[1]) -- a full Redis accepts this write, and then the others of the script
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return 1
