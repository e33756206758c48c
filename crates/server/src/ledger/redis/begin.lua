-- Begins to remember a bucket, unless that was begun by this process already. Whatever was remembered before stays, and
-- counts for nothing, since keys issued until now are refused.
--
-- KEYS[1]  the mark of the bucket
-- ARGV     1 whether another process's beginning holds, 1 or 0
--          2 whether no key can have been issued yet, 1 or 0: then there is nothing to refuse
--
-- Returns the second in which the memory began.

local process = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local mark = redis.call('GET', KEYS[1])
if mark then
  local owner, began = string.match(mark, '^(%x*):(%d+)$')
  if owner == process or ARGV[1] == '1' then
    return tonumber(began)
  end
end
local now = (ARGV[2] == '1' and not mark) and '0' or redis.call('TIME')[1]
redis.call('SET', KEYS[1], process .. ':' .. now)
return tonumber(now)
