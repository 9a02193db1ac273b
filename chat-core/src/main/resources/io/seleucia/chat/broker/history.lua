-- Where a channel stands and a stretch of its history, in one step.
-- KEYS  log, meta
-- ARGV  the name of a fresh epoch, the newest epoch and offset that were shown, how long a position lives, the epoch and
--       offset of what was delivered last and that message's time or 0, how old a message may be, 'since', 'after' or
--       'before', the offset, the most messages to give, the most bytes to give, of which the first may be more
-- gives epoch, offset, messages, newest first for 'before', else oldest first, and where none is given, the time of the
-- one at the offset, or 0; where the delivered epoch is not the channel's, 'since' gives what is left of it, if anything
-- is, else begins where the new one does
local log, meta = KEYS[1], KEYS[2]

-- When the message at an offset was published, if it is there.
local function time_at(offset)
  local entry = redis.call('XRANGE', log, offset .. '-0', offset .. '-0')[1]
  return entry and entry[2][4]:match('^{"epoch":"[^"]*","offset":%d+,"time":(%d+),')
end

local last = ARGV[7] ~= '0' and time_at(ARGV[6])
local replaced = last and last ~= ARGV[7]
local same = replaced and redis.call('HGET', meta, 'epoch') == ARGV[5]
local epoch, offset = position(log, meta, ARGV[1], ARGV[2], ARGV[3], same, ARGV[4])
local messages, bytes = {}, 0
local wanted, oldest = tonumber(ARGV[11]), now() - tonumber(ARGV[8])

-- Whether there may be more to take.
local function take(entries)
  for _, entry in ipairs(entries) do
    if (tonumber(entry[2][2]) or 0) > oldest then -- an entry that is none of ours counts as gone
      bytes = bytes + #entry[2][4]
      if #messages == wanted or #messages > 0 and bytes > tonumber(ARGV[12]) then
        return false
      end
      messages[#messages + 1] = entry[2][4]
    end
  end
  return #entries == wanted
end

if wanted > 0 then
  if ARGV[9] == 'before' then
    take(redis.call('XREVRANGE', log, '(' .. ARGV[10] .. '-0', '-', 'COUNT', wanted))
  else
    local first = ARGV[10]
    if ARGV[9] == 'since' and ARGV[5] ~= epoch then
      local rest = redis.call('XRANGE', log, '(' .. first .. '-0', '+', 'COUNT', 1)[1]
      local own = '{"epoch":"' .. ARGV[5] .. '"'
      if replaced or not rest or rest[2][4]:sub(1, #own) ~= own then
        first = redis.call('HGET', meta, 'base') or '0'
      end
    end
    local entries
    local from = first .. '-0'
    repeat -- what is too old stands before what is not
      entries = redis.call('XRANGE', log, '(' .. from, '+', 'COUNT', wanted)
      from = #entries > 0 and entries[#entries][1] or from
    until not take(entries) or #messages > 0
  end
end
local place = string.format('%.0f', offset)
return {epoch, place, messages, #messages == 0 and time_at(place) or '0'}
