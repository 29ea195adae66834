// How a device and the server come to have the same records: list what changed on the
// server since last time, settle what was changed on both sides, send what was changed
// here. The server takes a change only from who has seen the record as it is; else it
// answers that somebody was faster, and all begins again.
import { SyncError, backOff, pause } from './http.js';

const tries = 8;

/** @param {import('./dataset.js').Dataset} dataset */
export async function synchronize(dataset) {
  const result = { received: 0, sent: 0, conflicts: 0 };
  await sendDeletion(dataset);
  for (let lost = 0, again = true; again;) {
    try {
      const listing = await pull(dataset, result, lost > 1);
      const merged = await takeMerged(dataset, listing.merged);
      again = await push(dataset, listing, result);
      for (const other of merged) await finish(other);
    } catch (error) {
      lost += 1;
      if (error.name !== 'ResourceConflictException' || lost === tries) throw error;
      await pause(backOff(Math.min(lost, 3)));
    }
  }
  return result;
}

async function sendDeletion(dataset) {
  let deleted;
  await dataset.update([], (state) => { deleted = state.deleted; });
  if (!deleted) return;
  await dataset.client.api.delete(dataset.name);
  await dataset.update([], () => ({ state: { syncCount: 0 } }));
}

// pull brings in what changed on the server. After a second conflict in a row the whole
// dataset is read: this device may have missed something.
async function pull(dataset, result, all) {
  let since;
  await dataset.update([], (state) => { since = state.syncCount; });
  const listing = await dataset.client.api.list(dataset.name, since);
  if (listing.deleted) await forgetDeleted(dataset);
  else if (all && since > 0) listing.records = (await dataset.client.api.list(dataset.name, 0)).records;
  await receive(dataset, listing, result);
  return listing;
}

// forgetDeleted drops what the server no longer has.
async function forgetDeleted(dataset) {
  const answer = await dataset.options.onDeleted?.(dataset);
  if (answer === false) throw new SyncError('DatasetDeleted', `the dataset ${dataset.name} was deleted elsewhere`, 409);
  await dataset.update(null, (_, records) => ({
    clear: true,
    state: { syncCount: 0 },
    put: [...records.values()].filter((r) => r.value !== null && (r.dirty || answer === 'keep')).map((r) => ({ ...r, dirty: true, syncCount: 0 })),
  }));
  dataset.changed(true);
}

const clean = (remote, edit) => ({ ...remote, dirty: false, edit });
const meets = (local, remote) => local?.dirty && local.syncCount !== remote.syncCount;

// receive stores what the server listed. What was changed here meanwhile, while a
// conflict was being settled, is looked at again.
async function receive(dataset, listing, result) {
  for (let left = listing.records; ;) {
    const now = left, settled = await settle(dataset, now);
    await dataset.update(now.map((r) => r.key), (state, records) => {
      const put = [];
      left = [];
      for (const remote of now) {
        const local = records.get(remote.key), how = settled.get(remote.key);
        if (!local?.dirty) put.push(clean(remote, local?.edit ?? 0));
        else if (!meets(local, remote)) continue; // known already
        else if (how?.edit === local.edit) put.push(how.outcome(local, remote));
        else left.push(remote);
      }
      return { put, state: left.length === 0 ? { ...state, syncCount: listing.count } : state };
    });
    result.conflicts += [...settled.values()].filter((s) => s.conflict).length;
    if (left.length === 0) break;
  }
  result.received += listing.records.length;
  if (listing.records.length > 0) dataset.changed(true);
}

// settle decides about each record that was changed on both sides.
async function settle(dataset, remotes) {
  const found = [], settled = new Map();
  await dataset.update(remotes.map((r) => r.key), (_, records) => {
    for (const remote of remotes) if (meets(records.get(remote.key), remote)) found.push([records.get(remote.key), remote]);
  });
  for (const [local, remote] of found) settled.set(remote.key, { edit: local.edit, ...await decide(dataset, local, remote) });
  return settled;
}

