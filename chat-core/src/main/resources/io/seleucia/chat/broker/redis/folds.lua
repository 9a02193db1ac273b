-- Part of the scripts that follow it.
-- A fold is what a message has become by others that refer to it, without their contents: members of a sorted set in which all
-- scores are 0, so that they are in the order of their texts. Offsets have 16 digits.
--   41 h epoch 2 3 1           the numbers of replies, reactions and edits of message 41
--   41 t "+"<tab>43<tab>2      the text of reactions, the offset of its first one, and the number of clients that react so
--   41 c "ada"<tab>"+"<tab>43  a client that reacts so, and the offset of that reaction
--   41 r "ada"<tab>"+"<tab>46  another reaction of that client with that text, which has no effect
--   41 x "ada"<tab>"+"<tab>48  one that was taken back, or the message that has done so
--   e 41 44                    an edit, which can outlive its message
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

local function remove_beginning(folds, text)
  redis.call('ZREMRANGEBYLEX', folds, '[' .. text, '(' .. text .. '\255')
end

local function fold_of(folds, offset, epoch)
  local start = digits(offset) .. ' '
  local head = beginning(folds, start .. 'h ', false, 1)[1]
  local of, replies, reactions, edits = (head or ''):match('^%d+ h (%S+) (%d+) (%d+) (%d+)$')
  local known = of == epoch -- else it is of an earlier life of the channel
  return {
    start = start,
    edit = 'e ' .. start,
    epoch = epoch,
    head = head,
    stale = head and not known,
    replies = known and tonumber(replies) or 0,
    reactions = known and tonumber(reactions) or 0,
    edits = known and tonumber(edits) or 0
  }
end

local function clear_fold(folds, fold)
  remove_beginning(folds, fold.start)
  remove_beginning(folds, fold.edit)
  fold.head, fold.stale = nil, false
end

-- Writes the numbers of a fold, which is kept for as long as messages are. They stay when all are 0: other members are of that
-- epoch.
local function keep_fold(folds, fold, age)
  local head = fold.start .. string.format('h %s %.0f %.0f %.0f', fold.epoch, fold.replies, fold.reactions, fold.edits)
  if fold.head or fold.spent or fold.replies + fold.reactions + fold.edits > 0 then
    redis.call('ZADD', folds, 0, head)
  end
  if fold.head and fold.head ~= head then
    redis.call('ZREM', folds, fold.head)
  end
  live_on(folds, age)
end

-- Returns the beginnings of the members of a client's reaction, and the member if it has reacted so.
local function reaction_of(folds, fold, text, client)
  local label, own = cjson.encode(text) .. '\t', cjson.encode(client) .. '\t'
  local named = fold.start .. 'c ' .. own .. label
  return {
    text = fold.start .. 't ' .. label,
    client = fold.start .. 'c ' .. own,
    named = named,
    repeated = fold.start .. 'r ' .. own .. label,
    spent = fold.start .. 'x ' .. own .. label,
    all_spent = {fold.start .. 'r ' .. own, fold.start .. 'x ' .. own},
    member = not fold.stale and beginning(folds, named, false, 1)[1]
  }
end

-- Returns the number of texts with which the client of a reaction has reacted.
local function texts_of_client(folds, fold, reaction)
  return fold.stale and 0 or #beginning(folds, reaction.client)
end

-- Returns the number of reactions of that client that are in the log without being in force.
local function spent_of_client(folds, fold, reaction)
  local spent = 0
  for _, start in ipairs(fold.head and not fold.stale and reaction.all_spent or {}) do
    spent = spent + #beginning(folds, start)
  end
  return spent
end

-- Adds to the number of clients that react with a text.
local function count_reaction(folds, reaction, more, place)
  local known = beginning(folds, reaction.text, false, 1)[1]
  local first, count = (known or ''):sub(#reaction.text + 1):match('^(%d+)\t(%d+)$')
  count = (tonumber(count) or 0) + more
  if count > 0 then
    redis.call('ZADD', folds, 0, reaction.text .. (first or place) .. '\t' .. string.format('%.0f', count))
  end
  if known then
    redis.call('ZREM', folds, known)
  end
end

local function add_reaction(folds, fold, reaction, offset)
  local place = digits(offset)
  count_reaction(folds, reaction, 1, place)
  redis.call('ZADD', folds, 0, reaction.named .. place)
  fold.reactions = fold.reactions + 1
end

-- Notes a reaction that the client has already.
local function repeat_reaction(folds, reaction, offset)
  redis.call('ZADD', folds, 0, reaction.repeated .. digits(offset))
end

local function remove_reaction(folds, fold, reaction)
  redis.call('ZREM', folds, reaction.member)
  remove_beginning(folds, reaction.repeated)
  count_reaction(folds, reaction, -1, '')
  fold.reactions = math.max(fold.reactions - 1, 0)
end

-- Takes back a reaction, if the client has reacted so, and notes what is in the log about it.
local function take_back(folds, fold, reaction, offset)
  local taken = reaction.member and beginning(folds, reaction.repeated) or {}
  taken[#taken + 1] = reaction.member or nil
  for _, member in ipairs(taken) do
    redis.call('ZADD', folds, 0, reaction.spent .. member:sub(-16))
  end
  redis.call('ZADD', folds, 0, reaction.spent .. digits(offset))
  fold.spent = true
  if reaction.member then
    remove_reaction(folds, fold, reaction)
  end
end
