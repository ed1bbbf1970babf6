// Who is in the room, also when the server was started anew and gave everybody another id.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemberRecord, Roster } from '../sdk/roster.js';

/** @param {string} peer @param {Partial<import('../sdk/wire.js').WireMember>} [more] @returns {import('../sdk/wire.js').WireMember} */
const member = (peer, more = {}) => ({ peer, name: peer[0] ?? '', attributes: {}, role: 'speaker', permissions: [], tracks: [], state: 'connected', incarnation: 1,
  order: Number(peer.slice(1)), ...more });

/** @param {Roster} roster */
function changes(roster) {
  const all = [];
  for (let change = roster.pollChange(); change; change = roster.pollChange()) all.push(`${change.kind} ${change.record.id}`);
  return all;
}

/** Me (m1), and a2, b3, c4; the server was started anew at 0, and a and b are connected directly. */
function restarted() {
  const roster = new Roster();
  roster.handlePicture({ members: ['m1', 'a2', 'b3', 'c4'].map((id) => member(id)), me: 'm1', fresh: true, now: 0 }, () => false);
  changes(roster);
  const [a, b] = [roster.get('a2'), roster.get('b3')];
  assert.ok(a && b);
  roster.handlePicture({ members: [member('m11')], me: 'm11', fresh: true, now: 0 }, (record) => record === a || record === b);
  return { roster, a, b, first: changes(roster) };
}

test('members who are connected directly are kept, the others have left', () => {
  const { roster, a, first } = restarted();
  assert.deepEqual(first, ['orphaned a2', 'orphaned b3', 'left c4', 'updated m11']);
  assert.deepEqual([a.face.state, roster.me?.id], ['reconnecting', 'm11']);
});

test('who proves to be an orphan is the same member under another id, and what they sent meanwhile is not lost', () => {
  const { roster, a } = restarted();
  const { face } = a;
  roster.handleMember(member('a12'), 100);
  assert.deepEqual(changes(roster), [], 'nobody joins before it is known whether somebody returned');
  const event = /** @type {const} */ ({ type: 'message', seq: 9, from: 'a12', data: 1 });
  assert.equal(roster.hold('a12', event), true);
  roster.handleProof(a, 'a12');
  assert.deepEqual(roster.pollChange(), { kind: 'rebound', record: a, events: [event] });
  assert.deepEqual([roster.get('a12')?.face, face.id, face.state], [face, 'a12', 'connected']);
  assert.equal(roster.hold('a12', event), false);
});

test('who proves nothing joins after three seconds, or as soon as nobody is missing', () => {
  const { roster, a, b } = restarted();
  roster.handleMember(member('x12'), 100);
  roster.handleTimeout(3_099);
  assert.deepEqual(changes(roster), []);
  roster.handleTimeout(3_100);
  assert.deepEqual(changes(roster), ['joined x12']);
  roster.handleMember(member('y13'), 4_000);
  roster.handleUnreached(a);
  roster.handleUnreached(b);
  assert.deepEqual(changes(roster), ['left a2', 'left b3', 'joined y13']);
});

test('an orphan that nobody claims leaves after twenty seconds', () => {
  const { roster } = restarted();
  assert.equal(roster.pollTimeout(), 20_000);
  roster.handleTimeout(20_000);
  assert.deepEqual(changes(roster), ['left a2', 'left b3']);
});

test('a proof for a member who is there already is worth nothing', () => {
  const { roster, a } = restarted();
  roster.handleMember(member('x12'), 0);
  roster.handleTimeout(3_000);
  changes(roster);
  roster.handleProof(a, 'x12');
  roster.handleProof(a, 'nobody');
  assert.deepEqual(changes(roster), []);
});

test('a raised incarnation is a new start, a changed state is not', () => {
  const roster = new Roster();
  roster.handlePicture({ members: [member('m1'), member('a2')], me: 'm1', fresh: true, now: 0 }, () => false);
  changes(roster);
  roster.handleMember(member('a2', { state: 'reconnecting' }), 0);
  roster.handleMember(member('a2', { incarnation: 2 }), 0);
  assert.deepEqual(changes(roster), ['updated a2', 'updated a2', 'renewed a2']);
});

test('who was reached through the server alone is known by the start of their SDK and their identity', () => {
  const sdk = 'abcdefghijklmnopqrstuv';
  const roster = new Roster();
  const before = ['m1', 'a2', 'b3'].map((id) => member(id, { permissions: ['message'], attributes: { sdk: id === 'a2' ? sdk : sdk.toUpperCase() } }));
  roster.handlePicture({ members: before, me: 'm1', fresh: true, now: 0 }, () => false);
  const [a, b] = [roster.get('a2'), roster.get('b3')];
  roster.handlePicture({ members: [member('m11')], me: 'm11', fresh: true, now: 0 }, (record) => record === b);
  changes(roster);
  roster.handleMember(member('x12', { attributes: { sdk }, identity: 'somebody' }), 100);
  roster.handleMember(member('y13', { attributes: { sdk: sdk.toUpperCase() } }), 100);
  assert.deepEqual(changes(roster), [], 'another identity is another person, and who has a channel must prove it there');
  roster.handleMember(member('a14', { attributes: { sdk } }), 200);
  assert.deepEqual(changes(roster), ['rebound a14']);
  assert.equal(roster.get('a14'), a);
});

test('what a member may not publish, or is muted, is not played', () => {
  const stream = (/** @type {string[]} */ ...kinds) => {
    const tracks = kinds.map((kind) => ({ kind, enabled: true }));
    return /** @type {any} */ ({ getTracks: () => tracks });
  };
  const record = new MemberRecord(member('a1', { permissions: ['microphone', 'camera'] }), false);
  record.media = stream('audio', 'video');
  record.screen = stream('video');
  const played = () => {
    record.heed();
    return [record.media, record.screen].map((one) => one?.getTracks().map(({ enabled }) => enabled));
  };
  assert.deepEqual(played(), [[true, true], [false]]);
  record.wire = member('a1', { permissions: ['microphone', 'camera', 'screen'], tracks: [{ source: 'microphone', muted: true }] });
  assert.deepEqual(played(), [[false, true], [true]]);
  record.wire = member('a1', { permissions: [], tracks: [] });
  assert.deepEqual(played(), [[false, false], [false]]);
});

test('who may give no data is sent it without numbers, because it could not acknowledge them', () => {
  const attributes = { sdk: 'a'.repeat(22) };
  assert.equal(new MemberRecord(member('a1', { attributes, permissions: ['message'] }), false).usesSdk, true);
  assert.equal(new MemberRecord(member('a1', { attributes }), false).usesSdk, false);
});
