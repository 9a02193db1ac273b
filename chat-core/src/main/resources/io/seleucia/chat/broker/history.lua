-- Where a channel stands and a stretch of its history, in one step.
-- KEYS  log, meta
-- ARGV  a fresh epoch, the newest epoch and offset that were delivered, how long a position lives,
--       how old a message may be, 'since', 'after' or 'before', the offset, the most to give
-- gives epoch, offset, messages, newest first for 'before', else oldest first; where the delivered epoch is not the
-- channel's, 'since' begins at the beginning
local log, meta = KEYS[1], KEYS[2]
local epoch, offset = position(log, meta, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
local entries = {}
if tonumber(ARGV[8]) > 0 then
  if ARGV[6] == 'before' then
    entries = redis.call('XREVRANGE', log, '(' .. ARGV[7] .. '-0', '-', 'COUNT', ARGV[8])
  else
    local first = ARGV[6] == 'since' and ARGV[2] ~= epoch and '0' or ARGV[7]
    entries = redis.call('XRANGE', log, '(' .. first .. '-0', '+', 'COUNT', ARGV[8])
  end
end
local messages = {}
local oldest = now() - tonumber(ARGV[5])
for _, entry in ipairs(entries) do
  if (tonumber(entry[2][2]) or 0) > oldest then -- an entry that is none of ours counts as gone
    messages[#messages + 1] = entry[2][4]
  end
end
return {epoch, string.format('%.0f', offset), messages}
