-- Part of the scripts that follow it.
-- Appends messages. Each is numbered, appended and published, unless its idempotency key was used before.
-- KEYS  log, meta
-- ARGV  live channel, the name of a new epoch, the newest epoch and offset that were shown, the number of offsets whose
--       messages are kept (which may be 0), their lifetime, the lifetime of a position, the lifetime of an idempotency key, PUBLISH or SPUBLISH
local log, meta = KEYS[1], KEYS[2]
local kept, age = tonumber(ARGV[5]), tonumber(ARGV[6])
local epoch, offset, left -- known once a message is appended
local time = now()
local millis = string.format('%.0f', time)
local receipts = {} -- for each message epoch, offset, and 1 if it is a duplicate

-- Returns whether an idempotency key was used before, or can't be read; that is the message's receipt then.
local function is_known(key)
  local known = redis.pcall('GET', key)
  if type(known) == 'table' then
    receipts[#receipts + 1] = known
  elseif known then
    local first_epoch, first_offset = known:match('^(%S+) (%d+)$')
    redis.call('PEXPIRE', meta, ARGV[7]) -- a write, so that WAIT waits for the first message as well
    receipts[#receipts + 1] = {first_epoch, first_offset, 1}
  end
  return known
end

-- Appends and publishes a message: its JSON after the third field. Returns its offset.
local function append(rest, key)
  local first = not epoch
  if first then
    epoch, offset = position(log, meta, ARGV[2], ARGV[3], ARGV[4], false, true)
  end
  offset = offset + 1
  local place = string.format('%.0f', offset)
  local message = '{"epoch":"' .. epoch .. '","offset":' .. place .. ',"time":' .. millis .. ',' .. rest
  redis.call('HSET', meta, 'offset', place) -- first: see position
  redis.call('XADD', log, 'MINID', '=', offset < kept and 0 or offset - kept + 1, place .. '-0', 'time', millis, 'message', message)
  if first then
    live_on(meta, tonumber(ARGV[7]))
    left = live_on(log, age)
  end
  -- Reads leave out messages that are too old. They are removed here: at every 16th message, and whenever messages are rare.
  if offset % 16 == 0 or first and left < age - age / 64 then
    for _ = 1, 32 do
      local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
      if not oldest or (tonumber(oldest[2][2]) or 0) > time - age then
        break
      end
      redis.call('XDEL', log, oldest[1])
    end
  end
  if key then
    redis.call('SET', key, epoch .. ' ' .. place, 'PX', ARGV[8])
  end
  redis.call(ARGV[9], ARGV[1], message)
  receipts[#receipts + 1] = {epoch, place, 0}
  return place
end
