// User pools, their schema, tags and domains.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, makeClient, makePool, world } from './world.js';

const describe = async (UserPoolId) => (await admin('DescribeUserPool', { UserPoolId })).UserPool;

works('CreateUserPool DescribeUserPool', 'a pool has the defaults that AWS documents', async () => {
  const { UserPool } = await admin('CreateUserPool', { PoolName: 'defaults' });
  assert.match(UserPool.Id, /^us-east-1_[A-Za-z0-9]{9}$/);
  assert.equal(UserPool.Arn, `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${UserPool.Id}`);
  assert.ok(UserPool.CreationDate instanceof Date && UserPool.LastModifiedDate instanceof Date);
  assert.deepEqual(UserPool.Policies, {
    PasswordPolicy: { MinimumLength: 8, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, TemporaryPasswordValidityDays: 7 },
    SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD'] },
  });
  const { DeletionProtection, LambdaConfig, MfaConfiguration, EstimatedNumberOfUsers, EmailConfiguration, UserPoolTags, UserPoolTier } = UserPool;
  assert.deepEqual({ DeletionProtection, LambdaConfig, MfaConfiguration, EstimatedNumberOfUsers, EmailConfiguration, UserPoolTags, UserPoolTier }, {
    DeletionProtection: 'INACTIVE', LambdaConfig: {}, MfaConfiguration: 'OFF', EstimatedNumberOfUsers: 0, EmailConfiguration: { EmailSendingAccount: 'COGNITO_DEFAULT' }, UserPoolTags: {}, UserPoolTier: 'ESSENTIALS',
  });
  assert.deepEqual(UserPool.AdminCreateUserConfig, { AllowAdminCreateUserOnly: false, UnusedAccountValidityDays: 7 });
  assert.deepEqual(UserPool.AccountRecoverySetting, { RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }, { Name: 'verified_phone_number', Priority: 2 }] });
  assert.deepEqual(UserPool.VerificationMessageTemplate, { DefaultEmailOption: 'CONFIRM_WITH_CODE' });
  assert.equal(UserPool.SchemaAttributes[0].Name, 'sub');
  for (const absent of ['SmsConfiguration', 'UserPoolAddOns', 'DeviceConfiguration', 'UsernameConfiguration', 'AliasAttributes', 'UsernameAttributes', 'AutoVerifiedAttributes', 'Domain']) {
    assert.equal(UserPool[absent], undefined, absent);
  }
  assert.deepEqual(await describe(UserPool.Id), UserPool);
});

works('CreateUserPool DescribeUserPool', 'a pool keeps what it was made with', async () => {
  const settings = {
    Policies: { PasswordPolicy: { MinimumLength: 12, RequireNumbers: true, PasswordHistorySize: 3, TemporaryPasswordValidityDays: 2 } },
    AutoVerifiedAttributes: ['email'], UsernameAttributes: ['email'], UsernameConfiguration: { CaseSensitive: false }, DeletionProtection: 'ACTIVE',
    UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] }, AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'admin_only', Priority: 1 }] }, EmailVerificationSubject: 'Hello', EmailVerificationMessage: 'Code {####}',
    UserPoolTags: { a: 'b' },
    Schema: [{ Name: 'given_name', Required: true, Mutable: false }, { Name: 'level', AttributeDataType: 'Number', NumberAttributeConstraints: { MinValue: '1', MaxValue: '9' } }, { Name: 'note', AttributeDataType: 'String', DeveloperOnlyAttribute: true }],
  };
  const UserPoolId = await makePool(settings);
  const pool = await describe(UserPoolId);
  assert.deepEqual(pool.Policies.PasswordPolicy, { MinimumLength: 12, RequireUppercase: false, RequireLowercase: false, RequireNumbers: true, RequireSymbols: false, PasswordHistorySize: 3, TemporaryPasswordValidityDays: 2 });
  for (const member of ['AutoVerifiedAttributes', 'UsernameAttributes', 'UsernameConfiguration', 'DeletionProtection', 'UserAttributeUpdateSettings', 'AccountRecoverySetting', 'EmailVerificationSubject', 'EmailVerificationMessage', 'UserPoolTags']) {
    assert.deepEqual(pool[member], settings[member], member);
  }
  assert.equal(pool.AdminCreateUserConfig.AllowAdminCreateUserOnly, true);
  const attribute = (name) => pool.SchemaAttributes.find((a) => a.Name === name);
  assert.deepEqual([attribute('given_name').Required, attribute('given_name').Mutable], [true, false]);
  assert.deepEqual(attribute('custom:level').NumberAttributeConstraints, { MinValue: '1', MaxValue: '9' });
  assert.equal(attribute('dev:custom:note').DeveloperOnlyAttribute, true);
  await refused(admin('DeleteUserPool', { UserPoolId }), 'InvalidParameterException', 'The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.');
});