const takeRemote = (local, remote) => clean(remote, local.edit);
const keepLocal = (local, remote) => ({ ...local, syncCount: remote.syncCount });

async function decide(dataset, local, remote) {
  const [here, there] = await Promise.all([side(dataset, local), side(dataset, remote)]);
  if (here.value === there.value) return { outcome: takeRemote }; // an answer was lost, or both wrote the same
  const choice = await dataset.options.onConflict({ key: here.key ?? there.key ?? local.key, local: here, remote: there });
  if (choice === 'remote') return { conflict: true, outcome: takeRemote };
  if (choice === 'local') return { conflict: true, outcome: keepLocal };
  if (choice?.value === undefined) throw new TypeError('onConflict must return "local", "remote" or {value}');
  const key = here.key ?? there.key ?? local.key;
  const value = choice.value === null ? null : await dataset.codec.seal(key, choice.value);
  const modified = dataset.client.connection.time().getTime();
  return { conflict: true, outcome: (l, r) => ({ ...keepLocal(l, r), value, modified, edit: l.edit + 1 }) };
}

async function side(dataset, record) {
  const opened = record.value === null ? { value: null } : await dataset.codec.open(record);
  return { ...opened, modified: record.modified, by: record.by };
}

// push sends what was changed here, and reports whether there is more to do.
async function push(dataset, listing, result) {
  let sent;
  await dataset.update(null, (_, records) => { sent = new Map([...records.values()].filter((r) => r.dirty).map((r) => [r.key, r])); });
  if (sent.size === 0) return false;
  const stored = await dataset.client.api.update(dataset.name, listing.session, [...sent.values()]);
  const left = new Map(sent); // out, by the server's trigger, and nothing stands there
  for (const { key } of stored) left.delete(key);
  let changed = left.size > 0, again = false;
  await dataset.update([...left.keys(), ...stored.map((r) => r.key)], (state, records) => {
    const put = [];
    let seen = true;
    for (const [key, before] of left) {
      const local = records.get(key);
      if (local?.edit === before.edit) put.push({ ...local, value: null, syncCount: 0, dirty: false });
      else again = true;
    }
    for (const remote of stored) {
      const local = records.get(remote.key), before = sent.get(remote.key);
      changed ||= remote.value !== before?.value; // the server's trigger had its say
      if (!local?.dirty || local.edit === before?.edit) put.push(clean(remote, local?.edit ?? 0));
      else if (before) put.push(keepLocal(local, remote)); // changed again meanwhile
      else seen = false;
      again ||= local?.dirty && local.edit !== before?.edit;
    }
    if (stored.length === 0) return { put };
    const count = Math.max(...stored.map((r) => r.syncCount));
    seen &&= count === state.syncCount + 1; // else somebody else's changes lie in between
    again ||= !seen;
    return { put, state: seen ? { ...state, syncCount: count } : state };
  });
  result.sent += sent.size;
  dataset.changed(changed);
  return again;
}

// takeMerged folds in datasets that came from other identities, and returns them.
async function takeMerged(dataset, names) {
  const merged = names.map((name) => dataset.client.merged(dataset, name));
  for (const other of merged) await other.synchronize();
  if (merged.length > 0 && dataset.options.onMerged) await dataset.options.onMerged(dataset, merged);
  else for (const other of merged) await fold(dataset, other);
  return merged;
}

async function fold(dataset, other) {
  const mine = new Map();
  await dataset.update(null, (_, records) => { for (const [key, r] of records) mine.set(key, r.modified); });
  for (const { key, value, error, modified } of await other.list()) {
    if (error) throw error; // nothing is deleted that was not read
    if (!(mine.get(await dataset.codec.key(key)) >= modified)) await dataset.write(key, value, modified);
  }
}

// finish ends the report of a merged dataset, once its records have been sent.
async function finish(other) {
  await other.delete();
  await other.synchronize();
  await other.update(null, () => ({ clear: true }));
}
