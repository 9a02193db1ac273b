-- Deletes all messages of a channel, and tells those who follow it.
-- KEYS  log, meta, folds, tombstones
-- ARGV  live channel, PUBLISH or SPUBLISH
-- Those who follow it get a message at offset 0, which servers of earlier versions ignore, for they have seen it.
redis.call('DEL', KEYS[1], KEYS[3], KEYS[4])
local known = redis.call('HMGET', KEYS[2], 'epoch', 'offset')
if known[1] and (tonumber(known[2]) or 0) > 0 then
  redis.call(ARGV[2], ARGV[1], '{"epoch":"' .. known[1] .. '","offset":0,"time":' .. string.format('%.0f', now())
      .. ',"sender":"operator","data":"","gone":' .. known[2] .. '}')
end
return 1
