-- Part of the scripts that follow it.
-- Returns the fields of a message's JSON before its headers and data, which are the last ones; '' if it is no message. These
-- fields are short, and quotes within their texts are escaped, so that no text looks like a field.
local function head(message)
  message = message or ''
  local data = message:find(',"data":', 1, true) or 1
  local headers = message:sub(1, data - 1):find(',"headers":{', 1, true)
  return message:sub(1, (headers or data) - 1)
end

-- Returns the tombstone of a message, if it is deleted.
local function tombstone(gone, offset)
  return redis.pcall('ZRANGE', gone, offset, offset, 'BYSCORE')[1] -- none if it is an error, as below
end

-- Returns the entries of a history behind an id, oldest first, or before it, newest first: messages of the log and, in their
-- places, tombstones, which look like entries of the log. Leaves out both up to the offset 'left', which have left the
-- history. The next entries are behind the last one's id.
local function entries(log, gone, forward, id, count, left)
  local from = id:match('^%d+')
  local found, tombstones
  if forward then
    local above = string.format('(%.0f', math.max(tonumber(from), left))
    found = redis.call('XRANGE', log, above .. '-0', '+', 'COUNT', count)
    tombstones = gone and redis.pcall('ZRANGE', gone, above, '+inf', 'BYSCORE', 'LIMIT', 0, count)
  else
    local above = string.format('(%.0f', math.max(left, 0))
    found = redis.call('XREVRANGE', log, '(' .. id, above .. '-0', 'COUNT', count)
    tombstones = gone and redis.pcall('ZRANGE', gone, '(' .. from, above, 'BYSCORE', 'REV', 'LIMIT', 0, count)
  end
  if not tombstones or #tombstones == 0 then -- or it is an error: a user without the right to read them has written none
    return found
  end
  local all, next = {}, 1
  for _, tomb in ipairs(tombstones) do
    local offset, time = tomb:match('^{"epoch":"[^"]*","offset":(%d+),"time":(%d+),')
    while found[next] and (tonumber(found[next][1]:match('^%d+')) < tonumber(offset)) == forward do
      all[#all + 1] = found[next]
      next = next + 1
    end
    all[#all + 1] = {offset .. '-0', {'time', time, 'message', tomb}}
  end
  for i = next, #found do
    all[#all + 1] = found[i]
  end
  for i = #all, count + 1, -1 do -- others may be missing between those behind
    all[i] = nil
  end
  return all
end
