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

test('where threat protection is off', async () => {
  const { UserPoolId, person } = await world();
  const Username = await person();
  const event = { UserPoolId, Username, EventId: 'event', FeedbackValue: 'Valid' };
  await refused(admin('AdminListUserAuthEvents', { UserPoolId, Username }), 'UserPoolAddOnNotEnabledException');
  await refused(admin('AdminUpdateAuthEventFeedback', event), 'UserPoolAddOnNotEnabledException');
  await refused(user('UpdateAuthEventFeedback', { ...event, FeedbackToken: 'x' }), 'UserPoolAddOnNotEnabledException');
});

test('threat protection needs the largest tier', () => (
  refused(makePool({ ...watched, UserPoolTier: 'ESSENTIALS' }), 'FeatureUnavailableInTierException', 'The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection')
));
