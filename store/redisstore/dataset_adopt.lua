-- Gives an owner a dataset as it stands, unless it has or had one of that name.
-- Returns {"ended"}, {"had"}, {"limit"} or {"added"}.
--
-- KEYS: the owner's datasets; the dataset's values, states and positions; the owner's log;
--       the queue of copies, if they are kept
-- ARGV: 1 dataset, 2 its meta, 3 when names of merged datasets that were deleted
--       before are forgotten, 4 limit of names, 5 generations, 6 now;
--       then for each record: key, position, removed (1 or 0), state, value
local FIRST, STEP, CHUNK = 7, 5, 1000
local X = '[0-9a-f]'
local X4 = X .. X .. X .. X
local MERGED = '^.+%.[%w_-]+:' .. X4 .. X4 .. '%-' .. X4 .. '%-' .. X4 .. '%-' .. X4 .. '%-' .. X4 .. X4 .. X4 .. '$'

local had, refusal, mark = look(KEYS[1], ARGV[1], ARGV[5])
if refusal then return refusal end
local names, all = 0, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
	local modified, deleted = string.match(all[i + 1], '^%d+ %d+ (%d+) %d+ %d+ %d+ %d+ ([01]) ')
	if deleted == '1' and tonumber(modified) <= tonumber(ARGV[3]) and string.match(all[i], MERGED) then
		redis.call('HDEL', KEYS[1], all[i])
		if all[i] == ARGV[1] then had = false end
	elseif deleted then
		names = names + 1
	end
end
if had then return {'had'} end
if names >= tonumber(ARGV[4]) then return {'limit'} end

for from = FIRST, #ARGV, STEP * CHUNK do
	local values, states, positions = {}, {}, {}
	for i = from, math.min(#ARGV, from + STEP * CHUNK - 1), STEP do
		if ARGV[i + 2] == '0' then
			values[#values + 1], values[#values + 2] = ARGV[i], ARGV[i + 4]
		end
		states[#states + 1], states[#states + 2] = ARGV[i], ARGV[i + 3]
		positions[#positions + 1], positions[#positions + 2] = ARGV[i + 1], ARGV[i]
	end
	if #values > 0 then redis.call('HSET', KEYS[2], unpack(values)) end
	redis.call('HSET', KEYS[3], unpack(states))
	redis.call('ZADD', KEYS[4], unpack(positions))
end
local count, meta = skipped(ARGV[2], tonumber((string.match(mark, '%d+'))))
redis.call('HSET', KEYS[1], '@', mark, ARGV[1], meta)
await(KEYS[6], KEYS[2], ARGV[6])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 256, '*',
	'dataset', ARGV[1], 'count', count, 'device', '', 'deleted', '0')
redis.pcall('PUBLISH', KEYS[5], '')
return {'added'}
