-- Decides about an answer and remembers it, in one step.
--
-- KEYS[1]  the mark of the bucket: the process that began to remember it, a colon, and the second in which it did
-- KEYS[2]  the record: for each decision one letter and the 8 bytes that name the request
-- ARGV     1 the request, 8 bytes   2 whether the answer is right, 1 or 0   3 the attempts allowed
--          4 when the key was issued   5 when its time is over   6 until when the record is kept   (seconds)
--          7 whether another process than the one that began may have forgotten something, 1 or 0
--          8 by how many seconds clocks may differ
--
-- Returns a letter and a number:
--   p passed   w wrong, and how many attempts are left   s spent   x past its time, or too far ahead of it
--   r refused: issued before the memory of this bucket began, and when that was
--   b nothing is decided: the memory of this bucket has not begun

local time = redis.call('TIME')
local now = tonumber(time[1])
local issued, over, skew = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[8])

local mark = redis.call('GET', KEYS[1])
if not mark then
  return {'b', 0}
end
local process, began = string.match(mark, '^(%x*):(%d+)$')
if ARGV[7] == '1' and process ~= string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') then
  return {'b', 0}
end
-- Until now, a key that is dated ahead of our clock by no more than clocks differ may have been answered here.
if issued <= tonumber(began) + skew then
  return {'r', tonumber(began)}
end
if now >= over or issued > now + skew then
  return {'x', 0}
end

local ENTRY = 9
local record = redis.call('GET', KEYS[2]) or ''
local allowed = math.max(tonumber(ARGV[3]), 1)
local wrong, last = 0, ''
for at = 1, #record, ENTRY do
  last = string.sub(record, at, at)
  if last ~= 'p' then
    wrong = wrong + 1
  end
  if string.sub(record, at + 1, at + ENTRY - 1) == ARGV[1] then
    -- The same request again: its reply was lost.
    if last == 'p' then
      return {'p', 0}
    end
    return {'w', last == 'l' and 0 or math.max(allowed - wrong, 0)}
  end
end

local left = allowed - wrong
if last == 'p' or last == 'l' or left <= 0 then
  return {'s', 0}
end
local outcome = 'p'
if ARGV[2] ~= '1' then
  left = left - 1
  outcome = left == 0 and 'l' or 'w'
end
redis.call('SET', KEYS[2], record .. outcome .. ARGV[1], 'EXAT', ARGV[6])
if outcome == 'p' then
  return {'p', 0}
end
return {'w', left}
