// Messages that cannot be sent: there is a file where their directory was.
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { env, refused } from './clients.js';
import { admin, attributes, Password, user, world } from './world.js';

const dir = env.POOLHOUSE_MAIL_DIR;

async function undelivered(call) {
  renameSync(dir, `${dir}.away`);
  writeFileSync(dir, '');
  try {
    await refused(call(), 'CodeDeliveryFailureException', 'Failed to deliver the message.');
  } finally {
    rmSync(dir);
    renameSync(`${dir}.away`, dir);
  }
}

test('a message that cannot be sent is an error', async () => {
  const w = await world({ pool: { AutoVerifiedAttributes: ['email'] } });
  const { UserPoolId, ClientId } = w;
  const address = (email) => ({ UserAttributes: attributes({ email }) });
  const Username = await w.person({ email: 'lost@example.com', email_verified: 'true' });
  const { AccessToken } = await w.signIn(Username);
  await user('SignUp', { ClientId, Username: 'waiting', Password, ...address('waiting@example.com') });
  for (const [operation, input, caller = user] of [
    ['AdminCreateUser', { UserPoolId, Username: 'invited', DesiredDeliveryMediums: ['EMAIL'], ...address('i@example.com') }, admin],
    ['ForgotPassword', { ClientId, Username }],
    ['GetUserAttributeVerificationCode', { AccessToken, AttributeName: 'email' }],
    ['ResendConfirmationCode', { ClientId, Username: 'waiting' }],
    ['SignUp', { ClientId, Username: 'unheard', Password, ...address('u@example.com') }],
    ['UpdateUserAttributes', { AccessToken, ...address('elsewhere@example.com') }],
  ]) await undelivered(() => caller(operation, input));
});
