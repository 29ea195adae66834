// Logs of pools: messages that were lost, and sign-ins.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { env, refused } from './clients.js';
import { works } from './ledger.js';
import { admin, attributes, makePool, user, world } from './world.js';

const LogGroupArn = 'arn:aws:logs:us-east-1:000000000000:log-group:/suite/lost';
const StreamArn = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/suite';
const lost = { EventSource: 'userNotification', LogLevel: 'ERROR', CloudWatchLogsConfiguration: { LogGroupArn } };
const signIns = { EventSource: 'userAuthEvents', LogLevel: 'INFO', FirehoseConfiguration: { StreamArn } };
const set = (UserPoolId, ...LogConfigurations) => admin('SetLogDeliveryConfiguration', { UserPoolId, LogConfigurations });

// logged is every event of a pool that a destination got.
function logged(prefix, pool) {
  const files = readdirSync(env.POOLHOUSE_LOG_DIR).filter((n) => n.startsWith(`${prefix}.`));
  const lines = files.flatMap((n) => readFileSync(join(env.POOLHOUSE_LOG_DIR, n), 'utf8').trimEnd().split('\n'));
  return lines.map((l) => JSON.parse(l)).filter((e) => e.logSourceId.userPoolId === pool);
}

works('SetLogDeliveryConfiguration GetLogDeliveryConfiguration', 'logs are delivered', async () => {
  const { UserPoolId, ClientId, person, signIn, start } = await world({ pool: { UserPoolTier: 'PLUS', AutoVerifiedAttributes: ['email'] } });
  const get = async () => (await admin('GetLogDeliveryConfiguration', { UserPoolId })).LogDeliveryConfiguration;
  assert.deepEqual(await get(), { UserPoolId, LogConfigurations: [] });
  assert.deepEqual((await set(UserPoolId, lost, signIns)).LogDeliveryConfiguration, { UserPoolId, LogConfigurations: [lost, signIns] });
  assert.deepEqual((await get()).LogConfigurations, [lost, signIns]);

  const Username = await person();
  await refused(start(Username, 'wrong'), 'NotAuthorizedException');
  await signIn(Username);
  const [failed, passed] = logged('firehose-suite', UserPoolId);
  assert.deepEqual([failed.eventSource, failed.logLevel, failed.message.eventResponse, failed.message.challenges], ['USER_AUTH_EVENTS', 'INFO', 'Fail', ['Password:Failure']]);
  assert.deepEqual([passed.message.userName, passed.message.eventResponse, passed.message.ipAddress], [Username, 'Pass', '127.0.0.1']);

  const dir = env.POOLHOUSE_MAIL_DIR;
  renameSync(dir, `${dir}.away`);
  writeFileSync(dir, '');
  try {
    await refused(user('SignUp', { ClientId, Username: 'unheard', Password: 'Correct-horse-1', UserAttributes: attributes({ email: 'unheard@example.com' }) }), 'CodeDeliveryFailureException');
  } finally {
    rmSync(dir);
    renameSync(`${dir}.away`, dir);
  }
  const [event] = logged('logs-%2Fsuite%2Flost', UserPoolId);
  assert.deepEqual([event.eventSource, event.logLevel], ['USER_NOTIFICATION', 'ERROR']);
  assert.match(event.message.details, /^EMAIL message \(signup\) to u\*\*\*@e\*\*\* was not delivered: /);
  await set(UserPoolId);
  assert.deepEqual((await get()).LogConfigurations, []);
});

test('configurations that cannot be', async () => {
  const UserPoolId = await makePool();
  const CloudWatchLogsConfiguration = { LogGroupArn };
  for (const [config, text] of [
    [{ ...lost, LogLevel: 'INFO' }, 'The log level of the event source userNotification is ERROR.'],
    [{ EventSource: 'userNotification', LogLevel: 'ERROR' }, /needs one destination/],
    [{ ...signIns, CloudWatchLogsConfiguration }, /needs one destination/],
    [{ ...lost, CloudWatchLogsConfiguration: { LogGroupArn: StreamArn } }, /Invalid ARN of a log destination/],
  ]) await refused(set(UserPoolId, config), 'InvalidParameterException', text);
  await refused(set(UserPoolId, signIns), 'FeatureUnavailableInTierException', /ESSENTIALS pricing tier configured: Threat Protection/);
});
