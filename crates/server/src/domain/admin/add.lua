-- Adds a record, unless there is one already or there are as many as there may be.
--
-- KEYS[1]  the hash of the records
-- ARGV     1 what the record stands under   2 the record   3 how many there may be
--
-- Returns 1 if it is there now, 0 if another one is, -1 if there are too many. A script whose reply was lost finds its
-- own record, which no other is equal to.

local there = redis.call('HGET', KEYS[1], ARGV[1])
if there then
  return there == ARGV[2] and 1 or 0
end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
  return -1
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
