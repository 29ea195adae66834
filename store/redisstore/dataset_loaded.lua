-- Takes an owner, whose datasets are those of its copy or ahead of them, into the present
-- generation, unless another node did. All its datasets wait to be copied then.
--
-- KEYS: the owner's datasets; the queue of copies
-- ARGV: base, generations, now, when the owner was closed or ''
local _, refusal = look(KEYS[1], '', ARGV[2])
if not refusal or refusal[1] ~= 'load' or refusal[2] ~= ARGV[1] then return {'loaded'} end
enter(KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], '@', ARGV[1] .. '+')
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], '', ARGV[4]) end
local owner = string.sub(KEYS[1], 1, -3)
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
	if name ~= '@' and name ~= '' then
		local escaped = string.gsub(name, '[^%w_.-]', function(c) return string.format('%%%02X', string.byte(c)) end)
		await(KEYS[2], owner .. 'd:' .. escaped .. ':r', ARGV[3])
	end
end
return {'loaded'}
