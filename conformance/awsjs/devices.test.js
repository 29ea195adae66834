// Remembered devices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, lastCode, Password, user, valueOf, world } from './world.js';
import * as srp from '../srp.js';
import { verified } from '../jwt.js';

const unknown = 'us-east-1_0d9f3b6a-7c1e-4f52-9a80-1b2c3d4e5f60';
const none = ['ResourceNotFoundException', 'Device does not exist.'];
const tracking = { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: false };

// owner is a user with one confirmed device.
async function owner(DeviceConfiguration = tracking, name = 'laptop') {
  const w = await world({ pool: { DeviceConfiguration } });
  const Username = await w.person({ email: 'device@example.com' });
  const tokens = await w.signIn(Username);
  const { DeviceKey, DeviceGroupKey } = tokens.NewDeviceMetadata;
  const made = srp.device(DeviceGroupKey, DeviceKey);
  const confirm = (rest = {}) => user('ConfirmDevice', { AccessToken: tokens.AccessToken, DeviceKey, DeviceSecretVerifierConfig: made.DeviceSecretVerifierConfig, DeviceName: name, ...rest });
  const { UserConfirmationNecessary } = await confirm();
  return { ...w, ...tokens, Username, DeviceKey, DeviceGroupKey, password: made.password, confirm, UserConfirmationNecessary };
}

// prove answers DEVICE_SRP_AUTH and returns what follows.
async function prove(o, asked, password = o.password) {
  const proof = srp.client();
  const next = await o.respond(asked, { USERNAME: o.Username, DEVICE_KEY: o.DeviceKey, SRP_A: proof.SRP_A });
  assert.equal(next.ChallengeName, 'DEVICE_PASSWORD_VERIFIER');
  return o.respond(next, { USERNAME: o.Username, DEVICE_KEY: o.DeviceKey, ...proof.answer(next.ChallengeParameters, o.DeviceGroupKey, o.DeviceKey, password) });
}

const withDevice = (o) => user('InitiateAuth', { ClientId: o.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: o.Username, PASSWORD: Password, DEVICE_KEY: o.DeviceKey } });

