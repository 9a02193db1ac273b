-- Writes how many sessions of a client a server has in a channel.
-- The field of a client, 'c:' and its id, has the sessions on each server: "server=2 server=1".
-- KEYS  presence; the client's channels, if the channel is to be added there and they are on the same Redis node
-- ARGV  server, client, sessions, lifetime of entries, live channel, PUBLISH or SPUBLISH, the dead servers, whose sessions
--       are removed, the channel
-- Returns the number of the client's sessions on other servers.
local dead = dead_nodes(ARGV[7])
local field, others, before, died, sessions = 'c:' .. ARGV[2], 0, 0, false, {}
for node, count in each_node(redis.call('HGET', KEYS[1], field)) do
  if node == ARGV[1] then
    before = tonumber(count)
  elseif dead[node] then
    died = true -- and no server has published yet that the client has left
  else
    others = others + tonumber(count)
    sessions[#sessions + 1] = node .. '=' .. count
  end
end
if tonumber(ARGV[3]) > 0 then
  sessions[#sessions + 1] = ARGV[1] .. '=' .. ARGV[3]
end
redis.call('PEXPIRE', KEYS[1], ARGV[4]) -- a full Redis accepts this write, and then the others of the script
if #sessions > 0 then
  redis.call('HSET', KEYS[1], field, table.concat(sessions, ' '))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
else
  redis.call('HDEL', KEYS[1], field)
end
if KEYS[2] and #sessions > 0 then
  redis.call('HSET', KEYS[2], ARGV[8], 'set')
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
elseif KEYS[2] then
  redis.call('HDEL', KEYS[2], ARGV[8])
end
if others == 0 and before == 0 and tonumber(ARGV[3]) > 0 then
  redis.call(ARGV[6], ARGV[5], '{"joined":' .. cjson.encode(ARGV[2]) .. '}')
elseif others == 0 and (before > 0 or died) and tonumber(ARGV[3]) == 0 then
  redis.call(ARGV[6], ARGV[5], '{"left":' .. cjson.encode(ARGV[2]) .. '}')
end
return others
