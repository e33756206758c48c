-- Begins to remember a bucket, unless this process has begun it already, in this term as a primary, and all of it is
-- there. Whatever was remembered before stays, and counts for nothing, since keys issued until now are refused.
--
-- KEYS[1]  the mark of the bucket, as in answer.lua
-- ARGV     1 whether anybody else's beginning holds, 1 or 0
--          2 whether no key can have been issued yet, 1 or 0: then there is nothing to refuse
--          3 whether to try all that answer.lua does besides, on a page of no use, 1 or 0: a server may be full, or the
--            user may do too little
--          4 of how many seconds the keys of a page are   5 for how many seconds a page is kept after those
--          6 how many replicas must follow this server, or else nothing is begun
--
-- Returns the second in which the memory began, and why it was begun just now:
--   k it was not   n there was no mark   o another began it   h a page is missing

local replication = redis.call('INFO', 'replication')

-- Those who follow this server confirm no decision of its predecessor from now on. So whatever that one was confirmed in
-- came before, and is of keys that are refused here.
local _, followers = string.gsub(replication, '\nslave%d+:[^\r\n]*state=online', '')
if followers < tonumber(ARGV[6]) then
  return redis.error_reply('NOREPLICAS ' .. followers .. ' of ' .. ARGV[6] .. ' replicas follow this primary')
end

local this = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  .. string.match(replication, 'master_replid:(%x+)')
local now = tonumber(redis.call('TIME')[1])

local function name_of(page)
  return (string.gsub(KEYS[1], 'began$', page))
end

local function is_whole(pages)
  for page in string.gmatch(pages, '%d+') do
    local is_due = now < (page + 1) * tonumber(ARGV[4]) + tonumber(ARGV[5])
    if is_due and redis.call('HLEN', name_of(page)) == 0 then
      return false
    end
  end
  return true
end

if ARGV[3] == '1' then
  local trial = name_of('trial')
  redis.call('HSET', trial, 'key', 'record')
  redis.call('HGET', trial, 'key')
  redis.call('HLEN', trial)
  -- It is gone at once.
  redis.call('EXPIRE', trial, 0)
end

local mark = redis.call('GET', KEYS[1])
local why = mark and 'o' or 'n'
local owner, began, pages = string.match(mark or '', '^(%x+):(%d+):([%d,]+)$')
if owner and (owner == this or ARGV[1] == '1') then
  if is_whole(pages) then
    return { tonumber(began), 'k' }
  end
  why = 'h'
end
began = (ARGV[2] == '1' and not mark) and 0 or now
redis.call('SET', KEYS[1], this .. ':' .. began .. ':,')
return { began, why }
