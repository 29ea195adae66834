// Remembered devices through amazon-cognito-identity-js, which confirms a new device
// and proves a known one by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admin, Password, world } from '../awsjs/world.js';
import { call, details, promised, storage, userOf } from './rig.js';

// signIn resolves to the session and whether the user has to say if the device is
// one to remember, or to the name of what else is asked for.
function signIn(u) {
  return new Promise((resolve, onFailure) => {
    u.authenticateUser(details(u, Password), { onFailure, onSuccess: (session, ask) => resolve({ session, ask: ask ?? false }), mfaRequired: (name) => resolve({ asked: name }) });
  });
}

async function owner(DeviceConfiguration) {
  const w = await world({ pool: { DeviceConfiguration } });
  const name = await w.person({ phone_number: '+15555550177' });
  const browser = storage();
  const devices = async () => (await admin('AdminListDevices', { UserPoolId: w.UserPoolId, Username: name })).Devices;
  return { w, name, browser, devices, user: (Storage = browser) => userOf(w, name, Storage) };
}

test('a device is remembered at once, and the next sign-in proves it', async () => {
  const o = await owner({ ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: false });
  assert.equal((await signIn(o.user())).ask, false);
  const [device, ...more] = await o.devices();
  assert.deepEqual(more, []);
  await admin('SetUserPoolMfaConfig', { UserPoolId: o.w.UserPoolId, MfaConfiguration: 'ON', SmsMfaConfiguration: { SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/sns' } } });
  const { session } = await signIn(o.user());
  assert.ok(session.isValid(), 'the device took the place of the code');
  assert.deepEqual((await o.devices()).map((d) => d.DeviceKey), [device.DeviceKey]);
  assert.equal((await signIn(o.user(storage()))).asked, 'SMS_MFA', 'another browser is asked for the code');
});

test('a device is remembered when the user says so, seen and forgotten', async () => {
  const o = await owner({ ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true });
  const u = o.user();
  assert.equal((await signIn(u)).ask, true);
  assert.equal(await promised((cb) => u.setDeviceStatusRemembered(cb)), 'SUCCESS');
  assert.equal(await promised((cb) => u.setDeviceStatusNotRemembered(cb)), 'SUCCESS');
  const { Device } = await promised((cb) => u.getDevice(cb));
  assert.deepEqual((await promised((cb) => u.listDevices(10, null, cb))).Devices.map((d) => d.DeviceKey), [Device.DeviceKey]);
  await promised((cb) => u.forgetDevice(cb));
  assert.deepEqual(await o.devices(), []);
});

test('a device that was forgotten elsewhere is a new one', async () => {
  const o = await owner({ ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: false });
  await signIn(o.user());
  const [{ DeviceKey }] = await o.devices();
  await admin('AdminForgetDevice', { UserPoolId: o.w.UserPoolId, Username: o.name, DeviceKey });
  const { session } = await signIn(o.user());
  assert.ok(session.isValid(), 'the library drops the key and repeats the answer');
  assert.notEqual((await o.devices())[0].DeviceKey, DeviceKey);
});

test('a refresh says which device it comes from', async () => {
  const o = await owner({ ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: false });
  const u = o.user();
  const { session } = await signIn(u);
  assert.ok((await call(u, 'refreshSession', session.getRefreshToken())).isValid());
});
