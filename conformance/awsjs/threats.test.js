// Threat protection: what is written down of sign-ins, and what is said about them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, makePool, user, world } from './world.js';

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

test('a risk configuration that could not act', async () => {
  const UserPoolId = await makePool(enforced);
  const bad = (part, text) => refused(set(UserPoolId, part), 'InvalidParameterException', text);
  await bad({ RiskExceptionConfiguration: { BlockedIPRangeList: ['192.0.2.1'] } }, 'BlockedIPRangeList: not a network in CIDR notation: "192.0.2.1".');
  await bad({ RiskExceptionConfiguration: { SkippedIPRangeList: ['all'] } }, 'SkippedIPRangeList: not a network in CIDR notation: "all".');
  await bad({ AccountTakeoverRiskConfiguration: { Actions: { LowAction: { EventAction: 'BLOCK', Notify: true } } } }, 'NotifyConfiguration is required where an action has Notify.');
  await bad({ AccountTakeoverRiskConfiguration: { Actions: { LowAction: { EventAction: 'PANIC', Notify: false } } } }, /eventAction/);
  await bad({ CompromisedCredentialsRiskConfiguration: { Actions: { EventAction: 'BLOCK' } } }, /which this server was not given/);
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
