// Each operation at its ceiling. It runs when everything else has: the server is as
// good as shut afterwards.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { refused } from './clients.js';
import { declared, operations, signed, written } from './model.js';
import { requests } from './requests.js';
import { admin, makeClient, user, world } from './world.js';

const categories = ['UserAuthentication', 'UserCreation', 'UserAccountRecovery', 'UserToken', 'ClientAuthentication', 'UserRead', 'UserUpdate', 'UserList',
  'UserResourceRead', 'UserResourceUpdate', 'UserPoolRead', 'UserPoolResourceRead', 'UserPoolClientRead', 'UserPoolClientUpdate', 'UserPoolUpdate', 'UserPoolResourceUpdate']; // the last one has UpdateProvisionedLimit

// A ceiling of one a second is ten calls in ten seconds; nodes read it within two.
const enough = 40;

let w;
before(async () => {
  w = await world();
  const { ClientId } = await makeClient(w.UserPoolId);
  const Username = await w.person();
  w = { ...w, ClientId, Username, AccessToken: (await w.signIn(Username)).AccessToken };
  for (const Category of categories) {
    await admin('UpdateProvisionedLimit', { LimitDefinition: { LimitClass: 'API_CATEGORY', Attributes: { Category } }, RequestedLimitValue: 1 });
  }
});

// throttled calls until it is told to stop; what else is answered does not matter.
async function throttled(operation) {
  const call = signed(operation) ? admin : user;
  for (let n = 0; n < enough; n++) {
    const error = await call(operation, requests(w)[operation]).then(() => undefined, (e) => e);
    if (error?.name !== 'TooManyRequestsException') continue;
    await refused(Promise.reject(error), 'TooManyRequestsException', 'Rate exceeded');
    assert.match(error.$response.headers['retry-after'], /^[1-9]\d*$/);
    return;
  }
  throw new Error(`${operation}: answered ${enough} times in a row`);
}

// A window may end between two operations of a category, and what would have been
// refused is done: what ends the app client comes last, as calls that name a client
// which is no more count in no pool. So does what raises a ceiling, which is done ten
// times in any case: nodes hear of it within two seconds.
const ends = (operation) => /^(DeleteUserPool(Client)?|UpdateProvisionedLimit)$/.test(operation);

test('calls above the ceiling are told when to come back', async () => {
  const faults = [];
  const limited = operations.filter((o) => written.has(o) && declared(o).includes('TooManyRequestsException'));
  for (const operation of limited.toSorted((a, b) => ends(a) - ends(b))) {
    await throttled(operation).catch((e) => faults.push(e.message));
  }
  assert.deepEqual(faults, []);
});
