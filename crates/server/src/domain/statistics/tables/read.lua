-- Reads hashes that lie in one slot.
--
-- KEYS  the hashes
--
-- Returns for each its fields and values, in turns.

local hashes = {}
for index, hash in ipairs(KEYS) do
  hashes[index] = redis.call('HGETALL', hash)
end
return hashes
