-- Decides about answers and remembers them, each in one step. (Several come in one call to save calls: they know nothing
-- of each other, except that each sees what those before it did.)
--
-- KEYS     of each answer, two
--   mark     of the bucket: who began to remember it, a colon, and the second in which that was
--   record   for each decision one letter, and the 8 bytes that name the request
-- ARGV[1]  whether anybody but the one that began may have forgotten something, 1 or 0
-- ARGV[2]  by how many seconds clocks may differ
-- ARGV     then of each answer, six
--   request  the 8 bytes that name it
--   right    whether it is right, 1 or 0
--   allowed  the attempts
--   issued   when the key was issued          (seconds, as the next two)
--   over     when the key's time is over
--   kept     until when the record is kept
--
-- Returns, of each answer, a letter and a number:
--   p passed   w wrong, and how many attempts are left   P and W the same as before, to the same request   s spent   x past its time, or too far ahead of it
--   r refused: issued before the memory of this bucket began, and when that was
--   b nothing is decided: the memory of this bucket has not begun

local ENTRY = 9
local now = tonumber(redis.call('TIME')[1])
local skew = tonumber(ARGV[2])
-- Who this is: the process, and its term as a primary, which ends when a replica takes over.
local this = ARGV[1] == '1'
  and string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
    .. string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')

local function decide(mark_name, record_name, request, right, allowed, issued, over, kept)
  local mark = redis.call('GET', mark_name)
  if not mark then
    return 'b', 0
  end
  local colon = string.find(mark, ':', 1, true)
  if this and this ~= string.sub(mark, 1, colon - 1) then
    return 'b', 0
  end
  local began = tonumber(string.sub(mark, colon + 1))
  -- Until now, a key that is dated ahead of our clock by no more than clocks differ may have been answered here.
  if issued <= began + skew then
    return 'r', began
  end
  if now >= over or issued > now + skew then
    return 'x', 0
  end

  local record = redis.call('GET', record_name) or ''
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
  redis.call('SET', record_name, record .. outcome .. request, 'EXAT', kept)
  if outcome == 'p' then
    return 'p', 0
  end
  return 'w', left
end

local verdicts = {}
local at = 3
for name = 1, #KEYS, 2 do
  local allowed = math.max(tonumber(ARGV[at + 2]), 1)
  local issued, over = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local letter, number =
    decide(KEYS[name], KEYS[name + 1], ARGV[at], ARGV[at + 1], allowed, issued, over, ARGV[at + 5])
  verdicts[name], verdicts[name + 1] = letter, number
  at = at + 6
end
return verdicts
