#!lua flags=allow-oom
-- Takes or renews the keeper's lock, and writes how far it has come.
--
-- KEYS  1 lock  2 progress
-- ARGV  1 holder  2 seconds  3 "1" to take the lock if nobody has it  4.. fields of the progress
-- Returns 1 if the holder has the lock. What follows from data that were lost is never written:
-- the lock was lost with them.
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
elseif holder or ARGV[3] ~= '1' then
  return 0
else
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
if #ARGV > 3 then redis.call('HSET', KEYS[2], unpack(ARGV, 4)) end
return 1
