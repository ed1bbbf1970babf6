// Those who moderate, with real clients of the SDK: who is sent away stays away, who waits waits, who is muted is silent.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Moderation } from '../web/sdk/moderation.js';
import { join, presence } from '../web/sdk/parlor.js';
import { endWithFile } from './harness/cleanup.js';
import { NativeMember, joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { connect, next } from './harness/socketio.js';
import { ask, openStream } from './harness/sse.js';
import { SECRET, claims, mint, now, stateFolder } from './harness/tokens.js';
import { eventually } from './harness/wait.js';
import { openSocket } from './harness/ws.js';

const MOST = 10;

let open;
let guarded;
before(async () => {
  const config = file(`
[rooms]
permanent = ["lobby", "club:closed"]
[room_templates.closed]
waiting_room = true
creator_owns = false
[room_templates.quiet]
rooms = ["quiet-*"]
mute_on_entry = true
role = "listener"
`);
  [open, guarded] = await Promise.all([
    startServer({ args: ['--config', config, '--limits-max-members', String(MOST)] }),
    startServer({ args: ['--tokens-secret', SECRET, '--state-dir', stateFolder().folder] }),
  ]);
});
after(async () => {
  for (const server of [open, guarded]) assert.equal((await server.stop()).code, 0);
});

function file(text) {
  const folder = mkdtempSync(joinPath(tmpdir(), 'parlor-moderation-'));
  endWithFile(() => rmSync(folder, { recursive: true, force: true }));
  const path = joinPath(folder, 'parlor.toml');
  writeFileSync(path, text);
  return path;
}

/** Somebody with the SDK, and with what moderates. */
async function person(room, name, options = {}, server = open) {
  const joined = await join({ room, name, url: server.webSocketUrl, WebSocket, mesh: false, remember: false, ...options });
  endWithFile(() => joined.leave());
  const closed = new Promise((resolve) => joined.on('state', ({ state, reason }) => { if (state === 'closed') resolve(reason.code); }));
  const find = (other) => joined.members.find((member) => member.name === other);
  return { room: joined, moderation: new Moderation(joined), closed, find, seen: (other) => eventually(other, () => find(other)) };
}

const refused = (promise) => promise.then(() => 'joined', ({ code }) => code);

/** A microphone that makes no sound in Node. */
function microphone() {
  const track = Object.assign(new EventTarget(), { kind: 'audio', enabled: true });
  return { track, stream: { getAudioTracks: () => [track], getVideoTracks: () => [] } };
}

test('who was removed hears so, and comes back neither by a resume nor by the same join', async () => {
  const ada = await person('remove', 'Ada');
  const grace = await person('remove', 'Grace');
  const left = new Promise((resolve) => ada.room.on('member-left', resolve));
  await ada.moderation.remove(await ada.seen('Grace'));
  assert.equal(await grace.closed, 'removed');
  assert.equal((await left).reason, 'removed');

  const nonce = 'a nonce that is long enough';
  const eve = new NativeMember(await openSocket(open));
  await eve.join({ room: 'remove', name: 'Eve', nonce });
  await ada.moderation.remove(await ada.seen('Eve'));
  const again = async (message) => (await new NativeMember(await openSocket(open)).request({ protocol: 1, room: 'remove', ...message })).code;
  assert.equal(await again({ type: 'resume', peer: eve.peer, secret: eve.secret, seq: 0 }), 'removed');
  assert.equal(await again({ type: 'join', name: 'Eve', nonce }), 'removed');
});

test('who was banned comes back by no newer token of theirs', async () => {
  const come = (sub, more = {}) => person('ban', sub, { token: mint(claims({ sub, room: 'ban', ...more })) }, guarded);
  const ada = await come('ada', { role: 'owner' });
  const grace = await come('grace');
  await ada.moderation.remove(await ada.seen('grace'), { banMs: 3_600_000 });
  assert.equal(await grace.closed, 'removed');
  assert.equal(await refused(come('grace', { iat: now() + 5, exp: now() + 600 })), 'banned');
  assert.equal(ada.find('grace'), undefined);
  await come('alan');
});

test('in a waiting room somebody is let in, somebody is not, and somebody gives up', async () => {
  const ada = await person('wait', 'Ada');
  await ada.moderation.setRules({ waitingRoom: true });
  let waited;
  const grace = person('wait', 'Grace', { onWaiting: ({ id }) => { waited = id; } });
  const eve = refused(person('wait', 'Eve'));
  const giveUp = new AbortController();
  const alan = refused(person('wait', 'Alan', { signal: giveUp.signal }));
  await eventually('three who wait', () => ada.moderation.waiting.length === 3);
  assert.equal((await presence({ room: 'wait', url: open.webSocketUrl, WebSocket })).members.length, 1);
  const waiting = (name) => ada.moderation.waiting.find((knocker) => knocker.name === name);
  assert.equal(waiting('Grace').id, waited);
  await ada.moderation.admit(waiting('Grace'));
  assert.equal((await grace).room.members.length, 2);
  await ada.moderation.deny(waiting('Eve'));
  assert.equal(await eve, 'denied');
  giveUp.abort();
  assert.equal(await alan, 'aborted');
  await eventually('nobody waits', () => ada.moderation.waiting.length === 0);
});

test('by a stream and by Socket.IO one waits and is let in as well', async () => {
  const ada = await person('wait-all', 'Ada');
  await ada.moderation.setRules({ waitingRoom: true });
  const [stream, denied] = await Promise.all(['Grace', 'Eve'].map((name) => openStream({ port: open.port, room: 'wait-all', name })));
  const socket = await connect(open.url);
  const waits = next(socket, 'parlor:waiting');
  const joined = socket.timeout(10_000).emitWithAck('join-room', 'wait-all', 'Alan');
  const ids = { Grace: (await stream.next('waiting')).data.peer, Eve: (await denied.next('waiting')).data.peer, Alan: (await waits)[0].id };
  await eventually('three who wait', () => ada.moderation.waiting.length === 3);
  const waiting = (name) => ada.moderation.waiting.find((knocker) => knocker.name === name && knocker.id === ids[name]);
  await ada.moderation.admit(waiting('Alan'));
  assert.deepEqual((await joined).members.map(({ name }) => name), ['Ada', 'Alan']);
  await ada.moderation.admit(waiting('Grace'));
  const { data } = await stream.next('joined');
  const said = await ask({ port: open.port, path: '/api/v1/rooms/wait-all/messages', method: 'POST', headers: { Authorization: `Bearer ${data.token}`, 'Content-Type': 'text/plain' }, body: 'I am in' });
  assert.equal(said.status, 200);
  await ada.moderation.deny(waiting('Eve'));
  assert.equal((await denied.next('error')).data.code, 'denied');
  assert.equal((await denied.next('closing')).data.code, 4012);
  const out = next(socket, 'disconnect');
  await ada.moderation.remove(await ada.seen('Alan'));
  assert.equal((await out)[0], 'io server disconnect');
  await ada.moderation.remove(await ada.seen('Grace'));
  assert.equal((await stream.next('closing')).data.reason, 'removed');
});

test('a locked room lets nobody in until it is unlocked', async () => {
  const ada = await person('lock', 'Ada');
  await ada.moderation.setRules({ locked: true });
  assert.equal(await refused(person('lock', 'Grace')), 'room-locked');
  await ada.moderation.setRules({ locked: false });
  const grace = await person('lock', 'Grace');
  assert.deepEqual([grace.moderation.rules.locked, grace.moderation.may], [false, false]);
  await assert.rejects(grace.moderation.setRules({ locked: true }), { code: 'not-permitted' });
  await assert.rejects(grace.moderation.remove(grace.find('Ada')), { code: 'not-permitted' });
});

test('who is muted is silent until they speak up themselves, and who may not publish does not', async () => {
  const ada = await person('mute', 'Ada');
  const grace = await person('mute', 'Grace');
  const { track, stream } = microphone();
  await grace.room.publish('microphone', stream);
  await ada.seen('Grace');
  await eventually('a microphone', () => ada.find('Grace').sources.microphone === 'on');
  await ada.moderation.mute(ada.find('Grace'));
  await eventually('silence', () => !track.enabled);
  assert.deepEqual([grace.room.me.sources.microphone, ada.find('Grace').sources.microphone], ['muted', 'muted']);
  await grace.room.setMuted('microphone', false);
  await eventually('a voice', () => ada.find('Grace').sources.microphone === 'on');
  assert.equal(track.enabled, true);
  await ada.moderation.setRole(ada.find('Grace'), 'listener');
  await eventually('no microphone', () => ada.find('Grace').sources.microphone === 'off');
  await eventually('the news of it', () => grace.room.me.role === 'listener');
  await assert.rejects(grace.room.publish('microphone', stream), { code: 'not-permitted' });
});

test('hands are seen in the order in which they were raised, and lowered by who moderates', async () => {
  const ada = await person('hands', 'Ada');
  const grace = await person('hands', 'Grace');
  await grace.moderation.raiseHand(true);
  await ada.moderation.raiseHand(true);
  await eventually('two hands', () => ada.moderation.hands.length === 2);
  assert.deepEqual(ada.moderation.hands.map(({ name }) => name), ['Grace', 'Ada']);
  await ada.moderation.lowerHand(ada.find('Grace'));
  await eventually('one hand', () => grace.moderation.hands.length === 1);
});

test('an ended room is over for everybody, and a room whose owner left has another', async () => {
  const [ada, grace, alan] = [await person('end', 'Ada'), await person('end', 'Grace'), await person('end', 'Alan')];
  await ada.room.leave();
  await eventually('an heir', () => grace.room.me.role === 'owner');
  await assert.rejects(alan.moderation.end(), { code: 'not-permitted' });
  await grace.moderation.end();
  assert.deepEqual([await grace.closed, await alan.closed], ['room-ended', 'room-ended']);
});

test('who is hidden hears everything and is seen by nobody', async () => {
  const token = (more) => mint(claims({ room: 'hide', ...more }));
  const ada = await person('hide', 'Ada', { token: token({ sub: 'ada', role: 'owner' }) }, guarded);
  const eye = new NativeMember(await openSocket(guarded));
  const grants = ['join', 'subscribe', 'hidden', 'chat'];
  await eye.join({ room: 'hide', name: 'Eye', token: token({ sub: 'eye', grants }) });
  assert.equal(eye.joined.members.length, 2);
  const grace = await person('hide', 'Grace', { token: token({ sub: 'grace' }) }, guarded);
  assert.deepEqual(grace.room.members.map(({ name }) => name), ['Ada', 'Grace']);
  await ada.seen('Grace');
  assert.equal(ada.room.members.length, 2);
  await ada.room.chat('nobody else here');
  assert.equal((await eye.event('chat')).text, 'nobody else here');
  assert.equal((await eye.request({ type: 'chat', text: 'boo' })).code, 'hidden');
  eye.socket.destroy();
});

test('of a storm of joins exactly as many get in as there is room for', async () => {
  const storm = Array.from({ length: 50 }, (_, at) => joinNative({ port: open.port, room: 'storm', name: `No. ${at}` })
    .then((member) => member, (error) => /"code":"([a-z-]+)"/.exec(error.message)[1]));
  const results = await Promise.all(storm);
  const members = results.filter((result) => typeof result !== 'string');
  assert.equal(members.length, MOST);
  assert.deepEqual([...new Set(results.filter((result) => typeof result === 'string'))], ['room-full']);
  for (const { socket } of members) socket.destroy();
});

test('rooms are made as the configuration says', async () => {
  const lobby = await person('lobby', 'Ada');
  assert.equal(lobby.room.me.role, 'owner');
  const quiet = await person('quiet-1', 'Ada');
  assert.deepEqual([quiet.room.me.role, quiet.moderation.rules.muteOnEntry], ['owner', true]);
  const second = await person('quiet-1', 'Grace');
  assert.equal(second.room.me.role, 'listener');
  const giveUp = new AbortController();
  const waiting = new Promise((resolve) => { refused(person('club', 'Ada', { signal: giveUp.signal, onWaiting: resolve })); });
  await waiting;
  giveUp.abort();
});
