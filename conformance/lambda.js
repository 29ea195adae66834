// A stand-in for AWS Lambda's invoke API, whose functions a test writes.
import { createServer } from 'node:http';

const arnOf = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

async function textOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

// lambda listens where the server was told to find functions. events keeps what the
// functions were called with.
export async function lambda(address = process.env.POOLHOUSE_LAMBDA) {
  const functions = new Map();
  const events = [];
  const server = createServer(async (request, response) => {
    const name = /^\/2015-03-31\/functions\/(.+)\/invocations/.exec(decodeURIComponent(request.url))?.[1].split(':').at(-1);
    const answer = (status, body, headers = {}) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
    const event = JSON.parse(await textOf(request));
    if (!functions.has(name)) return answer(404, { Type: 'User', Message: `Function not found: ${arnOf(name)}` }, { 'x-amzn-errortype': 'ResourceNotFoundException' });
    events.push(structuredClone(event));
    try {
      return answer(200, (await functions.get(name)(event)) ?? event);
    } catch (e) {
      return answer(200, { errorType: e.name, errorMessage: e.message }, { 'x-amz-function-error': 'Unhandled' });
    }
  });
  const [host, port] = address.split(':');
  await new Promise((resolve) => { server.listen(Number(port), host, resolve); });
  return {
    arnOf,
    events,
    // define writes a function, which may change the event's response, return another
    // answer, or throw; and returns its ARN.
    define: (name, run) => { functions.set(name, run); return arnOf(name); },
    last: (source) => events.findLast((e) => e.triggerSource === source),
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
