-- What the scripts that write have in common: they stand below this text. They take
-- the owner's datasets into the generation of the process that runs them, see
-- generation.go in sync/dataset, whose rules these are.
--
-- The field '@' of the owner's datasets, no dataset's name, holds the base of the
-- generation that they were last written in; the field '' says that the owner is closed.
local ROOM, GAPS = 2^20, 8

-- int writes a number without an exponent.
local function int(n) return string.format('%.0f', n) end

-- generation returns the base of the present generation, or nil and its ID if known,
-- a list of ID=base, does not have it. What Redis calls its replication ID is new
-- after each start and each promotion; nothing that a script could store would be.
local function generation(known)
	local id = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
	return string.match(known, id .. '=(%d+)'), id
end

-- lost tells whether a dataset with this count and these gaps never had count n.
local function lost(count, gaps, n)
	if n > count then return true end
	for floor, top in string.gmatch(gaps, '(%d+)-(%d+)') do
		if tonumber(floor) < n and n < tonumber(top) then return true end
	end
	return false
end

-- unchanged tells whether such a dataset is what it was at count n, a text.
local function unchanged(count, gaps, n)
	return tonumber(n) == count or string.find(gaps, '[|,]' .. n .. '%-' .. int(count) .. '$') ~= nil
end

-- skip returns the count and the gaps of a dataset whose counter jumps to base.
local function skip(count, gaps, base)
	if base <= count then return count, gaps end
	gaps = gaps .. (gaps == '' and '|' or ',') .. int(count) .. '-' .. int(base)
	local _, more = string.gsub(gaps, ',', ',')
	if more >= GAPS then gaps = string.gsub(gaps, '^|(%d+)%-%d+,%d+', '|%1', 1) end
	return base, gaps
end

-- skipped returns the count, a text, and the meta of a dataset whose counter jumps
-- to base, or by more than can have been lost where that is not above it and must be.
local function skipped(meta, base, must)
	local count, middle, gaps, device = string.match(meta, '^(%d+)( %d+ %d+ %d+ %d+ %d+ %d+ [01] %x+)(%S*)( .*)$')
	count = tonumber(count)
	if must and count >= base then base = count + ROOM end
	count, gaps = skip(count, gaps, base)
	return int(count), int(count) .. middle .. gaps .. device
end

-- enter takes all datasets of an owner into the generation with this base.
local function enter(datasets, base)
	local all = redis.call('HGETALL', datasets)
	for i = 1, #all, 2 do
		if all[i] ~= '@' and all[i] ~= '' then
			local _, meta = skipped(all[i + 1], tonumber(base), true)
			redis.call('HSET', datasets, all[i], meta)
		end
	end
	if #all > 0 then redis.call('HSET', datasets, '@', base) end
end

-- look returns the meta of a dataset, or false, and takes its owner into the present
-- generation. Where it cannot, it returns nil and what the script is to answer:
-- {'generation', id}, {'load', base} where the owner's copy must be loaded first, or
-- {'ended'} of an owner that is closed. The third is what '@' holds in this generation.
--
-- known begins with 'copies' where copies are kept. The mark of a generation is
-- another one then, so that an owner from before that is loaded too.
local function look(datasets, name, known)
	local base, id = generation(known)
	if not base then return nil, {'generation', id} end
	local copies = string.sub(known, 1, 6) == 'copies'
	local mark = copies and base .. '+' or base
	local found = redis.call('HMGET', datasets, name, '', '@')
	if found[3] ~= mark and copies then return nil, {'load', base} end
	if found[2] then return nil, {'ended'} end
	if found[3] == mark then return found[1], nil, mark end
	enter(datasets, base)
	return redis.call('HGET', datasets, name), nil, mark
end

-- await puts a dataset, named by the key of its values, into the queue of those that
-- wait to be copied, if there is one.
local function await(queue, values, now)
	if queue then redis.call('ZADD', queue, 'NX', now, values) end
end
