-- Takes a dataset out of the queue once it is copied at the count that it has; one that
-- has changed meanwhile waits since then.
--
-- KEYS: the owner's datasets; the dataset's values; the queue of copies
-- ARGV: dataset, count of its copy, when that was read
local meta = redis.call('HGET', KEYS[1], ARGV[1])
if meta and string.match(meta, '^(%d+) ') ~= ARGV[2] then
	redis.call('ZADD', KEYS[3], 'XX', ARGV[3], KEYS[2])
	return 0
end
redis.call('ZREM', KEYS[3], KEYS[2])
return 1
