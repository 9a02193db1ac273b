-- Moves a client's read mark, unless it is there already or further, and counts the messages after it, in one step. Deleted
-- ones are not in the log.
-- A mark, in the field of its client, is "epoch offset time": the time when it moved.
-- KEYS  log, meta, marks
-- ARGV  the name of a new epoch, the newest epoch and offset that were shown, the lifetime of a position, the lifetime of
--       that of a channel in which nothing was published, the greatest age of a message, the client, the offset up to which
--       it has read or 0, the client as the sender of a message, live channel, PUBLISH or SPUBLISH, the session that has
--       read as JSON, the greatest number of marks, the greatest number of messages to count, the greatest numbers of
--       messages and of bytes to look at, the id of the last message that counts or '+', the number of offsets whose messages
--       are kept: the log may have more, which no page shows
-- Returns the mark, the number of messages after it and 1 if there may be more.
local log, meta, marks, client = KEYS[1], KEYS[2], KEYS[3], ARGV[7]
local epoch, offset = position(log, meta, ARGV[1], ARGV[2], ARGV[3], false, ARGV[2] ~= '')
local time = now()
local stored = redis.call('HGET', marks, client)

-- Returns the mark in the present epoch. An epoch that continues the offsets of another one keeps its marks.
local function mark()
  local known_epoch, known = (stored or ''):match('^(%S+) (%d+) ')
  if not known then
    return 0
  elseif known_epoch == epoch then
    return math.min(tonumber(known), offset)
  end
  local continued = redis.call('HMGET', meta, 'base', 'root')
  local is_kept = continued[1] and continued[2] and number(known_epoch) >= number(continued[2])
  return is_kept and math.min(tonumber(known), tonumber(continued[1])) or 0
end

-- Removes a mark, of some the one that moved longest ago.
local function remove_one()
  local some = redis.call('HRANDFIELD', marks, 16, 'WITHVALUES')
  local oldest, since
  for i = 1, #some, 2 do
    local moved = tonumber(some[i + 1]:match(' (%d+)$')) or 0
    if not since or moved < since then
      oldest, since = some[i], moved
    end
  end
  redis.call('HDEL', marks, oldest)
end

local read = mark()
local to = math.min(tonumber(ARGV[8]), offset)
local moves = to > read
local millis = string.format('%.0f', time)
if moves then
  read = to
  if not stored and redis.call('HLEN', marks) >= tonumber(ARGV[13]) then
    remove_one()
  end
  redis.call('HSET', marks, client, epoch .. ' ' .. string.format('%.0f', to) .. ' ' .. millis)
end
live_on(meta, tonumber(offset == 0 and ARGV[5] or ARGV[4]))
live_on(marks, tonumber(ARGV[4]))

local function is_own(message, from)
  local after = from + #ARGV[9]
  return message:sub(from, after - 1) == ARGV[9] and message:sub(after, after + 12) ~= ',"guest":true'
end

local function is_annotation(message)
  if not message:find('"ref":{', 1, true) then
    return false -- most messages refer to none
  end
  local kind = head(message):match(',"ref":{"offset":%d+,"kind":"(%a+)"')
  return kind and kind ~= 'reply'
end

local function counts(entry)
  local message = entry[2][4] or '' -- there is one, unless another program has added the entry
  local from = message:match('^{"epoch":"[^"]*","offset":%d+,"time":%d+,()')
  return from
    and (tonumber(entry[2][2]) or 0) > time - tonumber(ARGV[6])
    and not is_own(message, from)
    and not is_annotation(message)
end

local function count()
  local most, messages, bytes = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16])
  local from, found = string.format('%.0f-0', math.max(read, offset - tonumber(ARGV[18]))), 0
  local entries
  repeat
    entries = read < offset and redis.call('XRANGE', log, '(' .. from, ARGV[17], 'COUNT', 100) or {}
    for _, entry in ipairs(entries) do
      found = found + (counts(entry) and 1 or 0)
      bytes = bytes - #(entry[2][4] or '')
      from = entry[1]
      if found > most then
        return most, 1
      end
    end
    messages = messages - #entries
    if messages <= 0 or bytes <= 0 then
      return found, 1
    end
  until #entries < 100
  return found, 0
end

local unread, more = count()
local place = string.format('%.0f', read)
if moves then
  -- An earlier version of the server takes this for a message that it has delivered: there is none at offset 0.
  redis.call(ARGV[11], ARGV[10], '{"epoch":"' .. epoch .. '","offset":0,"time":' .. millis .. ',' .. ARGV[9]
    .. ',"read":{"offset":' .. place .. ',"unread":' .. unread .. (more == 1 and ',"more":true' or '') .. '},' .. ARGV[12]
    .. ',"data":""}')
end
return {place, unread, more}
