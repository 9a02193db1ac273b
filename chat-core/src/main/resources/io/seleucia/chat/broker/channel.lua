-- Notes a channel of a client.
-- KEYS  the client's channels
-- ARGV  channel, how long that is known without being said again
redis.call('HSET', KEYS[1], ARGV[1], 'set')
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
