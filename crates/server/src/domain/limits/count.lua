-- Counts a call in several budgets, or, if one of them has none left, in none: what gcra.rs does, with this server's time.
--
-- KEYS[1]  is there if this call has been counted   KEYS[n]  when budget n - 1 is whole again, in microseconds since 1970
-- ARGV[1]  for how many milliseconds a call may be sent again
-- ARGV     then of each budget, two: in which time one call comes back, and how far ahead the time at which the budget is
--          whole may be for a call to be admitted (microseconds, of which all that are used here are exact in Lua)
--
-- Returns 0 if the call is admitted, and else in how many microseconds one will be.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local found = redis.call('MGET', unpack(KEYS))
if found[1] then
  -- The same call again: its reply was lost.
  return 0
end

local wait = 0
local whole_at = {}
for key = 2, #KEYS do
  local interval, tolerance = tonumber(ARGV[2 * key - 2]), tonumber(ARGV[2 * key - 1])
  local ahead = math.max(tonumber(found[key] or 0) - now, 0)
  -- Nothing but a clock that was set back, or a limit that was raised, has it further ahead.
  ahead = math.min(ahead, tolerance + interval)
  wait = math.max(wait, ahead - tolerance)
  whole_at[key] = now + ahead + interval
end
if wait > 0 then
  return wait
end
for key = 2, #KEYS do
  local kept = math.ceil((whole_at[key] - now) / 1000)
  redis.call('SET', KEYS[key], string.format('%.0f', whole_at[key]), 'PX', kept)
end
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return 0
