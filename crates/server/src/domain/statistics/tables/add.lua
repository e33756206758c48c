-- Adds rows of numbers to rows that are there.
--
-- KEYS[1]  the number of the last batch of this process that was added   KEYS[n]  the hash of row n - 1
-- ARGV     1 this batch's number   2 for how many seconds to remember it
--          3 and so on, for each row: for how many seconds to keep its hash, its field, its numbers
--
-- Returns 1, or 0 if the same batch was added before: its reply was lost.

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return 0
end
-- First what a user might not be allowed to: nothing is half done then.
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
for row = 2, #KEYS do
  local at = 3 * row - 3
  local hash, kept, field, added = KEYS[row], ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local sums = {}
  for number in string.gmatch(redis.call('HGET', hash, field) or '', '%d+') do
    sums[#sums + 1] = number
  end
  local place = 0
  for number in string.gmatch(added, '%d+') do
    place = place + 1
    sums[place] = string.format('%.0f', tonumber(sums[place] or 0) + tonumber(number))
  end
  redis.call('HSET', hash, field, table.concat(sums, ' '))
  redis.call('EXPIRE', hash, kept)
end
return 1
