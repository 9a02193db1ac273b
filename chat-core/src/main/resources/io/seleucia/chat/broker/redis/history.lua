-- Reads a channel's position and a part of its history, in one step.
-- KEYS  log, meta, tombstones if messages are to be read
-- ARGV  the name of a new epoch, the newest epoch and offset that were shown, the lifetime of a position, the epoch and
--       offset of the last delivered message and its time or 0, the greatest age of a message, 'since', 'after' or 'before',
--       the offset, the greatest number of messages, the greatest number of bytes (the first message may have more), the
--       lifetime of the position of a channel in which nothing was published, the number of offsets whose messages are kept
-- Returns epoch, offset, messages (newest first for 'before', else oldest first) and, if there are none, the time of the
-- message at the offset, or 0. If the channel has another epoch than the last delivered message, 'since' returns the rest of
-- the old epoch, if there is any, else the new one from its beginning.
local log, meta, gone = KEYS[1], KEYS[2], KEYS[3]

-- Returns when the message at an offset was published, if it is there.
local function time_at(offset)
  local entry = redis.call('XRANGE', log, offset .. '-0', offset .. '-0')[1]
  local message = entry and entry[2][4] or gone and tombstone(gone, offset)
  return message and message:match('^{"epoch":"[^"]*","offset":%d+,"time":(%d+),')
end

local last = ARGV[7] ~= '0' and time_at(ARGV[6])
local replaced = last and last ~= ARGV[7]
local same = replaced and redis.call('HGET', meta, 'epoch') == ARGV[5]
-- An epoch that was shown, or is read with 'since', is kept. Other reads leave nothing behind.
local kept = ARGV[9] == 'since' or ARGV[2] ~= ''
local epoch, offset = position(log, meta, ARGV[1], ARGV[2], ARGV[3], same, kept)
live_on(meta, tonumber(offset == 0 and ARGV[13] or ARGV[4]))
local messages, bytes = {}, 0
local wanted, oldest = tonumber(ARGV[11]), now() - tonumber(ARGV[8])
local left = offset - tonumber(ARGV[14])

-- Appends messages. Returns whether there may be more.
local function take(found)
  for _, entry in ipairs(found) do
    if (tonumber(entry[2][2]) or 0) > oldest then -- an entry of another program counts as too old
      bytes = bytes + #entry[2][4]
      if #messages == wanted or #messages > 0 and bytes > tonumber(ARGV[12]) then
        return false
      end
      messages[#messages + 1] = entry[2][4]
    end
  end
  return #found == wanted
end

if wanted > 0 then
  local id = ARGV[10] .. '-0'
  if ARGV[9] == 'before' then
    take(entries(log, gone, false, id, wanted, left))
  else
    if ARGV[9] == 'since' and ARGV[5] ~= epoch then
      local rest = entries(log, gone, true, id, 1, left)[1]
      local own = '{"epoch":"' .. ARGV[5] .. '"'
      if replaced or not rest or rest[2][4]:sub(1, #own) ~= own then
        id = (redis.call('HGET', meta, 'base') or '0') .. '-0'
      end
    end
    local found
    repeat -- messages that are too old come first
      found = entries(log, gone, true, id, wanted, left)
      id = #found > 0 and found[#found][1] or id
    until not take(found) or #messages > 0
  end
end
local place = string.format('%.0f', offset)
return {epoch, place, messages, #messages == 0 and time_at(place) or '0'}
