// What the run received from each user pool operation. coverage.test.js reads it
// when all other files have run: nothing is claimed there that no client saw.
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';

const file = process.env.POOLHOUSE_LEDGER;

function note(entry) {
  if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

const answered = new Set(); // operations, since the present test began

// watch makes a client of user pools keep the ledger. An error of a call then
// knows the operation that it came from.
export function watch(client) {
  client.middlewareStack.add((next, context) => async (args) => {
    const operation = context.commandName.replace(/Command$/, '');
    try {
      const out = await next(args);
      answered.add(operation);
      return out;
    } catch (error) {
      error.operation = operation;
      note({ operation, received: error.name });
      throw error;
    }
  }, { step: 'initialize', name: 'ledger' });
  return client;
}

// works is a test of what operations are for. Each of those named must have been
// answered in it.
export function works(operations, title, run) {
  const names = operations.split(' ');
  test(`${title} [${operations}]`, async (t) => {
    answered.clear();
    await run(t);
    for (const operation of names) {
      assert.ok(answered.has(operation), `${operation} was not answered in this test`);
      note({ operation, works: true });
    }
  });
}

// refused is for a call that must fail with an error of that name and, where it is
// given, that text: a string, or a pattern.
export async function refused(promise, name, message) {
  const error = await promise.then(() => new Error('the call was answered'), (e) => e);
  const said = message === undefined || (message instanceof RegExp ? message.test(error.message) : error.message === message);
  if (error.name !== name || !said) {
    throw new Error(`${error.operation ?? 'call'}: got ${error.name}: ${error.message}; want ${name}${message === undefined ? '' : `: ${message}`}`, { cause: error });
  }
  if (error.operation) note({ operation: error.operation, refused: name });
  return error;
}
