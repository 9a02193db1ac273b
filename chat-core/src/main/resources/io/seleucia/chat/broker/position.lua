-- Shared by the scripts below it.
-- Has a key live for so long after its last use, without being written anew for each. Gives how long it had left.
local function live_on(key, millis)
  local left = redis.call('PTTL', key)
  if left < millis then
    redis.call('PEXPIRE', key, string.format('%.0f', millis + math.floor(millis / 1000)))
  end
  return left
end

-- Where a channel stands.
-- A channel that Redis does not know begins a new epoch. So does one of which Redis knows less than a server has
-- already delivered, or something else: an offset that was acknowledged once is never given to another message. What is
-- there stays, and bears the epoch in which it was published; 'base' is the offset after which the new one begins.
local function position(log, meta, fresh, seen_epoch, seen_offset, seen_time, lifetime)
  local known = redis.call('HMGET', meta, 'epoch', 'offset')
  local epoch, offset = known[1], tonumber(known[2])
  if not epoch or not offset then
    epoch, offset = fresh, 0
    redis.call('DEL', log)
    redis.call('HSET', meta, 'epoch', epoch, 'offset', 0)
  elseif epoch == seen_epoch then
    local other = offset < tonumber(seen_offset)
    if not other and seen_time ~= '0' then
      local entry = redis.call('XRANGE', log, seen_offset .. '-0', seen_offset .. '-0')[1]
      other = entry ~= nil and not entry[2][4]:find('"time":' .. seen_time .. ',', 1, true)
    end
    if other then
      local stream = redis.pcall('XINFO', 'STREAM', log)
      for i = 1, #stream - 1, 2 do -- a missing stream has no length
        if stream[i] == 'last-generated-id' then
          offset = math.max(offset, tonumber(stream[i + 1]:match('^%d+')))
        end
      end
      epoch = fresh
      redis.call('HSET', meta, 'epoch', epoch, 'offset', string.format('%.0f', offset), 'base', string.format('%.0f', offset))
    end
  end
  live_on(meta, tonumber(lifetime))
  return epoch, offset
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
