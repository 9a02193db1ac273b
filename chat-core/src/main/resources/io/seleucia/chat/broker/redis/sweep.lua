-- Removes the entries of dead servers from a channel.
-- KEYS  presence
-- ARGV  the dead servers, live channel, PUBLISH or SPUBLISH, the server that sweeps, the number of its clients there
-- Returns the clients that have no session there any more, the servers that have some, and the clients of the server that
-- sweeps, if Redis has another number of them.
local dead = dead_nodes(ARGV[1])
local gone, nodes, seen, own = {}, {}, {}, {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local sessions, died = {}, false
  for node, count in each_node(all[i + 1]) do
    if dead[node] then
      died = true
    else
      sessions[#sessions + 1] = node .. '=' .. count
      if not seen[node] then
        seen[node] = true
        nodes[#nodes + 1] = node
      end
      if node == ARGV[4] then
        own[#own + 1] = all[i]:sub(3)
      end
    end
  end
  if died and #sessions > 0 then
    redis.call('HDEL', KEYS[1], all[i]) -- a full Redis accepts this write, and then the others of the script
    redis.call('HSET', KEYS[1], all[i], table.concat(sessions, ' '))
  elseif died then
    local client = all[i]:sub(3)
    redis.call('HDEL', KEYS[1], all[i])
    redis.call(ARGV[3], ARGV[2], '{"left":' .. cjson.encode(client) .. '}')
    gone[#gone + 1] = client
  end
end
return {gone, nodes, #own == tonumber(ARGV[5]) and {} or own}
