-- Counts a call in a window of time.
--
-- KEYS[1]  the counter   ARGV[1]  the most calls   ARGV[2]  the window, in seconds
--
-- Returns 0 if the call is within the limit, and else in how many seconds the window ends.

local count = redis.call('INCR', KEYS[1])
if count == 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
if count <= tonumber(ARGV[1]) then
  return 0
end
return math.max(redis.call('TTL', KEYS[1]), 1)
