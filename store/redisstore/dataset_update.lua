-- Stores a batch of patches whole or not at all. A script is not rolled back, so
-- nothing is written before all checks have passed.
--
-- KEYS: the owner's datasets; the dataset's values, states and positions; the owner's log;
--       the queue of copies, if they are kept
-- ARGV: 1 dataset, 2 now, 3 device, 4 fingerprint, 5 session's epoch,
--       6 session's count, 7 epoch of a new dataset,
--       8-12 limits: datasets, names, records, keys, bytes; 13 exact,
--       14 existing (1 or 0); 15 generations;
--       then for each patch: key, count, removal (1 or 0), device's date, value
--
-- Formats are those of dataset_pack.go. Texts are compared, never computed with,
-- unless tonumber says so; int writes a number without an exponent.
local FIRST, STEP, CHUNK, BATCH, MAX = 16, 5, 1000, 16384, 2^38 - 1
-- Names of merged datasets, see dataset.IsMerged.
local X = '[0-9a-f]'
local X4 = X .. X .. X .. X
local MERGED = '^.+%.[%w_-]+:' .. X4 .. X4 .. '%-' .. X4 .. '%-' .. X4 .. '%-' .. X4 .. '%-' .. X4 .. X4 .. X4 .. '$'

local meta, refusal, mark = look(KEYS[1], ARGV[1], ARGV[15])
if refusal then return refusal end

local count, gaps = skip(0, '', tonumber((string.match(mark, '%d+'))))
local created, bytes, records, keys, deletedAt, deleted, epoch = ARGV[2], 0, 0, 0, '0', '1', ARGV[7]
if meta then
	count, created, bytes, records, keys, deletedAt, deleted, epoch, gaps =
		string.match(meta, '^(%d+) (%d+) %d+ (%d+) (%d+) (%d+) (%d+) ([01]) (%x+)(%S*) ')
	count, bytes, records, keys = tonumber(count), tonumber(bytes), tonumber(records), tonumber(keys)
end
if deleted == '1' and ARGV[14] == '1' then return {'none'} end
-- A session that began before there was a dataset ends with its first deletion.
if ARGV[5] == '' and deletedAt ~= '0' or ARGV[5] ~= '' and ARGV[5] ~= epoch or
	lost(count, gaps, tonumber(ARGV[6])) then
	return {'stale'}
end

-- What is stored under the batch's keys; unpack is bounded, hence the chunks.
local states = {}
for from = FIRST, #ARGV, STEP * CHUNK do
	local names = {}
	for i = from, math.min(#ARGV, from + STEP * CHUNK - 1), STEP do names[#names + 1] = ARGV[i] end
	local found = redis.call('HMGET', KEYS[3], unpack(names))
	for i = 1, #names do states[#states + 1] = found[i] end
end

-- Compare counts. Where one differs the batch may still be one that was stored
-- before: then all of its records carry its fingerprint and one count.
local conflict, repeated, first, firstModified
local oldBytes, newBytes, newKeys, newRecords = 0, 0, 0, 0
for n = 1, #states do
	local i = FIRST + (n - 1) * STEP
	local server, alive = 0, false
	if states[n] then
		local position, fingerprint, modified, size, removed =
			string.match(states[n], '^(%d+) (%S+) (%d+) (%d+) ([01]) ')
		server, alive = math.floor(tonumber(position) / BATCH), removed == '0'
		oldBytes = oldBytes + tonumber(size)
		if n == 1 then repeated, first, firstModified = true, server, modified end
		if fingerprint ~= ARGV[4] or server ~= first then repeated = false end
	else
		repeated = false
		newKeys, newBytes = newKeys + 1, newBytes + #ARGV[i]
	end
	if server ~= tonumber(ARGV[i + 1]) and not conflict then conflict = {'conflict', n, server} end
	if alive then newRecords = newRecords - 1 end
	if ARGV[i + 2] == '0' then
		newRecords, newBytes = newRecords + 1, newBytes + #ARGV[i + 4]
	end
end
if conflict then
	if repeated then return {'repeated', first, firstModified} end
	return conflict
end
if ARGV[13] == '1' and not unchanged(count, gaps, ARGV[6]) then return {'moved'} end

-- Limits; what does not grow passes.
local growth = newBytes - oldBytes
if count >= MAX then return {'limit', 'counts'} end
if newRecords > 0 and records + newRecords > tonumber(ARGV[10]) then return {'limit', 'records'} end
if newKeys > 0 and keys + newKeys > tonumber(ARGV[11]) then return {'limit', 'keys'} end
if growth > 0 and bytes + growth > tonumber(ARGV[12]) then return {'limit', 'bytes'} end
if deleted == '1' then
	local names, alive, all = 0, 0, redis.call('HGETALL', KEYS[1])
	for i = 1, #all, 2 do
		local gone = string.match(all[i + 1], '^%d+ %d+ %d+ %d+ %d+ %d+ %d+ ([01]) ')
		if gone then names = names + 1 end -- else it is no dataset
		if gone == '0' and not string.match(all[i], MERGED) then alive = alive + 1 end
	end
	if alive >= tonumber(ARGV[8]) then return {'limit', 'datasets'} end
	if not meta and names >= tonumber(ARGV[9]) then return {'limit', 'names'} end
	created = ARGV[2]
end

-- Write. From here on nothing may fail.
count = count + 1
for from = 1, #states, CHUNK do
	local values, gone, packed, positions = {}, {}, {}, {}
	for n = from, math.min(#states, from + CHUNK - 1) do
		local i = FIRST + (n - 1) * STEP
		local position, size = int(count * BATCH + n - 1), 0
		if ARGV[i + 2] == '0' then
			size = #ARGV[i + 4]
			values[#values + 1], values[#values + 2] = ARGV[i], ARGV[i + 4]
		else
			gone[#gone + 1] = ARGV[i]
		end
		packed[#packed + 1], packed[#packed + 2] = ARGV[i], position .. ' ' .. ARGV[4] .. ' ' .. ARGV[2] .. ' ' ..
			size .. ' ' .. ARGV[i + 2] .. ' ' .. ARGV[i + 3] .. ' ' .. ARGV[3]
		positions[#positions + 1], positions[#positions + 2] = position, ARGV[i]
	end
	if #values > 0 then redis.call('HSET', KEYS[2], unpack(values)) end
	if #gone > 0 then redis.call('HDEL', KEYS[2], unpack(gone)) end
	redis.call('HSET', KEYS[3], unpack(packed))
	redis.call('ZADD', KEYS[4], unpack(positions))
end
redis.call('HSET', KEYS[1], '@', mark, ARGV[1], int(count) .. ' ' .. created .. ' ' .. ARGV[2] .. ' ' .. int(bytes + growth) .. ' ' ..
	int(records + newRecords) .. ' ' .. int(keys + newKeys) .. ' ' .. deletedAt .. ' 0 ' .. epoch .. gaps .. ' ' .. ARGV[3])
await(KEYS[6], KEYS[2], ARGV[2])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 256, '*',
	'dataset', ARGV[1], 'count', int(count), 'device', ARGV[3], 'deleted', '0')
redis.pcall('PUBLISH', KEYS[5], '') -- a user without permission for channels must not fail what is stored
return {'stored', count, ARGV[2], growth}
