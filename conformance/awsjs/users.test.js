// Users as administrators see them.
import assert from 'node:assert/strict';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, attributes, lastCode, messages, Password, user, valueOf, world } from './world.js';

const Temporary = 'Temporary-1';

works('AdminCreateUser AdminGetUser', 'an invited user', async () => {
  const w = await world();
  const { UserPoolId } = w;
  const email = 'invited@example.com';
  const { User } = await admin('AdminCreateUser', { UserPoolId, Username: 'invited', UserAttributes: attributes({ email, email_verified: 'true' }), DesiredDeliveryMediums: ['EMAIL'] });
  assert.deepEqual([User.Username, User.UserStatus, User.Enabled], ['invited', 'FORCE_CHANGE_PASSWORD', true]);
  assert.match(valueOf(User.Attributes, 'sub'), /^[0-9a-f]{8}-/);
  const got = await w.get('invited');
  assert.deepEqual(got.UserAttributes, User.Attributes);
  assert.deepEqual([got.UserStatus, got.Enabled, got.UserCreateDate], ['FORCE_CHANGE_PASSWORD', true, User.UserCreateDate]);
  const bySub = await w.get(valueOf(User.Attributes, 'sub'));
  assert.equal(bySub.Username, 'invited', 'the sub names a user too');

  const [, name, sent] = messages(email).at(-1).Body.match(/username is (\S+) and temporary password is (.*)\. $/);
  assert.equal(name, 'invited');
  assert.equal((await w.start('invited', sent)).ChallengeName, 'NEW_PASSWORD_REQUIRED');
  await admin('AdminCreateUser', { UserPoolId, Username: 'invited', MessageAction: 'RESEND', DesiredDeliveryMediums: ['EMAIL'] });
  await refused(w.start('invited', sent), 'NotAuthorizedException', 'Incorrect username or password.');

  const create = (Username, rest = {}) => admin('AdminCreateUser', { UserPoolId, Username, MessageAction: 'SUPPRESS', ...rest });
  await refused(create('invited'), 'UsernameExistsException', 'User account already exists');
  await refused(create('other', { TemporaryPassword: 'weak' }), 'InvalidPasswordException', 'Password did not conform with password policy: Password not long enough');
  await refused(create('other', { UserAttributes: attributes({ nothing: 'x' }) }), 'InvalidParameterException', 'Attributes did not conform to the schema: nothing: Attribute does not exist in the schema.\n');
  await refused(create('other', { UserAttributes: attributes({ phone_number: '0123' }) }), 'InvalidParameterException', 'Invalid phone number format.');
  await refused(create('other', { UserAttributes: attributes({ email: 'nobody' }) }), 'InvalidParameterException', 'Invalid email address format.');
  await refused(create('nobody', { MessageAction: 'RESEND' }), 'UserNotFoundException', 'User does not exist.');
  const confirmed = await w.person();
  await refused(create(confirmed, { MessageAction: 'RESEND' }), 'UnsupportedUserStateException', 'Resend not possible. User status is not FORCE_CHANGE_PASSWORD');
});

works('AdminCreateUser', 'names that are addresses, and aliases', async () => {
  const named = await world({ pool: { UsernameAttributes: ['email'] } });
  const create = (w, Username, map = {}, rest = {}) => admin('AdminCreateUser', { UserPoolId: w.UserPoolId, Username, MessageAction: 'SUPPRESS', UserAttributes: attributes(map), ...rest });
  const { User } = await create(named, 'one@example.com');
  assert.equal(User.Username, valueOf(User.Attributes, 'sub'));
  assert.equal(valueOf(User.Attributes, 'email'), 'one@example.com');
  assert.equal((await named.get('one@example.com')).Username, User.Username);
  await refused(create(named, 'nobody'), 'InvalidParameterException', 'Username should be an email.');
  await refused(create(named, 'one@example.com'), 'UsernameExistsException', 'User account already exists');

  const aliased = await world({ pool: { AliasAttributes: ['email'] } });
  await refused(create(aliased, 'a@example.com'), 'InvalidParameterException', 'Username cannot be of email format, since user pool is configured for email alias.');
  const verified = { email: 'a@example.com', email_verified: 'true' };
  await create(aliased, 'first', verified);
  await refused(create(aliased, 'second', verified), 'UsernameExistsException', 'An account with the given email already exists.');
  await create(aliased, 'second', verified, { ForceAliasCreation: true });
  assert.equal((await aliased.get('a@example.com')).Username, 'second');
  assert.equal(valueOf((await aliased.get('first')).UserAttributes, 'email_verified'), 'false');
  const { UserAttributes } = await aliased.get('first');
  await refused(admin('AdminUpdateUserAttributes', { UserPoolId: aliased.UserPoolId, Username: 'first', UserAttributes: attributes({ email_verified: 'true' }) }), 'AliasExistsException', 'An account with the email already exists.');
  assert.deepEqual((await aliased.get('first')).UserAttributes, UserAttributes);
});

