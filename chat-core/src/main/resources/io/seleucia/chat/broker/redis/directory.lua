-- Adds channels to the directory, unless it is full, and renews its lifetime.
-- KEYS  the directory
-- ARGV  the greatest number of channels, lifetime in milliseconds, the channels
for i = 3, redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1]) and #ARGV or 0 do
  redis.call('ZADD', KEYS[1], 0, ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return #ARGV - 2
