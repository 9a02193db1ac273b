-- Publishes messages in one step, of which some refer to others.
-- KEYS  log, meta, folds, tombstones, the idempotency keys of the messages that have one
-- ARGV  those of append.lua; the most edits and the most reactions of a message; then for each message its JSON after the third
--       field, whether it has an idempotency key: 'key' or '', and JSON about its reference, or ''
-- Returns for each message what publish.lua returns, or the reason why its reference is refused.
local folds, gone = KEYS[3], KEYS[4]

-- Returns the fields of the message that a reference is to, or else nil and the reason why it is refused.
local function target(ref)
  local now_epoch, newest = epoch, offset
  if not now_epoch then -- a refused message leaves nothing behind
    now_epoch, newest = position(log, meta, ARGV[2], ARGV[3], ARGV[4], false, false)
  end
  if tonumber(ref.offset) > newest then
    return nil, 'UNKNOWN'
  end
  local entry = redis.call('XRANGE', log, ref.offset .. '-0', ref.offset .. '-0')[1]
  local deleted = not entry and tonumber(ref.offset) > newest - kept and tombstone(gone, ref.offset)
  local readable, fields = pcall(cjson.decode, head(entry and entry[2][4] or deleted or '') .. '}')
  if not readable or fields.epoch ~= now_epoch or (tonumber(fields.time) or 0) <= time - age then
    return nil, 'TOO_OLD'
  elseif fields.ref and fields.ref.kind ~= 'reply' then
    return nil, 'ANNOTATION'
  elseif deleted then
    return nil, 'TOO_OLD'
  elseif (ref.kind == 'edit' or ref.kind == 'delete') and not ref.moderates
      and (ref.sender ~= fields.sender or ref.guest ~= (fields.guest or false) or ref.author ~= (fields.author or '')) then
    return nil, 'FORBIDDEN'
  end
  return fields
end

-- Replaces a message by its tombstone.
local function bury(place, deletion)
  local entry = redis.call('XRANGE', log, place .. '-0', place .. '-0')[1]
  if entry then
    redis.call('XDEL', log, entry[1]) -- a full Redis accepts this write, and then the others of the script
    redis.call('ZREMRANGEBYSCORE', gone, place, place)
    redis.call('ZADD', gone, place, head(entry[2][4]) .. deletion)
  end
end

-- Blanks a message and its edits, and takes it off the replies of the message that it answers.
local function delete(ref, fields, fold)
  local deletion = ',"deleted":{"by":' .. cjson.encode(ref.sender) .. ',"time":' .. millis .. '},"data":null}'
  local edits = fold.stale and {} or beginning(folds, fold.start .. 'e ')
  bury(ref.offset, deletion)
  for _, edit in ipairs(edits) do
    bury(string.format('%.0f', tonumber(edit:sub(-16))), deletion)
  end
  live_on(gone, age)
  clear_fold(folds, fold)
  fold.reactions, fold.edits = 0, 0
  keep_fold(folds, fold, age)
  if fields.ref then
    local answered = fold_of(folds, fields.ref.offset, fields.epoch)
    if answered.replies > 0 then
      answered.replies = answered.replies - 1
      keep_fold(folds, answered, age)
    end
  end
end

-- Publishes a message that refers to another, or returns the reason why not.
local function refer(rest, key, ref)
  local fields, refused = target(ref)
  if refused then
    return refused
  end
  local fold = fold_of(folds, ref.offset, fields.epoch)
  local reaction = ref.kind == 'reaction' and reaction_of(folds, fold, ref.text, ref.client)
  if ref.kind == 'edit' and fold.edits >= tonumber(ARGV[10])
      or reaction and not reaction.member and not ref.remove and fold.reactions >= tonumber(ARGV[11]) then
    return 'TOO_MANY'
  elseif ref.kind == 'delete' then
    delete(ref, fields, fold)
    append(rest, key)
    return nil
  end
  local place = append(rest, key)
  if fold.stale then
    clear_fold(folds, fold)
  end
  if ref.kind == 'edit' then
    redis.call('ZADD', folds, 0, fold.start .. 'e ' .. digits(place))
    fold.edits = fold.edits + 1
  elseif ref.kind == 'reply' then
    fold.replies = fold.replies + 1
  elseif reaction.member and ref.remove then
    remove_reaction(folds, fold, reaction)
  elseif not reaction.member and not ref.remove then
    add_reaction(folds, fold, reaction)
  else
    return nil -- without effect
  end
  keep_fold(folds, fold, age)
end

-- Removes tombstones that have left the history, and folds of messages that have.
local function trim()
  redis.call('ZREMRANGEBYSCORE', gone, '-inf', string.format('%.0f', offset - kept))
  local oldest
  for _ = 1, 32 do
    oldest = redis.call('ZRANGE', gone, 0, 0)[1]
    local place, published = (oldest or ''):match('^{"epoch":"[^"]*","offset":(%d+),"time":(%d+),')
    oldest = tonumber(place)
    if not place or tonumber(published) > time - age then
      break
    end
    redis.call('ZREMRANGEBYSCORE', gone, place, place)
  end
  local first = tonumber(redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1][1]:match('^%d+'))
  redis.call('ZREMRANGEBYLEX', folds, '-', '(' .. digits(math.min(first, oldest or first)))
end

local keys = 4
for i = 12, #ARGV, 3 do
  local key
  if ARGV[i + 1] ~= '' then
    keys = keys + 1
    key = KEYS[keys]
  end
  if not (key and is_known(key)) then
    if ARGV[i + 2] == '' then
      append(ARGV[i], key)
    else
      local refused = refer(ARGV[i], key, cjson.decode(ARGV[i + 2]))
      if refused then
        receipts[#receipts + 1] = refused
      end
    end
  end
end
if epoch then
  trim()
end
return receipts