works('AdminSetUserPassword', 'a password, temporary or permanent, and the history of passwords', async () => {
  const w = await world({ pool: { Policies: { PasswordPolicy: { MinimumLength: 8, PasswordHistorySize: 2 } } } });
  const Username = await w.person();
  const { AccessToken } = await w.signIn(Username);
  const set = (value, Permanent) => admin('AdminSetUserPassword', { UserPoolId: w.UserPoolId, Username, Password: value, Permanent });
  await set(Temporary, false);
  assert.equal((await w.get(Username)).UserStatus, 'FORCE_CHANGE_PASSWORD');
  await refused(user('GetUser', { AccessToken }), 'NotAuthorizedException', 'Access Token has been revoked');
  assert.equal((await w.start(Username, Temporary)).ChallengeName, 'NEW_PASSWORD_REQUIRED');
  await set('Another-3', true);
  assert.equal((await w.get(Username)).UserStatus, 'CONFIRMED');
  assert.ok((await w.signIn(Username, 'Another-3')).AccessToken);
  await refused(w.start(Username, Temporary), 'NotAuthorizedException', 'Incorrect username or password.');
  await refused(set('short', true), 'InvalidPasswordException', 'Password did not conform with password policy: Password not long enough');
  await refused(set('Another-3', true), 'PasswordHistoryPolicyViolationException');
});

works('AdminUpdateUserAttributes AdminDeleteUserAttributes', 'attributes', async () => {
  const w = await world({ pool: { Schema: [{ Name: 'badge', AttributeDataType: 'String', Mutable: false }] } });
  const { UserPoolId } = w;
  const Username = await w.person({ email: 'a@example.com', email_verified: 'true', name: 'A', 'custom:badge': '7' });
  const update = (map) => admin('AdminUpdateUserAttributes', { UserPoolId, Username, UserAttributes: attributes(map) });
  const read = async (name) => valueOf((await w.get(Username)).UserAttributes, name);
  await update({ email: 'b@example.com', name: 'B' });
  assert.deepEqual([await read('email'), await read('email_verified'), await read('name')], ['b@example.com', 'false', 'B']);
  await update({ email_verified: 'true', name: '' });
  assert.deepEqual([await read('email_verified'), await read('name')], ['true', undefined], 'an empty value deletes');
  await admin('AdminDeleteUserAttributes', { UserPoolId, Username, UserAttributeNames: ['email'] });
  assert.deepEqual([await read('email'), await read('email_verified')], [undefined, undefined]);
  await refused(update({ 'custom:badge': '8' }), 'InvalidParameterException', 'user.custom:badge: Attribute cannot be updated.\n ');
  await refused(update({ sub: 'me' }), 'InvalidParameterException', 'user.sub: Attribute cannot be updated.\n ');
  await refused(admin('AdminDeleteUserAttributes', { UserPoolId, Username, UserAttributeNames: ['custom:none'] }), 'InvalidParameterException', 'Attributes did not conform to the schema: custom:none: Attribute does not exist in the schema.\n');
});

