-- Part of the scripts that follow it.
-- Renews the lifetime of a key at its use, but does not write it each time. Returns the lifetime that was left.
local function live_on(key, millis)
  local left = redis.call('PTTL', key)
  if left < millis then
    redis.call('PEXPIRE', key, string.format('%.0f', millis + math.floor(millis / 1000)))
  end
  return left
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Epochs are ordered: each begins with a number and a dot, and a new one has a higher number than all that were known where
-- it began.
local function number(epoch)
  return tonumber(epoch:match('^(%d+)%.')) or 0
end

local function newer(fresh, one, other)
  return string.format('%.0f.', math.max(now(), number(one) + 1, number(other) + 1)) .. fresh
end

-- Returns a channel's epoch and offset.
-- A server passes the newest epoch and offset that it has shown. A history that ends before that offset of its epoch, or has
-- another message there ('replaced'), or whose epoch is not newer than another one that was shown, was restored from a
-- backup: it continues in a new epoch, so that no two messages get one position. Its messages stay, with the epoch in which
-- they were published; 'base' is the offset after which the new epoch begins, and 'root' the first epoch of those offsets.
-- An unknown channel is created only if 'kept'; else its epoch is one that no message will ever have.
-- A full Redis refuses the first write of a script if that needs memory, so such a write comes first.
local function position(log, meta, fresh, shown_epoch, shown_offset, replaced, kept)
  local known = redis.call('HMGET', meta, 'epoch', 'offset')
  local epoch, offset = known[1], tonumber(known[2])
  if not epoch or not offset then
    epoch, offset = newer(fresh, shown_epoch, ''), 0
    if kept then
      redis.call('HSET', meta, 'epoch', epoch, 'offset', 0)
      redis.call('HDEL', meta, 'base', 'root')
      redis.call('DEL', log)
    end
  else
    local put_back
    if epoch == shown_epoch then
      put_back = replaced or offset < tonumber(shown_offset)
    else
      put_back = shown_epoch ~= '' and number(epoch) <= number(shown_epoch)
    end
    if put_back then
      local stream = redis.pcall('XINFO', 'STREAM', log)
      for i = 1, #stream - 1, 2 do -- a missing stream has no length
        if stream[i] == 'last-generated-id' then
          offset = math.max(offset, tonumber(stream[i + 1]:match('^%d+')))
        end
      end
      local root = redis.call('HGET', meta, 'root') or epoch
      epoch = newer(fresh, epoch, shown_epoch)
      local base = string.format('%.0f', offset)
      redis.call('HSET', meta, 'epoch', epoch, 'offset', base, 'base', base, 'root', root)
    end
  end
  return epoch, offset
end
