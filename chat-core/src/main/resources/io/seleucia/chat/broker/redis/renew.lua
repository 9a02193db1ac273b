-- Renews the lifetime of a position, and returns it.
-- KEYS  meta
-- ARGV  the lifetime of a position, and of one at which nothing was published
local known = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
redis.call('PEXPIRE', KEYS[1], known[2] == '0' and ARGV[2] or ARGV[1])
return known
