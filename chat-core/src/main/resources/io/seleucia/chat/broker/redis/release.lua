-- Ends the hold of a name, if this owner has it.
-- KEYS  the hold
-- ARGV  owner
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
return 1
