-- Takes away what was noted in a channel by nodes that do not live.
-- KEYS  presence
-- ARGV  the nodes that live, live channel, PUBLISH or SPUBLISH
-- gives the clients that have no session there any more
local gone = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local sessions, dead = {}, false
  for node, count in all[i + 1]:gmatch('(%S+)=(%d+)') do
    if ARGV[1]:find(node, 1, true) then
      sessions[#sessions + 1] = node .. '=' .. count
    else
      dead = true
    end
  end
  if dead and #sessions > 0 then
    redis.call('HSET', KEYS[1], all[i], table.concat(sessions, ' '))
  elseif dead then
    local client = all[i]:sub(3)
    redis.call('HDEL', KEYS[1], all[i])
    redis.call(ARGV[3], ARGV[2], '{"left":' .. cjson.encode(client) .. '}')
    gone[#gone + 1] = client
  end
end
return gone
