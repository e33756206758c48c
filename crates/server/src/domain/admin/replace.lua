-- Replaces a record, unless it is gone.
--
-- KEYS[1]  the hash of the records
-- ARGV     1 what the record stands under   2 the record
--
-- Returns whether it was there.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
