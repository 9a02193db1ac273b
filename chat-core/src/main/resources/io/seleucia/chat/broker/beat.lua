-- A server's heartbeat. Ages are no business of this script: the clock of Redis may be set, so each server measures by its
-- own how long the heartbeat of another has been the same.
-- KEYS  nodes: each server, and when it gave its last heartbeat, in milliseconds of Redis' clock
-- ARGV  node, for how long the list lives without a heartbeat, then pairs of a node to take off the list and the heartbeat
--       that it must have given last
-- gives this heartbeat, and the list as it was before it
for i = 3, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
local all = redis.call('HGETALL', KEYS[1])
local time = redis.call('TIME')
local millis = time[1] * 1000 + math.floor(time[2] / 1000)
local now = string.format('%.0f', millis)
if redis.call('HGET', KEYS[1], ARGV[1]) == now then
  now = string.format('%.0f', millis + 1) -- a heartbeat must be another than the one before it
end
redis.call('HSET', KEYS[1], ARGV[1], now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {now, all}
