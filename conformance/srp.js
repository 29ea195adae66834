// SRP-6a as Cognito's clients speak it: 3072-bit group of RFC 5054, SHA-256, and
// numbers hashed as Java's BigInteger writes them.
import { createHash, createHmac, randomBytes } from 'node:crypto';

const N = BigInt('0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF');
const g = 2n;

const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const number = (bytes) => BigInt(`0x${bytes.toString('hex')}`);
const mod = (a) => ((a % N) + N) % N;

function power(base, exponent) {
  let out = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = (b * b) % N) if (e & 1n) out = (out * b) % N;
  return out;
}

// pad writes n with a leading zero byte where its top bit is set, and no other.
function pad(n) {
  let hex = n.toString(16);
  if (hex.length % 2) hex = `0${hex}`;
  return Buffer.from(/^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex');
}

const secret = (salt, group, id, password) => number(sha(pad(salt), sha(`${group}${id}:${password}`)));
const k = number(sha(pad(N), pad(g)));

// client starts a proof: SRP_A, and answer(challenge parameters, who, password).
export function client() {
  const a = number(randomBytes(128));
  const A = power(g, a);
  const answer = ({ SRP_B, SALT, SECRET_BLOCK }, group, id, password) => {
    const B = BigInt(`0x${SRP_B}`);
    const u = number(sha(pad(A), pad(B)));
    const x = secret(BigInt(`0x${SALT}`), group, id, password);
    const S = power(B - k * power(g, x), a + u * x);
    const key = createHmac('sha256', createHmac('sha256', pad(u)).update(pad(S)).digest()).update('Caldera Derived Key\x01').digest().subarray(0, 16);
    const TIMESTAMP = timestamp(new Date());
    const mac = createHmac('sha256', key).update(group).update(id).update(Buffer.from(SECRET_BLOCK, 'base64')).update(TIMESTAMP).digest('base64');
    return { PASSWORD_CLAIM_SECRET_BLOCK: SECRET_BLOCK, PASSWORD_CLAIM_SIGNATURE: mac, TIMESTAMP };
  };
  return { SRP_A: A.toString(16), answer };
}

// timestamp is as the clients write it: the day has no leading zero.
export function timestamp(at) {
  const [weekday, , month, year, time] = at.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${at.getUTCDate()} ${time} UTC ${year}`;
}

// device makes the verifier that ConfirmDevice takes, and the password for it.
export function device(group, key) {
  const password = randomBytes(40).toString('base64');
  const salt = number(randomBytes(16));
  const verifier = power(g, secret(salt, group, key, password));
  return { password, DeviceSecretVerifierConfig: { Salt: pad(salt).toString('base64'), PasswordVerifier: pad(verifier).toString('base64') } };
}
