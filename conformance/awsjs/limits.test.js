// Ceilings on how fast calls may come.
import assert from 'node:assert/strict';
import { refused, works } from './ledger.js';
import { admin } from './world.js';

const category = (Category) => ({ LimitClass: 'API_CATEGORY', Attributes: { Category } });
const limit = async (Category) => (await admin('GetProvisionedLimit', { LimitDefinition: category(Category) })).Limit;
const provision = async (Category, RequestedLimitValue) => (await admin('UpdateProvisionedLimit', { LimitDefinition: category(Category), RequestedLimitValue })).Limit;

works('GetProvisionedLimit UpdateProvisionedLimit', 'the ceiling of a category can be read and changed', async () => {
  const LimitDefinition = category('UserList');
  assert.deepEqual(await limit('UserList'), { LimitDefinition, ProvisionedLimitValue: 30, FreeLimitValue: 30 });
  assert.deepEqual(await provision('UserList', 31), { LimitDefinition, ProvisionedLimitValue: 31, FreeLimitValue: 30 });
  assert.equal((await limit('UserList')).ProvisionedLimitValue, 31);
  await provision('UserList', 30);
});

works('GetProvisionedLimit UpdateProvisionedLimit', 'what is no category, and no ceiling, is refused', async () => {
  const nowhere = 'Category Nothing does not exist.';
  await refused(limit('Nothing'), 'ResourceNotFoundException', nowhere);
  await refused(provision('Nothing', 5), 'ResourceNotFoundException', nowhere);
  for (const Attributes of [{}, { Category: 'UserList', UserPoolId: 'us-east-1_000000000' }]) {
    const LimitDefinition = { LimitClass: 'API_CATEGORY', Attributes };
    const text = 'Attributes must have Category, and nothing else.';
    await refused(admin('GetProvisionedLimit', { LimitDefinition }), 'InvalidParameterException', text);
    await refused(admin('UpdateProvisionedLimit', { LimitDefinition, RequestedLimitValue: 5 }), 'InvalidParameterException', text);
  }
  await refused(provision('UserList', 0), 'InvalidParameterException', 'RequestedLimitValue must be at least 1.');
  await refused(provision('UserList', 1000001), 'ServiceQuotaExceededException', 'RequestedLimitValue must be at most 1000000.');
  assert.equal((await provision('UserList', 30)).ProvisionedLimitValue, (await limit('UserList')).ProvisionedLimitValue);
});
