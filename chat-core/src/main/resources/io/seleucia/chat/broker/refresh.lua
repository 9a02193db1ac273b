-- A node's sign of life in a channel; what belongs to nodes that gave none in time is taken away.
-- KEYS  presence
-- ARGV  node, how long it is taken to live without the next, live channel, PUBLISH or SPUBLISH
-- gives 1 if the node was known, 0 if what it had noted is lost
local time = tonumber(redis.call('TIME')[1]) * 1000
local known, dead, nodes = 0, {}, {}
for node, till in (redis.call('HGET', KEYS[1], 'nodes') or ''):gmatch('(%S+)=(%d+)') do
  if node == ARGV[1] then
    known = 1
  elseif tonumber(till) > time then
    nodes[#nodes + 1] = node .. '=' .. till
  else
    dead[node] = true
  end
end
if known == 1 then
  nodes[#nodes + 1] = ARGV[1] .. '=' .. string.format('%.0f', time + tonumber(ARGV[2]))
  redis.call('HSET', KEYS[1], 'nodes', table.concat(nodes, ' '))
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if next(dead) then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if all[i] ~= 'nodes' then
      local sessions = {}
      for node, count in all[i + 1]:gmatch('(%S+)=(%d+)') do
        if not dead[node] then
          sessions[#sessions + 1] = node .. '=' .. count
        end
      end
      if #sessions == 0 then
        redis.call('HDEL', KEYS[1], all[i])
        redis.call(ARGV[4], ARGV[3], '{"left":' .. cjson.encode(all[i]:sub(3)) .. '}')
      else
        redis.call('HSET', KEYS[1], all[i], table.concat(sessions, ' '))
      end
    end
  end
end
return known
