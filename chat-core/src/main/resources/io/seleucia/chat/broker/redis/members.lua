-- KEYS  presence
-- ARGV  the dead servers
-- Returns each client and the number of its sessions on servers that are not dead.
local dead = dead_nodes(ARGV[1])
local members = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local total = 0
  for node, count in each_node(all[i + 1]) do
    if not dead[node] then
      total = total + tonumber(count)
    end
  end
  if total > 0 then
    members[#members + 1] = all[i]:sub(3)
    members[#members + 1] = tostring(total)
  end
end
return members
