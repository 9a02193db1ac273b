-- Publishes messages in one step, none of which refers to another.
-- KEYS  log, meta, the idempotency keys of the messages that have one
-- ARGV  those of append.lua; then for each message its JSON after the third field, and whether it has an idempotency key:
--       'key' or ''
-- Returns for each message epoch, offset, and 1 if it is a duplicate; or an error, if its idempotency key can't be read.
local keys = 2
for i = 10, #ARGV, 2 do
  local key
  if ARGV[i + 1] ~= '' then
    keys = keys + 1
    key = KEYS[keys]
  end
  if not (key and is_known(key)) then
    append(ARGV[i], key)
  end
end
return receipts
