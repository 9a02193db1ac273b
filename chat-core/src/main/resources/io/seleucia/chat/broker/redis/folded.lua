-- Reads a channel's position and messages as they are now, in one step.
-- KEYS  log, meta, folds, tombstones
-- ARGV  the name of a new epoch, the newest epoch and offset that were shown, the lifetime of a position, the lifetime of the
--       position of a channel in which nothing was published, the greatest age of a message, the number of offsets whose
--       messages are kept, 'after' or 'before', the offset, the greatest number of messages, the greatest number of bytes (the
--       first message may have more), the greatest number of entries to look at
-- Returns epoch, offset, the messages (newest first for 'before', else oldest first), each with the number of replies and the
-- reactions as they are in its fold (nothing if there are no folds), and with its newest edit or ''; and the offset from which to go on, or '' if nothing follows.
local log, meta, folds, gone = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local epoch, offset = position(log, meta, ARGV[1], ARGV[2], ARGV[3], false, ARGV[2] ~= '')
live_on(meta, tonumber(offset == 0 and ARGV[5] or ARGV[4]))
local oldest, left = now() - tonumber(ARGV[6]), offset - tonumber(ARGV[7])
local forward, wanted, room, most = ARGV[8] == 'after', tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local folding = #redis.call('ZRANGE', folds, 0, 0) > 0
local messages, bytes, seen = {}, 0, 0

-- Returns the newest edit that is still there, or ''.
local function newest_edit(fold)
  for _, count in ipairs(fold.edits > 0 and {1, -1} or {}) do -- a few may have been removed
    for _, edit in ipairs(beginning(folds, fold.edit, true, count)) do
      local place = string.format('%.0f-0', tonumber(edit:sub(-16)))
      local entry = redis.call('XRANGE', log, place, place)[1]
      if entry then
        return entry[2][4]
      end
    end
  end
  return ''
end

-- Returns the number of replies, and the members of reactions without the offset; and how many bytes these take.
local function reactions(fold)
  local all, size = {string.format('%.0f', fold.replies)}, 0
  for _, kind in ipairs(fold.reactions > 0 and {'t ', 'c '} or {}) do
    for _, member in ipairs(beginning(folds, fold.start .. kind)) do
      all[#all + 1] = member:sub(#fold.start + 1)
      size = size + #member + 64
    end
  end
  return all, size
end

-- Appends a message, if it is one and no annotation. Returns false if it does not fit any more.
local function take(entry)
  local message = entry[2][4]
  local fields = head(message)
  local kind = fields:match(',"ref":{"offset":%d+,"kind":"(%a+)"')
  if fields == '' or kind and kind ~= 'reply' or (tonumber(entry[2][2]) or 0) <= oldest then
    return true
  end
  local fold, size, edit = {}, 0, ''
  if folding then
    local known = fold_of(folds, entry[1]:match('^%d+'), fields:match('^{"epoch":"([^"]*)"'))
    fold, size = reactions(known)
    edit = newest_edit(known)
  end
  bytes = bytes + #message + size + #edit
  if #messages > 0 and bytes > room then
    return false
  end
  messages[#messages + 1] = message
  messages[#messages + 1] = fold
  messages[#messages + 1] = edit
  return true
end

local id, more = ARGV[9] .. '-0', wanted > 0
while more and #messages < 3 * wanted and seen < most do
  local count = math.max(16, math.min(64, wanted - #messages / 3))
  local found = entries(log, gone, forward, id, count, left)
  more = #found == count
  for _, entry in ipairs(found) do
    if #messages == 3 * wanted or not take(entry) then
      more = false
      break
    end
    id = entry[1]
  end
  seen = seen + #found
end
return {epoch, string.format('%.0f', offset), messages, more and id:match('^%d+') or ''}
