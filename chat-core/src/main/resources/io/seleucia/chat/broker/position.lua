-- Shared by the scripts below it: where a channel stands.
-- A channel that Redis does not know, or of which it knows less than a server has already delivered,
-- begins a new epoch: an offset that was acknowledged once is never given to another message.
local function position(log, meta, fresh, seen_epoch, seen_offset, lifetime)
  local known = redis.call('HMGET', meta, 'epoch', 'offset')
  local epoch, offset = known[1], tonumber(known[2])
  if not epoch or not offset or (epoch == seen_epoch and offset < tonumber(seen_offset)) then
    epoch, offset = fresh, 0
    redis.call('DEL', log)
    redis.call('HSET', meta, 'epoch', epoch, 'offset', 0)
  end
  redis.call('PEXPIRE', meta, lifetime)
  return epoch, offset
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
