-- Gives a server's heartbeat. Does not compare ages: the clock of Redis may be set, so each server measures by its own clock
-- how long the heartbeat of another has been the same.
-- KEYS  the servers, and the last heartbeat of each in milliseconds of Redis' clock
-- ARGV  the server, the lifetime of the list without a heartbeat, then pairs of a server to take off the list and its last
--       heartbeat
-- Returns this heartbeat, and the list before it.
for i = 3, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2]) -- a full Redis accepts this write, and then the others of the script
local all = redis.call('HGETALL', KEYS[1])
local time = redis.call('TIME')
local millis = time[1] * 1000 + math.floor(time[2] / 1000)
local now = string.format('%.0f', millis)
if redis.call('HGET', KEYS[1], ARGV[1]) == now then
  now = string.format('%.0f', millis + 1) -- a heartbeat must differ from the one before
end
redis.call('HSET', KEYS[1], ARGV[1], now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {now, all}
