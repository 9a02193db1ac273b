-- Keeps a revocation, unless a newer one of the same user is known.
-- KEYS  the revocations
-- ARGV  user, time
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known or tonumber(known) < tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return 1
