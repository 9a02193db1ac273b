-- Holds a name for an owner, or extends the hold. Returns 1 if the hold begins, 2 if the owner had the name before, and
-- 0 if another owner has it.
-- KEYS  the hold
-- ARGV  owner, lifetime in milliseconds
local owner = redis.call('GET', KEYS[1])
if not owner then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1
end
if owner ~= ARGV[1] then
    return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2]) -- a full Redis accepts this too
return 2
