-- Registers a document and returns the earlier documents it shares keys with.
--
-- KEYS  1 namespace  2 sequence counter
-- ARGV  1 document (8 bytes)  2 article id (16 bytes)  3 sketch  4 seconds since 1970, or "" for
--       the server's own clock  5 seconds in a generation  6 older generations still looked at
--       7 most candidates  8 "1" to refuse while the marker is missing  9 its keys (3 + 5 bytes
--       each) in one string  10 the job (16 bytes) whose result is to be stored, or ""
-- A record is  sequence u48 · generation u16 · article id · sketch.
local space, document = KEYS[1], ARGV[1]
if ARGV[8] == '1' and redis.call('EXISTS', space .. ':ready') == 0 then
  return redis.error_reply('NOTREADY the index waits for its data')
end
local now = tonumber(ARGV[4]) or tonumber(redis.call('TIME')[1])
local length, back = tonumber(ARGV[5]), tonumber(ARGV[6])
local generation = math.floor(now / length)
local seconds = (generation + back + 1) * length - now

local records = {}
local function record_of(owner)
  local record = records[owner]
  if record == nil then
    record = redis.call('GET', space .. ':d:' .. owner)
    records[owner] = record
  end
  return record
end

local own = record_of(document)
local sequence, redelivered = nil, 0
if own then
  redelivered = 1
  sequence = struct.unpack('<I6', own)
end
if not own or struct.unpack('<I2', own, 7) < generation then
  sequence = sequence or redis.call('INCR', KEYS[2])
  own = struct.pack('<I6I2', sequence, generation) .. ARGV[2] .. ARGV[3]
  redis.call('SET', space .. ':d:' .. document, own, 'EX', seconds)
  records[document] = own
end
if ARGV[10] ~= '' then redis.call('ZADD', space .. ':pending', 'NX', now, document .. ARGV[10]) end

local older = {}
for g = back, 1, -1 do older[#older + 1] = space .. ':k:' .. (generation - g) .. ':' end
local current = space .. ':k:' .. generation .. ':'
local shared, order = {}, {}
local keys = ARGV[9]
for k = 1, #keys, 8 do
  local bucket, field = string.sub(keys, k, k + 2), string.sub(keys, k + 3, k + 7)
  local owner = nil
  for g = 1, #older do
    local one = redis.call('HGET', older[g] .. bucket, field)
    if one and one ~= document and record_of(one) then
      owner = one
      break
    end
  end
  if not owner then
    local name = current .. bucket
    if redis.call('HSETNX', name, field, document) == 1 then
      if redis.call('HLEN', name) == 1 then redis.call('EXPIRE', name, seconds) end
    else
      owner = redis.call('HGET', name, field)
      if not record_of(owner) then
        redis.call('HSET', name, field, document)
        owner = document
      end
    end
  end
  if owner and owner ~= document then
    if not shared[owner] then
      shared[owner] = 0
      order[#order + 1] = owner
    end
    shared[owner] = shared[owner] + 1
  end
end

table.sort(order, function(a, b)
  if shared[a] ~= shared[b] then return shared[a] > shared[b] end
  return a < b
end)
local reply = {sequence, redelivered}
for _, owner in ipairs(order) do
  if #reply >= 2 + 2 * tonumber(ARGV[7]) then break end
  local record = records[owner]
  if struct.unpack('<I6', record) < sequence then
    reply[#reply + 1] = owner
    reply[#reply + 1] = record
  end
end
return reply
