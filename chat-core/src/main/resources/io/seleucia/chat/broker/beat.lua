-- A server's sign of life.
-- KEYS  nodes: each server, and when it gave its last
-- ARGV  node, for how long a server is listed after its last
-- gives each that is listed and how old its last sign is, this one's before now
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ages = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local age = now - (tonumber(all[i + 1]) or 0)
  if age > tonumber(ARGV[2]) then
    redis.call('HDEL', KEYS[1], all[i])
  else
    ages[#ages + 1] = all[i]
    ages[#ages + 1] = math.max(age, 0)
  end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return ages
