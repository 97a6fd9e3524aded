#!lua flags=allow-oom
-- Drops the oldest of some records; runs when there is no memory left.
--
-- ARGV  1 drop what is of an earlier generation than this  2 drop what has a lower sequence
--       3.. names of records
-- A record is  sequence u48 · generation u16 · article id · sketch.
local dropped = 0
for i = 3, #ARGV do
  local head = redis.call('GETRANGE', ARGV[i], 0, 7)
  if #head == 8 then
    local sequence, generation = struct.unpack('<I6I2', head)
    if generation < tonumber(ARGV[1]) or sequence < tonumber(ARGV[2]) then
      dropped = dropped + redis.call('DEL', ARGV[i])
    end
  end
end
return dropped
