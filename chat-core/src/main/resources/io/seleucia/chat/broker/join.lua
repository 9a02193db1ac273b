-- Notes how many sessions of a client a node has in a channel.
-- The hash holds 'nodes', the nodes with the time until which each is known to live, and for every client 'c:' and its
-- id, the sessions on each node: "node=2 node=1".
-- KEYS  presence
-- ARGV  node, client, sessions, how long a node is taken to live without a sign of life, live channel, PUBLISH or SPUBLISH
-- gives the client's sessions on other nodes
local time = tonumber(redis.call('TIME')[1]) * 1000
local alive, nodes = {}, {}
for node, till in (redis.call('HGET', KEYS[1], 'nodes') or ''):gmatch('(%S+)=(%d+)') do
  if node ~= ARGV[1] then
    alive[node] = tonumber(till) > time
    nodes[#nodes + 1] = node .. '=' .. till
  end
end
nodes[#nodes + 1] = ARGV[1] .. '=' .. string.format('%.0f', time + tonumber(ARGV[4]))

local field, others, before, sessions = 'c:' .. ARGV[2], 0, 0, {}
for node, count in (redis.call('HGET', KEYS[1], field) or ''):gmatch('(%S+)=(%d+)') do
  if alive[node] then
    others = others + tonumber(count)
    sessions[#sessions + 1] = node .. '=' .. count
  elseif node == ARGV[1] then
    before = tonumber(count)
  end
end
if tonumber(ARGV[3]) > 0 then
  sessions[#sessions + 1] = ARGV[1] .. '=' .. ARGV[3]
end
if #sessions > 0 then
  redis.call('HSET', KEYS[1], field, table.concat(sessions, ' '))
else
  redis.call('HDEL', KEYS[1], field)
end
if redis.call('HLEN', KEYS[1]) == redis.call('HEXISTS', KEYS[1], 'nodes') then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'nodes', table.concat(nodes, ' '))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
if others == 0 and before == 0 and tonumber(ARGV[3]) > 0 then
  redis.call(ARGV[6], ARGV[5], '{"joined":' .. cjson.encode(ARGV[2]) .. '}')
elseif others == 0 and before > 0 and tonumber(ARGV[3]) == 0 then
  redis.call(ARGV[6], ARGV[5], '{"left":' .. cjson.encode(ARGV[2]) .. '}')
end
return others
