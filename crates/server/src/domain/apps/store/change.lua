-- Changes the apps, unless somebody else changed them since they were read.
--
-- KEYS[1]  the hash of the apps: app:N and removed:N by number, next, version, and change (the last one's name)
-- ARGV     1 the version that was read   2 this change's name   3 the channel to tell
--          4 how many fields are set, then each and its value, and then the fields that are deleted
--
-- Returns the version that the apps are now, or -1 if nothing was changed.

local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if version ~= tonumber(ARGV[1]) then
  -- The same change again: its reply was lost.
  return redis.call('HGET', KEYS[1], 'change') == ARGV[2] and version or -1
end
local at = 5
for _ = 1, tonumber(ARGV[4]) do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  at = at + 2
end
while at <= #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[at])
  at = at + 1
end
version = version + 1
redis.call('HSET', KEYS[1], 'version', version, 'change', ARGV[2])
redis.call('PUBLISH', ARGV[3], version)
return version
