-- Adds a channel to a client's hash.
-- KEYS  the client's channels
-- ARGV  channel, lifetime in milliseconds
redis.call('PEXPIRE', KEYS[1], ARGV[2]) -- a full Redis accepts this write, and then the others of the script
redis.call('HSET', KEYS[1], ARGV[1], 'set')
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
