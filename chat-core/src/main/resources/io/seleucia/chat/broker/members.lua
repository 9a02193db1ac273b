-- KEYS  presence
-- ARGV  the nodes that live, nothing for all
-- gives each client and the number of its sessions on nodes that live
local members = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local total = 0
  for node, count in all[i + 1]:gmatch('(%S+)=(%d+)') do
    if ARGV[1] == '' or ARGV[1]:find(node, 1, true) then
      total = total + tonumber(count)
    end
  end
  if total > 0 then
    members[#members + 1] = all[i]:sub(3)
    members[#members + 1] = tostring(total)
  end
end
return members
