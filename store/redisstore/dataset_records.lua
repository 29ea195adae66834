-- Returns the state of a dataset and a page of its records, of one moment:
-- {meta or false, {names of datasets beside it}, mark of the owner's generation or
-- false, key, state, value or false, ...}.
--
-- KEYS: the owner's datasets; the dataset's values, states and positions
-- ARGV: dataset, position before the first, last position, most records, and
--       generations where the owner's copy may have to be loaded first, else nothing
local CHUNK = 1000
if ARGV[5] ~= '' then
	local _, refusal = look(KEYS[1], ARGV[1], ARGV[5])
	if refusal and refusal[1] ~= 'ended' then return refusal end
end
local found = redis.call('HMGET', KEYS[1], ARGV[1], '@')
local meta = found[1]

-- Datasets that exist and have this one's name and a dot before theirs.
local prefix, beside = ARGV[1] .. '.', {}
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
	if string.sub(name, 1, #prefix) == prefix and
		string.match(redis.call('HGET', KEYS[1], name), '^%d+ %d+ %d+ %d+ %d+ %d+ %d+ ([01]) ') == '0' then
		beside[#beside + 1] = name
	end
end
local out = {meta, beside, found[2]}
if not meta then return out end
local members = redis.call('ZRANGEBYSCORE', KEYS[4], '(' .. ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])
for from = 1, #members, CHUNK do
	local last = math.min(#members, from + CHUNK - 1)
	local states = redis.call('HMGET', KEYS[3], unpack(members, from, last))
	local values = redis.call('HMGET', KEYS[2], unpack(members, from, last))
	for i = from, last do
		local n = i - from + 1
		out[#out + 1], out[#out + 2], out[#out + 3] = members[i], states[n], values[n]
	end
end
return out
