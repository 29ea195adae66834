// Import jobs: a list of users as CSV.
import assert from 'node:assert/strict';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, makePool, valueOf, world } from './world.js';

const CloudWatchLogsRoleArn = 'arn:aws:iam::000000000000:role/import';
const create = (UserPoolId, JobName = 'job') => admin('CreateUserImportJob', { UserPoolId, JobName, CloudWatchLogsRoleArn });

// finished waits for a job that runs.
async function finished(one) {
  for (;;) {
    const { UserImportJob: job } = await admin('DescribeUserImportJob', one);
    if (!['Pending', 'InProgress', 'Stopping'].includes(job.Status)) return job;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

works('CreateUserImportJob StartUserImportJob DescribeUserImportJob ListUserImportJobs StopUserImportJob', 'a list is uploaded, and its users are there', async () => {
  const w = await world({ pool: { AutoVerifiedAttributes: ['email'] } });
  const { UserPoolId } = w;
  const { UserImportJob: made } = await create(UserPoolId);
  assert.match(made.JobId, /^import-[A-Za-z0-9]{10}$/);
  assert.deepEqual([made.Status, made.JobName, made.UserPoolId], ['Created', 'job', UserPoolId]);
  const one = { UserPoolId, JobId: made.JobId };
  await refused(admin('StartUserImportJob', one), 'PreconditionNotMetException', 'No file was uploaded for the import job.');
  await refused(admin('StopUserImportJob', one), 'PreconditionNotMetException', 'The import job is not running.');

  const { CSVHeader } = await admin('GetCSVHeader', { UserPoolId });
  const row = (map) => CSVHeader.map((column) => map[column] ?? '').join(',');
  const imported = { 'cognito:username': 'imported', email: 'imported@example.com', email_verified: 'true', phone_number_verified: 'false', 'cognito:mfa_enabled': 'false' };
  const body = [CSVHeader.join(','), row(imported), row({ ...imported, 'cognito:username': 'bad', email: 'no address' })].join('\n');
  const put = async (to, text) => assert.equal((await fetch(to, { method: 'PUT', body: text, headers: { 'x-amz-server-side-encryption': 'aws:kms' } })).status, 200);
  await put(made.PreSignedUrl, body);
  await admin('StartUserImportJob', one);
  const job = await finished(one);
  assert.deepEqual([job.Status, Number(job.ImportedUsers), Number(job.FailedUsers)], ['Succeeded', 1, 1]);
  const { UserStatus, UserAttributes } = await w.get('imported');
  assert.deepEqual([UserStatus, valueOf(UserAttributes, 'email')], ['RESET_REQUIRED', 'imported@example.com']);
  await refused(admin('StartUserImportJob', one), 'PreconditionNotMetException', 'The import job was started before.');

  const long = (await create(UserPoolId, 'another')).UserImportJob;
  await put(long.PreSignedUrl, [CSVHeader.join(','), ...Array.from({ length: 20_000 }, (_, i) => row({ ...imported, 'cognito:username': `u${i}` }))].join('\n'));
  const stopped = { UserPoolId, JobId: long.JobId };
  await admin('StartUserImportJob', stopped);
  for (const [operation, rest] of [['AddCustomAttributes', { CustomAttributes: [{ Name: 'late' }] }], ['UpdateUserPool'], ['DeleteUserPool']]) {
    await refused(admin(operation, { UserPoolId, ...rest }), 'UserImportInProgressException', `User pool ${UserPoolId} cannot be changed while a user import job runs.`);
  }
  await admin('StopUserImportJob', stopped);
  assert.equal((await finished(stopped)).Status, 'Stopped');
  const all = await allPages('ListUserImportJobs', { UserPoolId, MaxResults: 1 }, 'UserImportJobs', 'PaginationToken');
  assert.deepEqual(all.map((j) => j.JobName).sort(), ['another', 'job']);
  await refused(create(await makePool()), 'PreconditionNotMetException', /^The user pool must verify e-mail addresses or phone numbers/);
  for (const operation of ['DescribeUserImportJob', 'StartUserImportJob', 'StopUserImportJob']) {
    await refused(admin(operation, { UserPoolId, JobId: 'import-0000000000' }), 'ResourceNotFoundException');
  }
});
