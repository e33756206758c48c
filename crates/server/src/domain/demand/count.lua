-- Counts one in several windows, and says what there is in them and in those before.
--
-- KEYS     of each count two: the window that runs, and the one before. Each holds so many numbers, parted by spaces
-- ARGV[1]  how many numbers  ARGV[2]  which of them, from 1 on, becomes one more
-- ARGV     then of each count: for how many milliseconds its window is kept, or 0 if nothing is added to it
--
-- Returns the windows, in the order of KEYS. One whose reply was lost and that is sent again counts twice, which does
-- no harm.

local function numbers(text)
  local found = {}
  for number in string.gmatch(text or '', '%d+') do
    found[#found + 1] = tonumber(number)
  end
  for kind = #found + 1, tonumber(ARGV[1]) do
    found[kind] = 0
  end
  return found
end

local windows = redis.call('MGET', unpack(KEYS))
local reply = {}
for place = 1, #KEYS do
  local window = numbers(windows[place])
  local kept = place % 2 == 1 and tonumber(ARGV[2 + (place + 1) / 2]) or 0
  if kept > 0 then
    local kind = tonumber(ARGV[2])
    window[kind] = math.min(window[kind] + 1, 4294967295)
    redis.call('SET', KEYS[place], table.concat(window, ' '), 'PX', kept)
  end
  reply[place] = table.concat(window, ' ')
end
return reply
