// Whether this suite tested what it should: each operation that the server says to
// have, and each error that the model declares for it. It runs after all others,
// and believes only what their clients received.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { env } from './clients.js';
import { declared, operations, signed, written } from './model.js';
import * as impossible from './impossible.js';

const ledger = readFileSync(env.POOLHOUSE_LEDGER, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));

// gather returns operation → what the entries of one kind say.
function gather(kind) {
  const out = new Map();
  for (const entry of ledger.filter((e) => e[kind])) out.set(entry.operation, (out.get(entry.operation) ?? new Set()).add(entry[kind]));
  return out;
}

const works = gather('works');
const refused = gather('refused');
const received = gather('received');
const has = (map, operation, error) => map.get(operation)?.has(error) ?? false;

// why says why an operation cannot answer with an error; undefined if it can.
function why(operation, error) {
  const general = impossible.everywhere[error];
  if (typeof general === 'string') return general;
  if (general && !general.unless.includes(operation)) return general.why;
  if (error === 'NotAuthorizedException' && signed(operation) && !impossible.judges.includes(operation)) return impossible.unjudged;
  if (error === 'OperationNotEnabledException' && impossible.served(operation)) return impossible.byReplica;
  return impossible.at[operation]?.[error];
}

const tested = operations.filter((o) => written.has(o) && !impossible.untested.includes(o));
const pairs = tested.flatMap((operation) => declared(operation).map((error) => [operation, error]));
const say = (list) => list.map((pair) => pair.join(' ')).sort().join('\n');

test('each operation that is written has a test of what it is for', () => {
  assert.deepEqual(tested.filter((o) => !works.has(o)), []);
  assert.deepEqual(impossible.untested.filter((o) => works.has(o) || !written.has(o)), [], 'tested after all, or not written');
});

test('each declared error was provoked, or cannot occur', () => {
  const missing = pairs.filter(([o, e]) => !why(o, e) && !has(refused, o, e) && !impossible.unprovoked.includes(e));
  assert.equal(say(missing), '');
});

test('nothing that cannot occur did', () => {
  assert.deepEqual(say(pairs.filter(([o, e]) => why(o, e) && has(received, o, e))), '');
  const stale = Object.entries(impossible.at).flatMap(([o, errors]) => Object.keys(errors).map((e) => [o, e])).filter(([o, e]) => !declared(o).includes(e));
  assert.equal(say(stale), '', 'not declared any more');
});

test('no operation answered with an error that its model does not declare', () => {
  const strange = [...received].flatMap(([o, errors]) => [...errors].map((e) => [o, e])).filter(([o, e]) => !declared(o).includes(e) && !impossible.common.includes(e));
  assert.equal(say(strange), '');
});

test('the figures', (t) => {
  const provoked = pairs.filter(([o, e]) => has(refused, o, e)).length;
  const cannot = pairs.filter(([o, e]) => why(o, e)).length;
  t.diagnostic(`figures: operations: ${operations.length} modelled, ${written.size} written, ${works.size} with a test of what they are for`);
  t.diagnostic(`figures: errors of those written: ${pairs.length} declared, ${provoked} provoked, ${cannot} cannot occur, ${pairs.length - provoked - cannot} not provoked yet`);
});
