-- Removes messages from a channel's history, and what they have made of others.
-- KEYS  log, folds, meta
-- ARGV  the lifetime of messages, the live channel, PUBLISH or SPUBLISH; then for each message its id, and the
--       client and the text if it is a reaction
-- Those who follow the channel get a message at offset 0, which servers of earlier versions ignore, for they have seen it.
local erased = false
for i = 4, #ARGV, 3 do
  local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if entry then
    redis.call('XDEL', KEYS[1], entry[1]) -- a full Redis accepts this write, and then the others of the script
    local readable, fields = pcall(cjson.decode, head(entry[2][4]) .. '}')
    if readable and fields.ref then
      erased = true
      local fold = fold_of(KEYS[2], fields.ref.offset, fields.epoch)
      if fields.ref.kind == 'edit' and not fold.stale then
        local edit = fold.edit .. digits(ARGV[i]:match('^%d+'))
        fold.edits = math.max(fold.edits - redis.call('ZREM', KEYS[2], edit), 0)
        keep_fold(KEYS[2], fold, tonumber(ARGV[1]))
      elseif fields.ref.kind == 'reaction' then
        local reaction = reaction_of(KEYS[2], fold, ARGV[i + 2], ARGV[i + 1])
        remove_beginning(KEYS[2], reaction.spent)
        if reaction.member then
          remove_reaction(KEYS[2], fold, reaction)
          keep_fold(KEYS[2], fold, tonumber(ARGV[1]))
        end
      end
    end
  end
end
local epoch = erased and redis.call('HGET', KEYS[3], 'epoch')
if epoch then
  redis.call(ARGV[3], ARGV[2], '{"epoch":"' .. epoch .. '","offset":0,"time":' .. string.format('%.0f', now())
      .. ',"sender":"operator","data":"","erased":true}')
end
return 1
