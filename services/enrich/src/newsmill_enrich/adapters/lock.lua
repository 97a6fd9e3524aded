#!lua flags=allow-oom
-- Takes a lock for ARGV[1] seconds; SET alone is refused when there is no memory left.
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then return 1 end
return 0