works('CreateUserPool', 'settings that contradict each other are refused', async () => {
  const make = (settings) => admin('CreateUserPool', { PoolName: 'bad', ...settings });
  await refused(make({ AliasAttributes: ['email'], UsernameAttributes: ['email'] }), 'InvalidParameterException', 'Only one of the aliasAttributes or usernameAttributes can be set in a user pool.');
  await refused(make({ MfaConfiguration: 'ON' }), 'InvalidParameterException');
  await refused(make({ Policies: { PasswordPolicy: { MinimumLength: 5 } } }), 'InvalidParameterException', /Member must have value greater than or equal to 6/);
  await refused(make({ Schema: [{ Name: 'x', AttributeDataType: 'String', Required: true }] }), 'InvalidParameterException', 'Required custom attributes are not supported currently.');
  const Schema = Array.from({ length: 50 }, (_, i) => ({ Name: `c${i}`, AttributeDataType: 'String' }));
  await refused(make({ Schema: [...Schema, { Name: 'last', AttributeDataType: 'String' }] }), 'InvalidParameterException', /Member must have length less than or equal to 50/);
  assert.ok((await make({ Schema })).UserPool.Id);
});

test('what a smaller tier does not have', async () => {
  const lite = (feature) => ['FeatureUnavailableInTierException', `The following features need to be disabled for the LITE pricing tier configured: ${feature}`];
  const Policies = { PasswordPolicy: { MinimumLength: 8, PasswordHistorySize: 3 } };
  await refused(admin('CreateUserPool', { PoolName: 'lite', UserPoolTier: 'LITE', Policies }), ...lite('Password History'));
  const UserPoolId = await makePool({ UserPoolTier: 'LITE' });
  assert.equal((await describe(UserPoolId)).UserPoolTier, 'LITE');
  await refused(admin('UpdateUserPool', { UserPoolId, UserPoolTier: 'LITE', Policies }), ...lite('Password History'));
  await refused(admin('SetUserPoolMfaConfig', { UserPoolId, MfaConfiguration: 'OPTIONAL', EmailMfaConfiguration: {} }), ...lite('Email MFA'));
  const ExplicitAuthFlows = ['ALLOW_USER_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];
  await refused(admin('CreateUserPoolClient', { UserPoolId, ClientName: 'c', ExplicitAuthFlows }), ...lite('Choice-Based Sign-In'));
  const { ClientId } = await makeClient(UserPoolId);
  await refused(admin('UpdateUserPoolClient', { UserPoolId, ClientId, ExplicitAuthFlows }), ...lite('Choice-Based Sign-In'));
  const Domain = 'tiers-suite';
  await refused(admin('CreateUserPoolDomain', { UserPoolId, Domain, ManagedLoginVersion: 2 }), 'FeatureUnavailableInTierException');
  await admin('CreateUserPoolDomain', { UserPoolId, Domain });
  await refused(admin('UpdateUserPoolDomain', { UserPoolId, Domain, ManagedLoginVersion: 2 }), 'FeatureUnavailableInTierException');
  await admin('UpdateUserPool', { UserPoolId, UserPoolTier: 'ESSENTIALS', Policies });
  await admin('UpdateUserPoolDomain', { UserPoolId, Domain, ManagedLoginVersion: 2 });
  await refused(admin('UpdateUserPool', { UserPoolId, UserPoolTier: 'LITE' }), 'TierChangeNotAllowedException');
});

works('UpdateUserPool', 'an update sets what it names and resets the rest', async () => {
  const UserPoolId = await makePool({ PoolName: 'before', AutoVerifiedAttributes: ['email'], UserPoolTags: { a: 'b' } });
  await admin('UpdateUserPool', { UserPoolId, UserPoolTags: { stage: 'test' }, EmailVerificationSubject: 'New' });
  const pool = await describe(UserPoolId);
  assert.deepEqual(pool.UserPoolTags, { stage: 'test' });
  assert.equal(pool.EmailVerificationSubject, 'New');
  assert.equal(pool.AutoVerifiedAttributes, undefined);
  assert.equal(pool.Name, 'before');
  await admin('UpdateUserPool', { UserPoolId, PoolName: 'after' });
  assert.equal((await describe(UserPoolId)).Name, 'after');
  await refused(admin('UpdateUserPool', { UserPoolId, UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] } }), 'InvalidParameterException');
});

