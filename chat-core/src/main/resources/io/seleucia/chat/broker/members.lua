-- KEYS  presence
-- gives each client and the number of its sessions on nodes that live
local time = tonumber(redis.call('TIME')[1]) * 1000
local alive, members = {}, {}
for node, till in (redis.call('HGET', KEYS[1], 'nodes') or ''):gmatch('(%S+)=(%d+)') do
  alive[node] = tonumber(till) > time
end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if all[i] ~= 'nodes' then
    local total = 0
    for node, count in all[i + 1]:gmatch('(%S+)=(%d+)') do
      if alive[node] then
        total = total + tonumber(count)
      end
    end
    if total > 0 then
      members[#members + 1] = all[i]:sub(3)
      members[#members + 1] = tostring(total)
    end
  end
end
return members
