-- Checks the idempotency key, numbers a message, appends and publishes it, in one step.
-- KEYS  log, meta, the idempotency key if there is one
-- ARGV  live channel, the name of a new epoch, the newest epoch and offset that were shown, the number of messages to keep,
--       their lifetime, the lifetime of a position, the lifetime of an idempotency key, the message's JSON after its third
--       field, PUBLISH or SPUBLISH
-- Returns epoch, offset, and 1 if it is a duplicate.
if KEYS[3] then
  local first = redis.call('GET', KEYS[3])
  if first then
    local epoch, offset = first:match('^(%S+) (%d+)$')
    redis.call('PEXPIRE', KEYS[2], ARGV[7]) -- a write, so that WAIT waits for the first message as well
    return {epoch, offset, 1}
  end
end

local log, meta = KEYS[1], KEYS[2]
local epoch, offset = position(log, meta, ARGV[2], ARGV[3], ARGV[4], false, true)
local time = now()
local place = string.format('%.0f', offset + 1)
local message = '{"epoch":"' .. epoch .. '","offset":' .. place .. ',"time":' .. string.format('%.0f', time) .. ',' .. ARGV[9]

redis.call('HSET', meta, 'offset', place) -- first: see position
live_on(meta, tonumber(ARGV[7]))
redis.call('XADD', log, 'MAXLEN', '=', ARGV[5], place .. '-0', 'time', string.format('%.0f', time), 'message', message)
local age = tonumber(ARGV[6])
local left = live_on(log, age)
-- Reads leave out messages that are too old. They are removed here: at every 16th message, and whenever messages are rare.
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
