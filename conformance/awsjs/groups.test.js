// Groups and their members.
import assert from 'node:assert/strict';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, claims, makePool, world } from './world.js';

works('CreateGroup GetGroup UpdateGroup DeleteGroup', 'a group', async () => {
  const UserPoolId = await makePool();
  const GroupName = 'staff';
  const settings = { GroupName, UserPoolId, Description: 'all of us', Precedence: 3, RoleArn: 'arn:aws:iam::000000000000:role/staff' };
  const { Group } = await admin('CreateGroup', settings);
  const { CreationDate, LastModifiedDate, ...made } = Group;
  assert.deepEqual(made, settings);
  assert.ok(CreationDate instanceof Date && LastModifiedDate instanceof Date);
  assert.deepEqual((await admin('GetGroup', { UserPoolId, GroupName })).Group, Group);
  await refused(admin('CreateGroup', { UserPoolId, GroupName }), 'GroupExistsException', 'A group with the name already exists.');
  const updated = (await admin('UpdateGroup', { UserPoolId, GroupName, Description: 'some of us' })).Group;
  assert.deepEqual([updated.Description, updated.Precedence, updated.RoleArn], ['some of us', 3, settings.RoleArn], 'only what is given changes');
  await admin('DeleteGroup', { UserPoolId, GroupName });
  for (const operation of ['GetGroup', 'UpdateGroup', 'DeleteGroup', 'ListUsersInGroup']) {
    await refused(admin(operation, { UserPoolId, GroupName }), 'ResourceNotFoundException', 'Group not found.');
  }
});

works('AdminAddUserToGroup AdminListGroupsForUser ListUsersInGroup AdminRemoveUserFromGroup', 'members, and what their tokens say', async () => {
  const w = await world();
  const { UserPoolId } = w;
  const role = (name) => `arn:aws:iam::000000000000:role/${name}`;
  for (const [GroupName, Precedence] of [['low', 9], ['high', 1], ['none', undefined]]) await admin('CreateGroup', { UserPoolId, GroupName, Precedence, RoleArn: role(GroupName) });
  const Username = await w.person();
  const other = await w.person();
  for (const GroupName of ['low', 'high', 'none', 'high']) await admin('AdminAddUserToGroup', { UserPoolId, GroupName, Username });
  await admin('AdminAddUserToGroup', { UserPoolId, GroupName: 'high', Username: other });
  const groups = await allPages('AdminListGroupsForUser', { UserPoolId, Username, Limit: 2 }, 'Groups');
  assert.deepEqual(groups.map((g) => g.GroupName), ['high', 'low', 'none'], 'by precedence');
  const members = await allPages('ListUsersInGroup', { UserPoolId, GroupName: 'high', Limit: 1 }, 'Users');
  assert.deepEqual(members.map((u) => u.Username).sort(), [Username, other].sort());

  const { IdToken, AccessToken } = await w.signIn(Username);
  assert.deepEqual(claims(AccessToken)['cognito:groups'].sort(), ['high', 'low', 'none']);
  assert.equal(claims(IdToken)['cognito:preferred_role'], role('high'));
  assert.deepEqual(claims(IdToken)['cognito:roles'].sort(), ['high', 'low', 'none'].map(role).sort());

  await admin('AdminRemoveUserFromGroup', { UserPoolId, GroupName: 'high', Username });
  assert.deepEqual((await admin('AdminListGroupsForUser', { UserPoolId, Username })).Groups.map((g) => g.GroupName), ['low', 'none']);
  assert.deepEqual(claims((await w.signIn(Username)).IdToken)['cognito:groups'].sort(), ['low', 'none']);
  for (const operation of ['AdminAddUserToGroup', 'AdminRemoveUserFromGroup']) {
    await refused(admin(operation, { UserPoolId, GroupName: 'never', Username }), 'ResourceNotFoundException', 'Group not found.');
  }
  await refused(admin('AdminListGroupsForUser', { UserPoolId, Username, NextToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
});

works('ListGroups', 'groups are listed in pages', async () => {
  const w = await world();
  const { UserPoolId } = w;
  const names = Array.from({ length: 101 }, (_, i) => `group-${String(i).padStart(3, '0')}`);
  for (const GroupName of names) await admin('CreateGroup', { UserPoolId, GroupName });
  const first = await admin('ListGroups', { UserPoolId, Limit: 60 });
  assert.equal(first.Groups.length, 60);
  assert.deepEqual((await allPages('ListGroups', { UserPoolId, Limit: 60 }, 'Groups')).map((g) => g.GroupName).sort(), names);
  await refused(admin('ListGroups', { UserPoolId: await makePool(), NextToken: first.NextToken }), 'InvalidParameterException', 'Invalid pagination token given.');
  const Username = await w.person();
  for (const GroupName of names.slice(1)) await admin('AdminAddUserToGroup', { UserPoolId, GroupName, Username });
  await refused(admin('AdminAddUserToGroup', { UserPoolId, GroupName: names[0], Username }), 'InvalidParameterException', 'A user can be in 100 groups.');
});
