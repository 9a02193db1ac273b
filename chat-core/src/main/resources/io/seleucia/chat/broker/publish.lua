-- Idempotency, offset, history and live message in one step.
-- KEYS  log, meta, the idempotency key's own if there is one
-- ARGV  live channel, the name of a fresh epoch, the newest epoch and offset that were shown, how many messages to
--       keep, for how long, how long a position lives, how long a key lives, the message's JSON from its third field on,
--       PUBLISH or SPUBLISH
-- gives epoch, offset, whether it is a duplicate
if KEYS[3] then
  local first = redis.call('GET', KEYS[3])
  if first then
    local epoch, offset = first:match('^(%S+) (%d+)$')
    redis.call('PEXPIRE', KEYS[2], ARGV[7]) -- a write, so that WAIT waits for the first message as well
    return {epoch, offset, 1}
  end
end

local log, meta = KEYS[1], KEYS[2]
local epoch, offset = position(log, meta, ARGV[2], ARGV[3], ARGV[4], false, ARGV[7])
local time = now()
local place = string.format('%.0f', offset + 1)
local message = '{"epoch":"' .. epoch .. '","offset":' .. place .. ',"time":' .. string.format('%.0f', time) .. ',' .. ARGV[9]

redis.call('HSET', meta, 'offset', place)
redis.call('XADD', log, 'MAXLEN', '=', ARGV[5], place .. '-0', 'time', string.format('%.0f', time), 'message', message)
local age = tonumber(ARGV[6])
local left = live_on(log, age)
-- Reading leaves out what is too old: here it goes, not at each message, but where they come slowly.
if (offset + 1) % 16 == 0 or left < age - age / 64 then
  for _ = 1, 32 do
    local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    if (tonumber(oldest[2][2]) or 0) > time - age then
      break
    end
    redis.call('XDEL', log, oldest[1])
  end
end
if KEYS[3] then
  redis.call('SET', KEYS[3], epoch .. ' ' .. place, 'PX', ARGV[8])
end
redis.call(ARGV[10], ARGV[1], message)
return {epoch, place, 0}
