-- Part of the scripts that follow it.
-- A fold is what a message has become by others that refer to it, without their contents: members of a sorted set in which all
-- scores are 0, so that they are in the order of their texts. Each begins with the offset of the message, in 16 digits.
--   41 h epoch 2 3 1 9   the numbers of replies, reactions and edits, and that of the next reaction
--   41 e 44              an edit, its offset also in 16 digits
--   41 t "+"<tab>7       the text of reactions, and the number of its first one
--   41 c "+"<tab>"ada"<tab>8   a client that reacts so, and the number of that reaction
-- Texts and clients are JSON, in which tabs are escaped. So each change costs the same, however many there are.
local function digits(offset)
  return string.format('%016.0f', tonumber(offset))
end

-- Returns the members that begin with a text, the last ones first if 'backward'.
local function beginning(folds, text, backward, count)
  local first, last = '[' .. text, '(' .. text .. '\255'
  if backward then
    return redis.call('ZRANGE', folds, last, first, 'BYLEX', 'REV', 'LIMIT', 0, count or -1)
  end
  return redis.call('ZRANGE', folds, first, last, 'BYLEX', 'LIMIT', 0, count or -1)
end

local function fold_of(folds, offset, epoch)
  local start = digits(offset) .. ' '
  local head = beginning(folds, start .. 'h ', false, 1)[1]
  local of, replies, reactions, edits, next = (head or ''):match('^%d+ h (%S+) (%d+) (%d+) (%d+) (%d+)$')
  local known = of == epoch -- else it is of an earlier life of the channel
  return {
    start = start,
    epoch = epoch,
    head = head,
    stale = head and not known,
    replies = known and tonumber(replies) or 0,
    reactions = known and tonumber(reactions) or 0,
    edits = known and tonumber(edits) or 0,
    next = known and tonumber(next) or 1
  }
end

local function clear_fold(folds, fold)
  redis.call('ZREMRANGEBYLEX', folds, '[' .. fold.start, '(' .. fold.start .. '\255')
  fold.head, fold.stale = nil, false
end

-- Writes the numbers of a fold, which is kept for as long as messages are.
local function keep_fold(folds, fold, age)
  local numbers = string.format('h %s %.0f %.0f %.0f %.0f', fold.epoch, fold.replies, fold.reactions, fold.edits, fold.next)
  local head = fold.start .. numbers
  if fold.replies + fold.reactions + fold.edits > 0 then
    redis.call('ZADD', folds, 0, head)
  end
  if fold.head and fold.head ~= head then
    redis.call('ZREM', folds, fold.head)
  end
  live_on(folds, age)
end

-- Returns the beginnings of the members of a client's reaction, and the member if it has reacted so.
local function reaction_of(folds, fold, text, client)
  local label = cjson.encode(text) .. '\t'
  local named = fold.start .. 'c ' .. label .. cjson.encode(client) .. '\t'
  return {
    text = fold.start .. 't ' .. label,
    all = fold.start .. 'c ' .. label,
    named = named,
    member = not fold.stale and beginning(folds, named, false, 1)[1]
  }
end

local function add_reaction(folds, fold, reaction)
  local number = string.format('%.0f', fold.next)
  if #beginning(folds, reaction.text, false, 1) == 0 then
    redis.call('ZADD', folds, 0, reaction.text .. number)
  end
  redis.call('ZADD', folds, 0, reaction.named .. number)
  fold.reactions, fold.next = fold.reactions + 1, fold.next + 1
end

local function remove_reaction(folds, fold, reaction)
  redis.call('ZREM', folds, reaction.member)
  if #beginning(folds, reaction.all, false, 1) == 0 then
    redis.call('ZREM', folds, beginning(folds, reaction.text, false, 1)[1] or '')
  end
  fold.reactions = math.max(fold.reactions - 1, 0)
end