works('ConfirmDevice GetDevice ListDevices ForgetDevice', 'a device is made known, seen and forgotten', async () => {
  const o = await owner();
  const { AccessToken, DeviceKey } = o;
  assert.match(DeviceKey, /^us-east-1_[0-9a-f-]{36}$/);
  assert.match(o.DeviceGroupKey, /^-.{8}$/);
  assert.equal(o.UserConfirmationNecessary, false);
  const { Device } = await user('GetDevice', { AccessToken, DeviceKey });
  assert.equal(Device.DeviceKey, DeviceKey);
  assert.deepEqual(['device_status', 'device_name', 'last_ip_used'].map((n) => valueOf(Device.DeviceAttributes, n)), ['valid', 'laptop', '127.0.0.1']);
  assert.ok(Device.DeviceCreateDate instanceof Date && Device.DeviceLastAuthenticatedDate instanceof Date);
  assert.deepEqual((await user('ListDevices', { AccessToken })).Devices, [Device]);
  await refused(o.confirm(), 'DeviceKeyExistsException');
  await refused(o.confirm({ DeviceKey: unknown }), 'InvalidParameterException', 'Invalid device key given.');
  await refused(user('GetDevice', { DeviceKey }), 'InvalidParameterException', 'Missing required parameter AccessToken');
  await user('ForgetDevice', { AccessToken, DeviceKey });
  assert.deepEqual((await user('ListDevices', { AccessToken })).Devices, []);
  await refused(user('GetDevice', { AccessToken, DeviceKey }), ...none);
  await refused(user('ForgetDevice', { AccessToken, DeviceKey }), ...none);
  await refused(user('ListDevices', { AccessToken, PaginationToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
});

works('UpdateDeviceStatus', 'a device is remembered when its user says so', async () => {
  const o = await owner({ ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true });
  assert.equal(o.UserConfirmationNecessary, true);
  const { AccessToken, DeviceKey } = o;
  const remembered = async () => valueOf((await admin('AdminGetDevice', { UserPoolId: o.UserPoolId, Username: o.Username, DeviceKey })).Device.DeviceAttributes, 'dev:device_remembered_status');
  assert.equal(await remembered(), 'not_remembered');
  await user('UpdateDeviceStatus', { AccessToken, DeviceKey, DeviceRememberedStatus: 'remembered' });
  assert.equal(await remembered(), 'remembered');
  await refused(user('UpdateDeviceStatus', { AccessToken, DeviceKey: unknown, DeviceRememberedStatus: 'remembered' }), ...none);
});

works('AdminGetDevice AdminListDevices AdminUpdateDeviceStatus AdminForgetDevice', 'devices as administrators see them', async () => {
  const o = await owner();
  const { UserPoolId, Username, DeviceKey } = o;
  const one = { UserPoolId, Username, DeviceKey };
  const { Device } = await admin('AdminGetDevice', one);
  assert.equal(valueOf(Device.DeviceAttributes, 'dev:device_remembered_status'), 'remembered');
  assert.match(valueOf(Device.DeviceAttributes, 'dev:device_arn'), new RegExp(`/device/${DeviceKey}$`));
  assert.deepEqual((await admin('AdminListDevices', { UserPoolId, Username })).Devices, [Device]);
  await admin('AdminUpdateDeviceStatus', { ...one, DeviceRememberedStatus: 'not_remembered' });
  assert.equal(valueOf((await admin('AdminGetDevice', one)).Device.DeviceAttributes, 'dev:device_remembered_status'), 'not_remembered');
  await admin('AdminForgetDevice', one);
  assert.deepEqual((await admin('AdminListDevices', { UserPoolId, Username })).Devices, []);
  for (const [operation, rest] of [['AdminGetDevice', {}], ['AdminForgetDevice', {}], ['AdminUpdateDeviceStatus', { DeviceRememberedStatus: 'remembered' }]]) {
    await refused(admin(operation, { ...one, ...rest }), ...none);
  }
});

works('InitiateAuth RespondToAuthChallenge', 'a known device proves itself', async () => {
  const o = await owner();
  const asked = await withDevice(o);
  assert.equal(asked.ChallengeName, 'DEVICE_SRP_AUTH');
  const done = await prove(o, asked);
  await verified(o.UserPoolId, o.ClientId, done.AuthenticationResult);
  assert.equal(done.AuthenticationResult.NewDeviceMetadata, undefined);
  await refused(prove(o, await withDevice(o), 'bm90IHRoZSBwYXNzd29yZA=='), 'NotAuthorizedException', 'Incorrect username or password.');
});

test('a device that was forgotten, or is of another user, is not known', async () => {
  const o = await owner();
  const other = await o.person();
  await refused(user('InitiateAuth', { ClientId: o.ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: other, PASSWORD: Password, DEVICE_KEY: o.DeviceKey } }), ...none);
  await user('ForgetDevice', { AccessToken: o.AccessToken, DeviceKey: o.DeviceKey });
  await refused(withDevice(o), ...none);
});

test('a remembered device takes the place of the second factor', async () => {
  const o = await owner();
  await admin('SetUserPoolMfaConfig', { UserPoolId: o.UserPoolId, MfaConfiguration: 'ON', EmailMfaConfiguration: {} });
  const elsewhere = await o.start(o.Username);
  assert.equal(elsewhere.ChallengeName, 'EMAIL_OTP');
  const done = await o.respond(elsewhere, { USERNAME: o.Username, EMAIL_OTP_CODE: lastCode('device@example.com') });
  assert.ok(done.AuthenticationResult.NewDeviceMetadata, 'a device that is not known yet');
  const asked = await withDevice(o);
  assert.equal(asked.ChallengeName, 'DEVICE_SRP_AUTH');
  assert.ok((await prove(o, asked)).AuthenticationResult.AccessToken);
});

test('with tracking a refresh needs the device', async () => {
  const o = await owner();
  const refresh = (rest) => user('InitiateAuth', { ClientId: o.ClientId, AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: o.RefreshToken, ...rest } });
  await refused(refresh({}), 'NotAuthorizedException', 'Invalid Refresh Token.');
  assert.ok((await refresh({ DEVICE_KEY: o.DeviceKey })).AuthenticationResult.AccessToken);
  const redeem = (rest) => user('GetTokensFromRefreshToken', { ClientId: o.ClientId, RefreshToken: o.RefreshToken, ...rest });
  await refused(redeem({}), 'NotAuthorizedException', 'Invalid Refresh Token.');
  assert.ok((await redeem({ DeviceKey: o.DeviceKey })).AuthenticationResult.AccessToken);
});

test('a pool that does not track devices', async () => {
  const w = await world();
  const { AccessToken, NewDeviceMetadata } = await w.signIn(await w.person());
  assert.equal(NewDeviceMetadata, undefined);
  const { DeviceSecretVerifierConfig } = srp.device('-group', unknown);
  const off = 'InvalidUserPoolConfigurationException';
  await refused(user('ConfirmDevice', { AccessToken, DeviceKey: unknown, DeviceSecretVerifierConfig }), off);
  await refused(user('UpdateDeviceStatus', { AccessToken, DeviceKey: unknown, DeviceRememberedStatus: 'remembered' }), off);
  await refused(admin('AdminUpdateDeviceStatus', { UserPoolId: w.UserPoolId, Username: await w.person(), DeviceKey: unknown, DeviceRememberedStatus: 'remembered' }), off);
});
