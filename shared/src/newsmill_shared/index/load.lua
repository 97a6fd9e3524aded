-- Puts stored documents back with the sequence they had; the earliest owner of a key wins.
--
-- KEYS  1 namespace  2 sequence counter
-- ARGV  1 seconds in a generation  2 older generations still looked at  3 seconds since 1970, or
--       "" for the server's own clock
--       then for each document: document, record, seconds since 1970 when it was registered,
--       its keys (3 + 5 bytes each) in one string
local space, length, back = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local now = tonumber(ARGV[3]) or tonumber(redis.call('TIME')[1])
local highest, loaded = 0, 0
for i = 4, #ARGV, 4 do
  local document, record, keys = ARGV[i], ARGV[i + 1], ARGV[i + 3]
  local generation = math.floor(tonumber(ARGV[i + 2]) / length)
  local seconds = math.floor((generation + back + 1) * length - now)
  local sequence = struct.unpack('<I6', record)
  highest = math.max(highest, sequence)
  local known = redis.call('GETRANGE', space .. ':d:' .. document, 6, 7)
  if #known == 2 and struct.unpack('<I2', known) >= generation then
    -- It is there, and so are its keys.
    loaded = loaded + 1
  elseif seconds > 0 then
    redis.call('SET', space .. ':d:' .. document, record, 'EX', seconds)
    for k = 1, #keys, 8 do
      local name = space .. ':k:' .. generation .. ':' .. string.sub(keys, k, k + 2)
      local field = string.sub(keys, k + 3, k + 7)
      if redis.call('HSETNX', name, field, document) == 1 then
        if redis.call('HLEN', name) == 1 then redis.call('EXPIRE', name, seconds) end
      else
        local owner = redis.call('HGET', name, field)
        local other = owner ~= document and redis.call('GETRANGE', space .. ':d:' .. owner, 0, 5)
        if other and (#other < 6 or struct.unpack('<I6', other) > sequence) then
          redis.call('HSET', name, field, document)
        end
      end
    end
    loaded = loaded + 1
  end
end
if highest > tonumber(redis.call('GET', KEYS[2]) or 0) then
  redis.call('SET', KEYS[2], string.format('%.0f', highest))
end
return loaded