works('ListUserPools', 'pools are listed in pages', async () => {
  const made = [await makePool(), await makePool(), await makePool()];
  const first = await admin('ListUserPools', { MaxResults: 2 });
  assert.equal(first.UserPools.length, 2);
  const all = await allPages('ListUserPools', { MaxResults: 2 }, 'UserPools');
  assert.equal(new Set(all.map((p) => p.Id)).size, all.length, 'none comes twice');
  assert.ok(made.every((id) => all.some((p) => p.Id === id && p.Name === 'suite')));
  await refused(admin('ListUserPools', { MaxResults: 2, NextToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
  await refused(admin('ListUserPools', { MaxResults: 61 }), 'InvalidParameterException', /Member must have value less than or equal to 60/);
});

works('DeleteUserPool', 'a deleted pool is gone, its users too', async () => {
  const w = await world();
  const name = await w.person();
  await admin('DeleteUserPool', { UserPoolId: w.UserPoolId });
  const gone = `User pool ${w.UserPoolId} does not exist.`;
  await refused(admin('DescribeUserPool', { UserPoolId: w.UserPoolId }), 'ResourceNotFoundException', gone);
  await refused(w.get(name), 'ResourceNotFoundException', gone);
  await refused(w.start(name), 'ResourceNotFoundException', `User pool client ${w.ClientId} does not exist.`);
});

works('AddCustomAttributes', 'custom attributes are added and used', async () => {
  const w = await world();
  const { UserPoolId } = w;
  await admin('AddCustomAttributes', { UserPoolId, CustomAttributes: [{ Name: 'colour', AttributeDataType: 'String', StringAttributeConstraints: { MaxLength: '5' } }, { Name: 'secret', AttributeDataType: 'String', DeveloperOnlyAttribute: true }] });
  const names = (await describe(UserPoolId)).SchemaAttributes.map((a) => a.Name);
  assert.deepEqual(names.slice(-2), ['custom:colour', 'dev:custom:secret']);
  const name = await w.person({ 'custom:colour': 'green', 'dev:custom:secret': 'x' });
  assert.ok((await w.get(name)).UserAttributes.some((a) => a.Name === 'custom:colour' && a.Value === 'green'));
  await refused(w.person({ 'custom:colour': 'yellow' }), 'InvalidParameterException', /^Attributes did not conform to the schema: custom:colour: /);
  await refused(admin('AddCustomAttributes', { UserPoolId, CustomAttributes: [{ Name: 'colour', AttributeDataType: 'String' }] }), 'InvalidParameterException', 'custom:colour: Existing attribute already has name custom:colour.');
  for (const prefix of ['a', 'b']) {
    const CustomAttributes = Array.from({ length: 24 }, (_, i) => ({ Name: `${prefix}${i}`, AttributeDataType: 'Number' }));
    await admin('AddCustomAttributes', { UserPoolId, CustomAttributes });
  }
  await refused(admin('AddCustomAttributes', { UserPoolId, CustomAttributes: [{ Name: 'last', AttributeDataType: 'Number' }] }), 'InvalidParameterException', 'A user pool can have 50 custom attributes.');
});

works('TagResource UntagResource ListTagsForResource', 'tags', async () => {
  const ResourceArn = `arn:aws:cognito-idp:us-east-1:000000000000:userpool/${await makePool({ UserPoolTags: { a: '1' } })}`;
  const tags = async () => (await admin('ListTagsForResource', { ResourceArn })).Tags;
  await admin('TagResource', { ResourceArn, Tags: { a: '2', b: '3' } });
  assert.deepEqual(await tags(), { a: '2', b: '3' });
  await admin('UntagResource', { ResourceArn, TagKeys: ['a', 'never'] });
  assert.deepEqual(await tags(), { b: '3' });
  await refused(admin('TagResource', { ResourceArn, Tags: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'v'])) }), 'InvalidParameterException', 'A user pool can have 50 tags.');
  const foreign = { ResourceArn: 'arn:aws:cognito-idp:us-east-1:999999999999:userpool/us-east-1_000000000' };
  for (const [operation, rest] of [['TagResource', { Tags: { a: 'b' } }], ['UntagResource', { TagKeys: ['a'] }], ['ListTagsForResource', {}]]) {
    await refused(admin(operation, { ...foreign, ...rest }), 'InvalidParameterException', `Invalid resource ARN: ${foreign.ResourceArn}`);
  }
});

