// Threat protection: what is written down of sign-ins, and what is said about them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { env, refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, makePool, messages, Password, user, world } from './world.js';

const watched = { UserPoolTier: 'PLUS', UserPoolAddOns: { AdvancedSecurityMode: 'AUDIT' } };

works('AdminListUserAuthEvents AdminUpdateAuthEventFeedback', 'sign-in events', async () => {
  const { UserPoolId, person, signIn, start } = await world({ pool: watched });
  const Username = await person();
  await refused(start(Username, 'wrong'), 'NotAuthorizedException');
  await signIn(Username);
  const list = () => allPages('AdminListUserAuthEvents', { UserPoolId, Username, MaxResults: 1 }, 'AuthEvents');
  const [passed, failed] = await list();
  assert.deepEqual([passed.EventType, passed.EventResponse, passed.ChallengeResponses], ['SignIn', 'Pass', [{ ChallengeName: 'Password', ChallengeResponse: 'Success' }]]);
  assert.deepEqual([failed.EventType, failed.EventResponse, failed.ChallengeResponses], ['SignIn', 'Fail', [{ ChallengeName: 'Password', ChallengeResponse: 'Failure' }]]);
  assert.equal(passed.EventContextData.IpAddress, '127.0.0.1');
  assert.ok(passed.CreationDate instanceof Date);
  const event = { UserPoolId, Username, EventId: failed.EventId };
  await admin('AdminUpdateAuthEventFeedback', { ...event, FeedbackValue: 'Invalid' });
  const said = (await list())[1].EventFeedback;
  assert.deepEqual([said.FeedbackValue, said.Provider], ['Invalid', 'Admin']);
  await refused(admin('AdminUpdateAuthEventFeedback', { ...event, EventId: 'none', FeedbackValue: 'Valid' }), 'ResourceNotFoundException', 'Event does not exist.');
  await refused(admin('AdminListUserAuthEvents', { UserPoolId, Username, NextToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
  await refused(user('UpdateAuthEventFeedback', { ...event, FeedbackToken: 'forged', FeedbackValue: 'Valid' }), 'NotAuthorizedException', 'Invalid feedback token.');
});

const enforced = { UserPoolTier: 'PLUS', UserPoolAddOns: { AdvancedSecurityMode: 'ENFORCED', AdvancedSecurityAdditionalFlows: { CustomAuthMode: 'AUDIT' } } };
const set = (UserPoolId, rest) => admin('SetRiskConfiguration', { UserPoolId, ...rest });
const described = async (UserPoolId, rest = {}) => {
  const { LastModifiedDate, ...is } = (await admin('DescribeRiskConfiguration', { UserPoolId, ...rest })).RiskConfiguration;
  return is;
};

works('SetRiskConfiguration DescribeRiskConfiguration', 'risk configuration of a pool and of a client', async () => {
  const { UserPoolId, ClientId, person, start, signIn } = await world({ pool: enforced });
  assert.deepEqual(await described(UserPoolId), { UserPoolId });
  const act = (EventAction) => ({ EventAction, Notify: true });
  const mail = { Subject: 'Was it you, {username}?', HtmlBody: '<a href="{one-click-link-valid}">Yes</a>', TextBody: '{one-click-link-invalid}' };
  const whole = {
    AccountTakeoverRiskConfiguration: {
      Actions: { LowAction: act('NO_ACTION'), MediumAction: act('MFA_IF_CONFIGURED'), HighAction: act('BLOCK') },
      NotifyConfiguration: { From: 'us@example.com', ReplyTo: 'help@example.com', SourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/us@example.com', BlockEmail: mail, NoActionEmail: mail, MfaEmail: mail },
    },
    CompromisedCredentialsRiskConfiguration: { EventFilter: ['SIGN_IN', 'SIGN_UP'], Actions: { EventAction: 'NO_ACTION' } },
    RiskExceptionConfiguration: { BlockedIPRangeList: ['192.0.2.0/24', '2001:db8::/32'], SkippedIPRangeList: ['198.51.100.7/32'] },
  };
  const answer = await set(UserPoolId, whole);
  assert.ok(answer.RiskConfiguration.LastModifiedDate instanceof Date);
  assert.deepEqual(await described(UserPoolId), { UserPoolId, ...whole });
  assert.deepEqual(await described(UserPoolId, { ClientId }), { UserPoolId, ClientId });
  const Username = await person();
  await signIn(Username);
  const own = { RiskExceptionConfiguration: { BlockedIPRangeList: ['127.0.0.0/8', '::1/128'], SkippedIPRangeList: [] } };
  await set(UserPoolId, { ClientId, ...own });
  assert.deepEqual((await described(UserPoolId, { ClientId })).RiskExceptionConfiguration.BlockedIPRangeList, ['127.0.0.0/8', '::1/128']);
  await refused(start(Username), 'NotAuthorizedException', 'Unable to login because of security reasons.');
  await set(UserPoolId, { ClientId });
  assert.deepEqual(await described(UserPoolId, { ClientId }), { UserPoolId, ClientId });
  await signIn(Username);
});

// from signs in as a back end does, which tells where its user is.
const from = ({ UserPoolId, ClientId }, Username, browser, PASSWORD = Password) => admin('AdminInitiateAuth', {
  UserPoolId, ClientId, AuthFlow: 'ADMIN_USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD },
  ContextData: { IpAddress: '192.0.2.1', ServerName: 'app', ServerPath: '/', HttpHeaders: [{ headerName: 'User-Agent', headerValue: browser }] },
});
const firefox = 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0';
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const notified = (EventAction) => ({ AccountTakeoverRiskConfiguration: {
  Actions: { LowAction: { EventAction, Notify: true } },
  NotifyConfiguration: { SourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/us@example.com' },
} });

works('UpdateAuthEventFeedback', 'the word of a user whose sign-in was stopped', async () => {
  const w = await world({ pool: enforced });
  const { UserPoolId, person } = w;
  const Username = await person({ email: 'stopped@example.com', email_verified: 'true' });
  assert.ok((await from(w, Username, firefox)).AuthenticationResult);
  await set(UserPoolId, notified('BLOCK'));
  await refused(from(w, Username, chrome), 'NotAuthorizedException', 'Unable to login because of security reasons.');
  const [event] = await allPages('AdminListUserAuthEvents', { UserPoolId, Username, MaxResults: 1 }, 'AuthEvents');
  assert.deepEqual(event.EventRisk, { RiskDecision: 'Block', RiskLevel: 'Low', CompromisedCredentialsDetected: false });
  assert.equal(event.EventContextData.DeviceName, 'Chrome, Linux');
  const link = new URL(messages('stopped@example.com').at(-1).Body.match(/http\S+value=valid/)[0]);
  const EventId = link.searchParams.get('event');
  assert.equal(EventId, event.EventId);
  const word = { UserPoolId, Username, EventId, FeedbackToken: link.searchParams.get('token'), FeedbackValue: 'Valid' };
  await refused(user('UpdateAuthEventFeedback', { ...word, EventId: 'another' }), 'NotAuthorizedException', 'Invalid feedback token.');
  await user('UpdateAuthEventFeedback', word);
  assert.ok((await from(w, Username, chrome)).AuthenticationResult);
});

test('a password that is known from a breach', async () => {
  const w = await world({ pool: enforced });
  const { UserPoolId, ClientId, named, person, get } = w;
  const Leaked = env.POOLHOUSE_LEAKED;
  const Username = await person();
  await named('AdminSetUserPassword')(Username, { Password: Leaked, Permanent: true });
  await set(UserPoolId, { CompromisedCredentialsRiskConfiguration: { Actions: { EventAction: 'BLOCK' } } });
  const leaked = ['InvalidPasswordException', 'Provided password cannot be used for security reasons.'];
  await refused(user('SignUp', { ClientId, Username: 'leaky', Password: Leaked }), ...leaked);
  await refused(named('AdminSetUserPassword')(Username, { Password: Leaked, Permanent: true }), ...leaked);
  await refused(from(w, Username, firefox, Leaked), 'PasswordResetRequiredException', 'Password reset required for the user');
  assert.equal((await get(Username)).UserStatus, 'RESET_REQUIRED');
});

test('a risk configuration that could not act', async () => {
  const UserPoolId = await makePool(enforced);
  const bad = (part, text) => refused(set(UserPoolId, part), 'InvalidParameterException', text);
  await bad({ RiskExceptionConfiguration: { BlockedIPRangeList: ['192.0.2.1'] } }, 'BlockedIPRangeList: not a network in CIDR notation: "192.0.2.1".');
  await bad({ RiskExceptionConfiguration: { SkippedIPRangeList: ['all'] } }, 'SkippedIPRangeList: not a network in CIDR notation: "all".');
  await bad({ AccountTakeoverRiskConfiguration: { Actions: { LowAction: { EventAction: 'BLOCK', Notify: true } } } }, 'NotifyConfiguration is required where an action has Notify.');
  await bad({ AccountTakeoverRiskConfiguration: { Actions: { LowAction: { EventAction: 'PANIC', Notify: false } } } }, /eventAction/);
});

test('where threat protection is off', async () => {
  const { UserPoolId, person } = await world();
  const Username = await person();
  const event = { UserPoolId, Username, EventId: 'event', FeedbackValue: 'Valid' };
  await refused(set(UserPoolId), 'UserPoolAddOnNotEnabledException', `Threat protection is not enabled for user pool ${UserPoolId}.`);
  await refused(described(UserPoolId), 'UserPoolAddOnNotEnabledException');
  await refused(admin('AdminListUserAuthEvents', { UserPoolId, Username }), 'UserPoolAddOnNotEnabledException');
  await refused(admin('AdminUpdateAuthEventFeedback', event), 'UserPoolAddOnNotEnabledException');
  await refused(user('UpdateAuthEventFeedback', { ...event, FeedbackToken: 'x' }), 'UserPoolAddOnNotEnabledException');
});

test('threat protection needs the largest tier', () => (
  refused(makePool({ ...watched, UserPoolTier: 'ESSENTIALS' }), 'FeatureUnavailableInTierException', 'The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection')
));
