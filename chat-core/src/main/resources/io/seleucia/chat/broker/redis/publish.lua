-- Publishes messages in one step. Each is numbered, appended and published, unless its idempotency key was used before.
-- KEYS  log, meta, the idempotency keys of the messages that have one
-- ARGV  live channel, the name of a new epoch, the newest epoch and offset that were shown, the number of messages to keep,
--       their lifetime, the lifetime of a position, the lifetime of an idempotency key, PUBLISH or SPUBLISH; then for each
--       message its JSON after the third field, and whether it has an idempotency key: 'key' or ''
-- Returns for each message epoch, offset, and 1 if it is a duplicate; or an error, if its idempotency key can't be read.
local log, meta = KEYS[1], KEYS[2]
local age = tonumber(ARGV[6])
local epoch, offset, left -- known once a message is appended
local time = now()
local millis = string.format('%.0f', time)
local receipts = {}
local keys = 2

local function append(rest)
  local first = not epoch
  if first then
    epoch, offset = position(log, meta, ARGV[2], ARGV[3], ARGV[4], false, true)
  end
  local place = string.format('%.0f', offset + 1)
  local message = '{"epoch":"' .. epoch .. '","offset":' .. place .. ',"time":' .. millis .. ',' .. rest
  redis.call('HSET', meta, 'offset', place) -- first: see position
  redis.call('XADD', log, 'MAXLEN', '=', ARGV[5], place .. '-0', 'time', millis, 'message', message)
  offset = offset + 1
  if first then
    live_on(meta, tonumber(ARGV[7]))
    left = live_on(log, age)
  end
  -- Reads leave out messages that are too old. They are removed here: at every 16th message, and whenever messages are rare.
  if offset % 16 == 0 or first and left < age - age / 64 then
    for _ = 1, 32 do
      local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
      if (tonumber(oldest[2][2]) or 0) > time - age then
        break
      end
      redis.call('XDEL', log, oldest[1])
    end
  end
  return place, message
end

for i = 10, #ARGV, 2 do
  local key, known
  if ARGV[i + 1] ~= '' then
    keys = keys + 1
    key = KEYS[keys]
    known = redis.pcall('GET', key)
  end
  if not known then
    local place, message = append(ARGV[i])
    if key then
      redis.call('SET', key, epoch .. ' ' .. place, 'PX', ARGV[8])
    end
    redis.call(ARGV[9], ARGV[1], message)
    receipts[#receipts + 1] = {epoch, place, 0}
  elseif type(known) == 'table' then
    receipts[#receipts + 1] = known
  else
    local first_epoch, first_offset = known:match('^(%S+) (%d+)$')
    redis.call('PEXPIRE', meta, ARGV[7]) -- a write, so that WAIT waits for the first message as well
    receipts[#receipts + 1] = {first_epoch, first_offset, 1}
  end
end
return receipts