works('AdminDisableUser AdminEnableUser', 'a disabled user is out, and in again', async () => {
  const w = await world();
  const { UserPoolId } = w;
  const Username = await w.person();
  const { AccessToken, RefreshToken } = await w.signIn(Username);
  await admin('AdminDisableUser', { UserPoolId, Username });
  assert.equal((await w.get(Username)).Enabled, false);
  const disabled = ['NotAuthorizedException', 'User is disabled.'];
  await refused(w.start(Username), ...disabled);
  await refused(user('GetUser', { AccessToken }), ...disabled);
  await refused(w.refresh(RefreshToken), ...disabled);
  await admin('AdminEnableUser', { UserPoolId, Username });
  await refused(w.refresh(RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
  assert.ok((await w.signIn(Username)).AccessToken);
});

works('AdminDeleteUser', 'a deleted user is gone', async () => {
  const w = await world();
  const Username = await w.person();
  const { RefreshToken } = await w.signIn(Username);
  await admin('AdminDeleteUser', { UserPoolId: w.UserPoolId, Username });
  await refused(w.get(Username), 'UserNotFoundException', 'User does not exist.');
  await refused(w.start(Username), 'UserNotFoundException', 'User does not exist.');
  await refused(w.refresh(RefreshToken), 'UserNotFoundException', 'User does not exist.');
});

works('AdminResetUserPassword', 'a user who must reset the password', async () => {
  const w = await world();
  const { UserPoolId, ClientId } = w;
  const Username = await w.person({ email: 'reset@example.com', email_verified: 'true' });
  const { RefreshToken } = await w.signIn(Username);
  await admin('AdminResetUserPassword', { UserPoolId, Username });
  assert.equal((await w.get(Username)).UserStatus, 'RESET_REQUIRED');
  await refused(w.start(Username), 'PasswordResetRequiredException', 'Password reset required for the user');
  await refused(admin('AdminInitiateAuth', { UserPoolId, ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD: Password } }), 'PasswordResetRequiredException', 'Password reset required for the user');
  await refused(w.refresh(RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
  await user('ConfirmForgotPassword', { ClientId, Username, ConfirmationCode: lastCode('reset@example.com'), Password: 'Battery-staple-2' });
  assert.equal((await w.get(Username)).UserStatus, 'CONFIRMED');
  assert.ok((await w.signIn(Username, 'Battery-staple-2')).AccessToken);

  const mute = await w.person();
  await refused(admin('AdminResetUserPassword', { UserPoolId, Username: mute }), 'InvalidParameterException', 'Cannot reset password for the user as there is no registered/verified email or phone_number');
  await admin('AdminCreateUser', { UserPoolId, Username: 'fresh', MessageAction: 'SUPPRESS' });
  await refused(admin('AdminResetUserPassword', { UserPoolId, Username: 'fresh' }), 'NotAuthorizedException', 'User password cannot be reset in the current state.');
});

works('AdminUserGlobalSignOut', 'everything a user holds is revoked', async () => {
  const w = await world();
  const Username = await w.person();
  const held = [await w.signIn(Username), await w.signIn(Username)];
  await admin('AdminUserGlobalSignOut', { UserPoolId: w.UserPoolId, Username });
  for (const { AccessToken, RefreshToken } of held) {
    await refused(user('GetUser', { AccessToken }), 'NotAuthorizedException', 'Access Token has been revoked');
    await refused(w.refresh(RefreshToken), 'NotAuthorizedException', 'Refresh Token has been revoked');
  }
  assert.ok((await w.signIn(Username)).AccessToken);
});

works('ListUsers', 'filters, attributes to get, and pages', async () => {
  const w = await world();
  const { UserPoolId } = w;
  for (const name of ['anna', 'anton', 'berta']) await w.person({ email: `${name}@example.com`, given_name: name }, name);
  await admin('AdminDisableUser', { UserPoolId, Username: 'berta' });
  await admin('AdminCreateUser', { UserPoolId, Username: 'new', MessageAction: 'SUPPRESS' });
  const sub = valueOf((await w.get('anna')).UserAttributes, 'sub');
  const found = async (Filter) => (await admin('ListUsers', { UserPoolId, Filter })).Users.map((u) => u.Username).sort();
  for (const [filter, want] of [
    ['username = "anna"', ['anna']], ['username ^= "an"', ['anna', 'anton']], ['"given_name" = "berta"', ['berta']], ['email ^= "an"', ['anna', 'anton']],
    ['status = "Disabled"', ['berta']], ['status = "Enabled"', ['anna', 'anton', 'new']], ['cognito:user_status = "FORCE_CHANGE_PASSWORD"', ['new']], [`sub = "${sub}"`, ['anna']], ['given_name = "no \\"one\\""', []],
  ]) assert.deepEqual(await found(filter), want, filter);
  for (const filter of ['username', 'username == "a"', 'custom:x = "a"', 'username = "a" and email = "b"', 'username = "a']) {
    await refused(admin('ListUsers', { UserPoolId, Filter: filter }), 'InvalidParameterException', 'Error while parsing filter.');
  }
  const [anna] = (await admin('ListUsers', { UserPoolId, Filter: 'username = "anna"', AttributesToGet: ['email'] })).Users;
  assert.deepEqual(anna.Attributes, attributes({ email: 'anna@example.com' }));
  const all = await allPages('ListUsers', { UserPoolId, Limit: 3 }, 'Users', 'PaginationToken');
  assert.deepEqual(all.map((u) => u.Username).sort(), ['anna', 'anton', 'berta', 'new']);
  const { PaginationToken } = await admin('ListUsers', { UserPoolId, Limit: 1 });
  await refused(admin('ListUsers', { UserPoolId, Filter: 'username ^= "a"', PaginationToken }), 'InvalidParameterException', 'Invalid pagination token given.');
});

works('GetCSVHeader', 'the columns of a list of users', async () => {
  const { UserPoolId } = await world({ pool: { Schema: [{ Name: 'level', AttributeDataType: 'Number' }] } });
  const out = await admin('GetCSVHeader', { UserPoolId });
  assert.equal(out.UserPoolId, UserPoolId);
  for (const column of ['cognito:username', 'cognito:mfa_enabled', 'email', 'email_verified', 'custom:level']) assert.ok(out.CSVHeader.includes(column), column);
  for (const column of ['sub', 'identities']) assert.ok(!out.CSVHeader.includes(column), column);
});
