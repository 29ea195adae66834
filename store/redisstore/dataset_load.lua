-- Puts a dataset there as its copy has it, unless what is there is not behind it, or
-- the owner is loaded already. Part of loading an owner, which dataset_loaded.lua ends.
-- Returns {'put'}, {'kept'} or {'loaded'}.
--
-- KEYS: the owner's datasets; the dataset's values, states and positions
-- ARGV: 1 dataset, 2 its meta, 3 its count, 4 generations;
--       then for each record: key, position, removed (1 or 0), state, value
local FIRST, STEP, CHUNK = 5, 5, 1000
local _, refusal = look(KEYS[1], ARGV[1], ARGV[4])
if not refusal or refusal[1] == 'ended' then return {'loaded'} end
if refusal[1] ~= 'load' then return refusal end

local meta = redis.call('HGET', KEYS[1], ARGV[1])
if meta and tonumber((string.match(meta, '^(%d+) '))) >= tonumber(ARGV[3]) then return {'kept'} end
redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4])
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
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return {'put'}