works('CreateUserPoolDomain DescribeUserPoolDomain UpdateUserPoolDomain DeleteUserPoolDomain', 'a domain prefix', async () => {
  const UserPoolId = await makePool();
  const Domain = 'js-suite';
  await admin('CreateUserPoolDomain', { UserPoolId, Domain });
  const read = async () => (await admin('DescribeUserPoolDomain', { Domain })).DomainDescription;
  const { UserPoolId: id, AWSAccountId, Status, ManagedLoginVersion } = await read();
  assert.deepEqual({ id, AWSAccountId, Status, ManagedLoginVersion }, { id: UserPoolId, AWSAccountId: '000000000000', Status: 'ACTIVE', ManagedLoginVersion: 1 });
  assert.equal((await admin('UpdateUserPoolDomain', { UserPoolId, Domain, ManagedLoginVersion: 2 })).ManagedLoginVersion, 2);
  assert.equal((await read()).ManagedLoginVersion, 2);
  assert.equal((await describe(UserPoolId)).Domain, Domain);

  await refused(admin('DeleteUserPool', { UserPoolId }), 'InvalidParameterException', 'User pool cannot be deleted. It has a domain configured that should be deleted first.');
  await refused(admin('CreateUserPoolDomain', { UserPoolId: await makePool(), Domain }), 'InvalidParameterException', 'Domain already associated with another user pool.');
  for (const word of ['cognito', 'aws', 'amazon']) {
    await refused(admin('CreateUserPoolDomain', { UserPoolId: await makePool(), Domain: `my-${word}-app` }), 'InvalidParameterException', `Domain cannot contain reserved word: ${word}`);
  }
  await refused(admin('UpdateUserPoolDomain', { UserPoolId, Domain: 'another' }), 'InvalidParameterException', 'No such domain or user pool exists.');
  await refused(admin('DeleteUserPoolDomain', { UserPoolId, Domain: 'another' }), 'InvalidParameterException', 'No such domain or user pool exists.');
  await admin('DeleteUserPoolDomain', { UserPoolId, Domain });
  assert.deepEqual(await read(), {}, 'an unknown domain is an empty description');
  await admin('DeleteUserPool', { UserPoolId });
});
