-- Reads what the directory tells of a channel.
-- KEYS  log, info, presence
-- ARGV  the dead servers, the greatest age of a message
-- Returns the number of clients, the time of the newest message or 0, and json, by and time of the description.
-- A key of another type counts as missing.
local clients = 0
if ARGV[1] == '' then
  local count = redis.pcall('HLEN', KEYS[3])
  clients = type(count) == 'number' and count or 0
else
  local dead = dead_nodes(ARGV[1])
  local all = redis.pcall('HGETALL', KEYS[3])
  for i = 2, all.err and 0 or #all, 2 do
    for node in each_node(all[i]) do
      if not dead[node] then
        clients = clients + 1
        break
      end
    end
  end
end
local newest = '0'
local last = redis.pcall('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if not last.err and last[1] then
  local clock = redis.call('TIME')
  local time = tonumber(last[1][2][2]) or 0
  if time > clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[2]) then
    newest = string.format('%.0f', time)
  end
end
local info = redis.pcall('HMGET', KEYS[2], 'json', 'by', 'time')
return {tostring(clients), newest, info.err and {} or info}
