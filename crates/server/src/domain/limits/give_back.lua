-- Gives a call back to several budgets: what gcra.rs does, with this server's time.
--
-- KEYS[1]  is there if this has been done           KEYS[n]  when budget n - 1 is whole again, in microseconds since 1970
-- ARGV[1]  for how many milliseconds it may be sent again
-- ARGV     then of each budget, two, as in count.lua: in which time one call comes back, and what is not needed here
--
-- Returns 0.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local found = redis.call('MGET', unpack(KEYS))
if found[1] then
  return 0
end
for key = 2, #KEYS do
  local whole_at = tonumber(found[key] or 0)
  if whole_at > now then
    whole_at = math.max(whole_at - tonumber(ARGV[2 * key - 2]), now)
    -- It is kept for a millisecond where nothing need be, so that no other command must be allowed.
    local kept = math.max(math.ceil((whole_at - now) / 1000), 1)
    redis.call('SET', KEYS[key], string.format('%.0f', whole_at), 'PX', kept)
  end
end
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return 0
