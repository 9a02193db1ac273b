-- Where a channel stands and a stretch of its history, in one step.
-- KEYS  log, meta
-- ARGV  a fresh epoch, the newest epoch and offset that were delivered, that message's time or 0, how long a position
--       lives, how old a message may be, 'since', 'after' or 'before', the offset, the most to give
-- gives epoch, offset, messages, newest first for 'before', else oldest first; where the delivered epoch is not the
-- channel's, 'since' gives what is left of it, if anything is, else begins where the new one does
local log, meta = KEYS[1], KEYS[2]
local epoch, offset = position(log, meta, ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
local entries = {}
if tonumber(ARGV[9]) > 0 then
  if ARGV[7] == 'before' then
    entries = redis.call('XREVRANGE', log, '(' .. ARGV[8] .. '-0', '-', 'COUNT', ARGV[9])
  else
    local first = ARGV[8]
    if ARGV[7] == 'since' and ARGV[2] ~= epoch then
      local rest = redis.call('XRANGE', log, '(' .. first .. '-0', '+', 'COUNT', 1)[1]
      local own = '{"epoch":"' .. ARGV[2] .. '"'
      if not rest or rest[2][4]:sub(1, #own) ~= own then
        first = redis.call('HGET', meta, 'base') or '0'
      end
    end
    entries = redis.call('XRANGE', log, '(' .. first .. '-0', '+', 'COUNT', ARGV[9])
  end
end
local messages = {}
local oldest = now() - tonumber(ARGV[6])
for _, entry in ipairs(entries) do
  if (tonumber(entry[2][2]) or 0) > oldest then -- an entry that is none of ours counts as gone
    messages[#messages + 1] = entry[2][4]
  end
end
return {epoch, string.format('%.0f', offset), messages}
