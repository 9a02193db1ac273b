-- Changes the description of a channel and publishes it. A time that was given stays known after a removal, so that times grow.
-- KEYS  info
-- ARGV  the description or '', the client as in keys, the client as the sender of a message, lifetime in milliseconds,
--       live channel, PUBLISH or SPUBLISH, the channel's epoch
-- Returns the time of the change.
local clock = redis.call('TIME')
local known = redis.call('HGET', KEYS[1], 'time')
local time = math.max(clock[1] * 1000 + math.floor(clock[2] / 1000), (tonumber(known) or 0) + 1)
local millis = string.format('%.0f', time)
local described = ARGV[1] ~= ''
if not described and redis.call('HDEL', KEYS[1], 'json') == 0 then
  return millis -- there is nothing to remove
end
if described then
  redis.call('HSET', KEYS[1], 'json', ARGV[1], 'by', ARGV[2], 'time', millis)
else
  redis.call('HSET', KEYS[1], 'by', ARGV[2], 'time', millis)
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
-- An earlier version of the server takes this for a message that it has delivered: there is none at offset 0.
redis.call(ARGV[6], ARGV[5], '{"epoch":"' .. ARGV[7] .. '","offset":0,"time":' .. millis .. ',' .. ARGV[3]
  .. ',"info":' .. (described and ARGV[1] or 'null') .. ',"data":""}')
return millis
