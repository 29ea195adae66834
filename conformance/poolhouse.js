// The server's own service, of which no SDK has a model: JSON 1.1, Signature Version 4.
import { createHash, createHmac } from 'node:crypto';

const sha = (text) => createHash('sha256').update(text).digest('hex');
const mac = (key, text) => createHmac('sha256', key).update(text).digest();

// poolhouse returns what calls an operation with the key of an environment.
export function poolhouse(env) {
  return async (operation, input) => {
    const url = new URL('/', env.POOLHOUSE_URL), body = JSON.stringify(input);
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, ''), scope = `${time.slice(0, 8)}/${env.AWS_REGION}/poolhouse/aws4_request`;
    const headers = { 'content-type': 'application/x-amz-json-1.1', host: url.host, 'x-amz-date': time, 'x-amz-target': `Poolhouse.${operation}` };
    const names = Object.keys(headers).join(';');
    const request = ['POST', '/', '', ...Object.entries(headers).map((h) => h.join(':')), '', names, sha(body)].join('\n');
    const key = scope.split('/').reduce(mac, `AWS4${env.AWS_SECRET_ACCESS_KEY}`);
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${mac(key, ['AWS4-HMAC-SHA256', time, scope, sha(request)].join('\n')).toString('hex')}`;
    const answer = await fetch(url, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
}
