#!lua flags=allow-oom
-- Sets the marker: what must be found is loaded.
--
-- KEYS  1 marker  2 sequence counter  3 lock  4 kept
-- ARGV  1 the next sequence given is higher than this  2 holder of the lock, or "" for none
--       3 seconds since 1970: whatever was stored before is loaded
-- Returns 1 if it is set.
if ARGV[2] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[2] then return 0 end
if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[2]) or 0) then
  redis.call('SET', KEYS[2], ARGV[1])
end
redis.call('SET', KEYS[1], '1')
redis.call('SET', KEYS[4], ARGV[3])
return 1
