-- Deletes a dataset but for its counter and returns its meta as it was, false
-- where there is none, "ended" where the owner is closed, or "again" where this very
-- deletion, which the epoch names, has happened: the client sends a script again whose
-- answer was lost, and others may have made the dataset anew since.
--
-- KEYS: the owner's datasets; the dataset's values, states and positions; the owner's log;
--       the queue of copies, if they are kept
-- ARGV: dataset, now, epoch, generations
local meta, refusal = look(KEYS[1], ARGV[1], ARGV[4])
if refusal then return refusal end
if not meta then return false end
local count, created, deleted, epoch = string.match(meta, '^(%d+) (%d+) %d+ %d+ %d+ %d+ %d+ ([01]) (%x+)')
if epoch == ARGV[3] then return {'again'} end
if deleted == '1' then return false end
count = int(tonumber(count) + 1)
redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[1], ARGV[1],
	count .. ' ' .. created .. ' ' .. ARGV[2] .. ' 0 0 0 ' .. count .. ' 1 ' .. ARGV[3] .. ' ')
await(KEYS[6], KEYS[2], ARGV[2])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 256, '*',
	'dataset', ARGV[1], 'count', count, 'device', '', 'deleted', '1')
redis.pcall('PUBLISH', KEYS[5], '')
return {meta}
