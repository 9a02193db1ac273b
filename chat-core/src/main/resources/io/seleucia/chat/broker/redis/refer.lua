-- Publishes messages in one step, of which some refer to others.
-- KEYS  log, meta, folds, tombstones, the idempotency keys of the messages that have one
-- ARGV  those of append.lua; the most edits and the most reactions of a message, and the most reactions of one client, and of
--       those in the log without being in force; then for each message its JSON after the third field, whether it has an idempotency key: 'key' or '', and JSON about its
--       reference, or ''
-- Returns for each message what publish.lua returns, or the reason why its reference is refused.
local folds, gone = KEYS[3], KEYS[4]

-- Returns the fields of a message of this epoch that has not left the history, and whether it is deleted; nil if there is none.
local function find(place, now_epoch, newest)
  local stays = tonumber(place) > newest - kept
  local entry = stays and redis.call('XRANGE', log, place .. '-0', place .. '-0')[1]
  local deleted = stays and not entry and tombstone(gone, place)
  local readable, fields = pcall(cjson.decode, head(entry and entry[2][4] or deleted or '') .. '}')
  if readable and fields.epoch == now_epoch and (tonumber(fields.time) or 0) > time - age then
    return fields, deleted, entry
  end
end

-- Returns the offset with which a member of a fold ends.
local function offset_at_end(member)
  return string.format('%.0f', tonumber(member:sub(-16)))
end

local function is_own(ref, fields)
  return ref.sender == fields.sender and ref.guest == (fields.guest or false) and ref.author == (fields.author or '')
end

-- Looks for the edits of a message that has left the history. Returns its epoch and the offsets of these edits, or else nil and
-- the reason why it can't be deleted.
local function find_edits(ref, now_epoch, newest)
  local edits, own = {}, ref.moderates
  for _, member in ipairs(beginning(folds, 'e ' .. digits(ref.offset) .. ' ')) do
    local place = offset_at_end(member)
    local edit, deleted = find(place, now_epoch, newest)
    local to = edit and not deleted and edit.ref -- else it is of an earlier life of the channel
    if to and to.kind == 'edit' and to.offset == tonumber(ref.offset) then
      edits[#edits + 1] = place
      own = own or is_own(ref, edit)
    end
  end
  if #edits > 0 and own then
    return {epoch = now_epoch, edits = edits}
  end
  return nil, #edits > 0 and 'FORBIDDEN' or 'TOO_OLD'
end

-- Returns the fields of the message that a reference is to, or else nil and the reason why it is refused.
local function target(ref)
  local now_epoch, newest = epoch, offset
  if not now_epoch then -- a refused message leaves nothing behind
    now_epoch, newest = position(log, meta, ARGV[2], ARGV[3], ARGV[4], false, false)
  end
  if tonumber(ref.offset) > newest then
    return nil, 'UNKNOWN'
  end
  local fields, deleted, entry = find(ref.offset, now_epoch, newest)
  if not fields then
    if ref.kind == 'delete' then
      return find_edits(ref, now_epoch, newest)
    end
    return nil, 'TOO_OLD'
  end
  local to = fields.ref
  local reaction = to and to.kind == 'reaction' and ref.kind == 'delete' and ref.moderates
  if to and to.kind ~= 'reply' and not reaction then
    return nil, 'ANNOTATION'
  elseif deleted or reaction and not find(string.format('%.0f', to.offset), now_epoch, newest) then
    return nil, 'TOO_OLD'
  elseif (ref.kind == 'edit' or ref.kind == 'delete') and not ref.moderates and not is_own(ref, fields) then
    return nil, 'FORBIDDEN'
  end
  if reaction then
    fields.text = cjson.decode(entry[2][4]).data
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

local function deletion_by(ref)
  return ',"deleted":{"by":' .. cjson.encode(ref.sender) .. ',"time":' .. millis .. '},"data":null}'
end

-- Blanks a message and its edits, and takes it off the replies of the message that it answers.
local function delete(ref, fields, fold)
  local deletion = deletion_by(ref)
  bury(ref.offset, deletion)
  for _, edit in ipairs(fields.edits or fold.edits > 0 and beginning(folds, fold.edit) or {}) do
    bury(offset_at_end(edit), deletion)
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

-- Blanks a reaction, and those of its client that keep it in force; or a message that takes it back, with all up to that.
local function delete_reaction(ref, fields)
  local deletion = deletion_by(ref)
  local fold = fold_of(folds, fields.ref.offset, fields.epoch)
  local client = fields.guest and fields.sender .. ' ' or fields.sender
  local reaction = reaction_of(folds, fold, fields.text, client)
  bury(ref.offset, deletion)
  if fields.ref.remove then
    for _, member in ipairs(fold.head and not fold.stale and beginning(folds, reaction.spent) or {}) do
      if tonumber(member:sub(-16)) < tonumber(ref.offset) then
        bury(offset_at_end(member), deletion)
      end
    end
  elseif reaction.member then
    bury(offset_at_end(reaction.member), deletion)
    for _, member in ipairs(beginning(folds, reaction.repeated)) do
      bury(offset_at_end(member), deletion)
    end
    remove_reaction(folds, fold, reaction)
    keep_fold(folds, fold, age)
  end
  live_on(gone, age)
end

-- Returns why a client can't react to a message so, or take that back.
local function flaw_of_reaction(ref, fold, reaction)
  if reaction.member and ref.remove then
    return nil -- what is in force can always be taken back
  elseif spent_of_client(folds, fold, reaction) >= tonumber(ARGV[13]) then
    return 'TOO_OFTEN'
  elseif reaction.member or ref.remove then
    return nil
  elseif fold.reactions >= tonumber(ARGV[11]) then
    return 'TOO_MANY'
  end
  return texts_of_client(folds, fold, reaction) >= tonumber(ARGV[12]) and 'TOO_MANY_OF_CLIENT' or nil
end

-- Publishes a message that refers to another, or returns the reason why not.
local function refer(rest, key, ref)
  local fields, refused = target(ref)
  if refused then
    return refused
  end
  if fields.text then
    delete_reaction(ref, fields)
    append(rest, key)
    return nil
  end
  local fold = fold_of(folds, ref.offset, fields.epoch)
  local reaction = ref.kind == 'reaction' and reaction_of(folds, fold, ref.text, ref.client)
  local flaw = reaction and flaw_of_reaction(ref, fold, reaction)
  if flaw then
    return flaw
  elseif ref.kind == 'edit' and fold.edits >= tonumber(ARGV[10]) then
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
    if fold.edits == 0 then
      remove_beginning(folds, fold.edit) -- those of an earlier life of the channel
    end
    redis.call('ZADD', folds, 0, fold.edit .. digits(place))
    fold.edits = fold.edits + 1
  elseif ref.kind == 'reply' then
    fold.replies = fold.replies + 1
  elseif ref.remove then
    take_back(folds, fold, reaction, place)
  elseif not reaction.member then
    add_reaction(folds, fold, reaction, place)
  else
    repeat_reaction(folds, reaction, place)
  end
  keep_fold(folds, fold, age)
end

-- Removes tombstones that have left the history, folds of messages that have, and edits that must have: they were within one
-- history's length of their messages.
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
  local entry = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  local first = entry and tonumber(entry[1]:match('^%d+')) or offset + 1
  first = math.min(first, oldest or first)
  redis.call('ZREMRANGEBYLEX', folds, '-', '(' .. digits(first))
  redis.call('ZREMRANGEBYLEX', folds, '[e ', '(e ' .. digits(math.max(first - kept, 0)))
end

local keys = 4
for i = 14, #ARGV, 3 do
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
