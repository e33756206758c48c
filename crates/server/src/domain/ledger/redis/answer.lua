-- Decides about answers and remembers them, each in one step. (Several come in one call to save calls: they know nothing
-- of each other, except that each sees what those before it did.)
--
-- KEYS     of each answer, two
--   mark     of the bucket: who began to remember it, the second in which that was, and the numbers of the pages that
--            there must be, as in `OWNER:SECOND:,7,8,`
--   page     a hash of the bucket's keys that were issued in the same while; of each key, for each decision one letter,
--            and the 8 bytes that name the request
-- ARGV[1]  whether anybody but the one that began may have forgotten something, 1 or 0
-- ARGV[2]  by how many seconds clocks may differ
-- ARGV[3]  of how many seconds the keys of a page are
-- ARGV[4]  for how many seconds a page is kept after those
-- ARGV     then of each answer, six
--   key      its 16 bytes
--   request  the 8 bytes that name it
--   right    whether it is right, 1 or 0
--   allowed  the attempts
--   issued   when the key was issued          (seconds, as the next)
--   over     when the key's time is over
--
-- Returns, of each answer, a letter and a number:
--   p passed   w wrong, and how many attempts are left   P and W the same as before, to the same request   s spent   x past its time, or too far ahead of it
--   r refused: issued before the memory of this bucket began, and when that was
--   b nothing is decided: the memory of this bucket has not begun, or is lost

local ENTRY = 9
local now = tonumber(redis.call('TIME')[1])
local skew, page_secs, kept_secs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- What a section of INFO says, in 40 digits. A pattern would be tried at each letter of it, which takes as long as half
-- a decision.
local function digits(section, name)
  local info = redis.call('INFO', section)
  local _, last = string.find(info, name, 1, true)
  return string.sub(info, last + 1, last + 40)
end

-- Who this is: the process, and its term as a primary, which ends when a replica takes over.
local this = ARGV[1] == '1' and digits('server', '\nrun_id:') .. digits('replication', '\nmaster_replid:')

-- Writes down that a page must be there from now on, before it is. Pages whose time is over are struck off, and then
-- their keys count as spent, so that a clock that is set back makes none of them look new.
local function note(mark_name, owner, began, pages, page)
  local noted = ','
  for other in string.gmatch(pages, '%d+') do
    local over = (other + 1) * page_secs
    if now < over + kept_secs then
      noted = noted .. other .. ','
    else
      began = math.max(began, over - 1 - skew)
    end
  end
  redis.call('SET', mark_name, owner .. ':' .. began .. ':' .. noted .. page .. ',')
end

local function decide(mark_name, page_name, key, request, right, allowed, issued, over)
  local mark = redis.call('GET', mark_name) or ''
  local colon = string.find(mark, ':', 1, true) or 0
  local owner = string.sub(mark, 1, colon - 1)
  local began, pages = string.match(mark, '^(%d+):([%d,]+)$', colon + 1)
  if not began or this and this ~= owner then
    return 'b', 0
  end
  began = tonumber(began)
  -- Until now, a key that is dated ahead of our clock by no more than clocks differ may have been answered here.
  if issued <= began + skew then
    return 'r', began
  end
  if now >= over or issued > now + skew then
    return 'x', 0
  end

  local page = math.floor(issued / page_secs)
  local is_noted = string.find(pages, ',' .. page .. ',', 1, true)
  local record = redis.call('HGET', page_name, key)
  -- A page is lost whole or not at all, whoever takes it: an eviction, an expiry before its time, or somebody's hand.
  if not record and is_noted and redis.call('HLEN', page_name) == 0 then
    return 'b', 0
  end
  record = record or ''
  local wrong, last = 0, ''
  for at = 1, #record, ENTRY do
    last = string.sub(record, at, at)
    if last ~= 'p' then
      wrong = wrong + 1
    end
    if string.sub(record, at + 1, at + ENTRY - 1) == request then
      -- The same request again: its reply was lost.
      if last == 'p' then
        return 'P', 0
      end
      return 'W', last == 'l' and 0 or math.max(allowed - wrong, 0)
    end
  end

  local left = allowed - wrong
  if last == 'p' or last == 'l' or left <= 0 then
    return 's', 0
  end
  local outcome = 'p'
  if right ~= '1' then
    left = left - 1
    outcome = left == 0 and 'l' or 'w'
  end
  if not is_noted then
    note(mark_name, owner, began, pages, page)
  end
  redis.call('HSET', page_name, key, record .. outcome .. request)
  if not is_noted then
    redis.call('EXPIRE', page_name, (page + 1) * page_secs + kept_secs - now)
  end
  if outcome == 'p' then
    return 'p', 0
  end
  return 'w', left
end

local verdicts = {}
local at = 5
for name = 1, #KEYS, 2 do
  local allowed = math.max(tonumber(ARGV[at + 3]), 1)
  local issued, over = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  verdicts[name], verdicts[name + 1] =
    decide(KEYS[name], KEYS[name + 1], ARGV[at], ARGV[at + 1], ARGV[at + 2], allowed, issued, over)
  at = at + 6
end
return verdicts
