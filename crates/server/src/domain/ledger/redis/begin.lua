-- Begins to remember a bucket, unless this process has begun it already, in this term as a primary. Whatever was
-- remembered before stays, and counts for nothing, since keys issued until now are refused.
--
-- KEYS[1]  the mark of the bucket
-- ARGV     1 whether anybody else's beginning holds, 1 or 0
--          2 whether no key can have been issued yet, 1 or 0: then there is nothing to refuse
--
-- Returns the second in which the memory began.

local this = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local mark = redis.call('GET', KEYS[1])
if mark then
  local owner, began = string.match(mark, '^(%x*):(%d+)$')
  if owner == this or ARGV[1] == '1' then
    return tonumber(began)
  end
end
local now = (ARGV[2] == '1' and not mark) and '0' or redis.call('TIME')[1]
redis.call('SET', KEYS[1], this .. ':' .. now)
return tonumber(now)
