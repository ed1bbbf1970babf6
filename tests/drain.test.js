// A server that ends while people talk, and the next one on the same port: nothing is lost, nothing comes twice, and
// who can't be resumed is told so.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { join } from '../web/sdk/parlor.js';
import { launchBrowser, until } from './harness/browser.js';
import { http } from './harness/http.js';
import { mediaFlows, received, rememberPeerConnections } from './harness/media.js';
import { joinNative, NativeMember } from './harness/native.js';
import { freePort, startServer } from './harness/server.js';
import { TRANSPORTS } from './harness/socketio.js';
import { NativeTalker, SocketIoTalker } from './harness/talk.js';
import { assertComplete, settleTraffic, startTraffic } from './harness/traffic.js';
import { eventually } from './harness/wait.js';
import { openSocket } from './harness/ws.js';

const NAMES = ['Ada', 'Grace', 'Alan', 'Edsger'];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const env = { PARLOR_DRAIN_TIMEOUT: '1500ms' };

/** Stops the first server; the second one waits for its port. */
async function relieve(first) {
  const stopped = first.stop();
  const second = await startServer({ port: first.port, args: ['--port-wait', '30s'], env });
  const { code } = await stopped;
  assert.equal(code, 0);
  return second;
}

test('what the server has answered, everybody has heard before they are closed, and nothing else', { timeout: 60_000 }, async (t) => {
  const server = await startServer({ env });
  const rooms = ['one', 'two', 'three'].map((room) => NAMES.map((name) => new NativeTalker({ port: server.port, room, name })));
  const everybody = rooms.flat();
  await eventually('everybody is in', () => everybody.every(({ joined }) => joined));
  for (const talker of everybody) void talker.talk();
  await eventually('all talk', () => everybody.every(({ acknowledged }) => acknowledged.length > 20));
  const { code } = await server.stop();
  await Promise.all(everybody.map(({ ended }) => ended));
  assert.equal(code, 0);
  for (const talker of everybody) {
    assert.deepEqual(talker.closed, { code: 1001, reason: 'server-stopping' }, talker.name);
    assert.deepEqual(talker.refused, [], talker.name);
    assert.ok(talker.leaving.inMs > 0 && talker.leaving.inMs <= 1_500, 'told when');
  }
  for (const room of rooms) {
    for (const listener of room) {
      for (const speaker of room) assert.deepEqual(listener.heard[speaker.peer], speaker.acknowledged, `${listener.name} hears ${speaker.name}`);
    }
  }
  const said = everybody.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  t.diagnostic(`${said} lines acknowledged to ${everybody.length} members, each heard by ${NAMES.length}, none of the others by anybody`);
});

test('SDK members without direct connections go on with the next server: every message once and in order, the chat too', { timeout: 90_000 }, async (t) => {
  const first = await startServer({ env });
  const people = [];
  for (const roomName of ['north', 'south']) {
    for (const name of NAMES) people.push(await sdkTalker({ server: first, roomName, name }));
  }
  await eventually('all see all', () => people.every(({ room }) => room.members.length === NAMES.length));
  for (const person of people) talk(person);
  await pause(1_000);
  const second = await relieve(first);
  await eventually('all are back', () => people.every(({ room }) => room.state === 'connected' && room.members.length === NAMES.length), 20_000);
  await pause(1_000);
  for (const { timers } of people) timers.forEach(clearInterval);
  for (const roomName of ['north', 'south']) {
    const members = people.filter((person) => person.roomName === roomName);
    const chats = members.reduce((sum, { seen }) => sum + seen.said, 0);
    await eventually('all was heard', () => members.every(({ seen }) => seen.chats.length >= chats
      && members.every((other) => other.seen === seen || (seen.heard[other.seen.label]?.length ?? 0) >= other.seen.sent)), 20_000).catch(() => {});
    assertComplete(members.map(({ seen }) => seen));
    const sent = members.reduce((sum, { seen }) => sum + seen.sent, 0);
    t.diagnostic(`${roomName}: ${sent} messages to ${NAMES.length - 1} each, ${chats} lines of chat`);
  }
  for (const { seen } of people) {
    assert.equal(seen.left, 0, `${seen.label} sees nobody leave`);
    assert.equal(seen.goingAway.length, 1, 'told when');
    assert.deepEqual(seen.anew, [true], 'and that the server knows nothing of before');
  }
  await Promise.all(people.map(({ room }) => room.leave()));
  assert.equal((await second.stop()).code, 0);
});

/** A member in this process, who goes through the server alone. */
async function sdkTalker({ server, roomName, name }) {
  const room = await join({ url: server.webSocketUrl, room: roomName, name, WebSocket, mesh: false });
  const seen = { label: name, sent: 0, said: 0, heard: {}, chats: [], left: 0, errors: [], goingAway: [], anew: [] };
  room.on('message', ({ data }) => (seen.heard[data.by] ??= []).push(data.n));
  room.on('chat', ({ text }) => seen.chats.push(text));
  room.on('member-left', () => { seen.left += 1; });
  room.on('going-away', (detail) => seen.goingAway.push(detail));
  room.on('state', ({ state, anew }) => { if (state === 'connected') seen.anew.push(anew); });
  return { room, roomName, seen, timers: [] };
}

function talk({ room, seen, timers }) {
  const note = (error) => seen.errors.push(`${error.code}: ${error.message}`);
  timers.push(
    setInterval(() => void room.send({ by: seen.label, n: seen.sent++ }).catch(note), 20),
    setInterval(() => void room.chat(`${seen.label} says ${seen.said++}`).catch(note), 200),
  );
}

test('Socket.IO clients reconnect by themselves: what was acknowledged was heard once, and they are told that nothing was recovered', { timeout: 90_000 }, async (t) => {
  const first = await startServer({ env });
  const { url } = first;
  const people = Object.entries(TRANSPORTS).flatMap(([way, transports]) =>
    ['Ada', 'Grace'].map((name) => new SocketIoTalker({ url, room: 'mixed', name: `${name} by ${way}`, transports })));
  await eventually('everybody is in', () => people.every(({ joined }) => joined));
  for (const talker of people) void talker.talk();
  await pause(1_000);
  const before = people.map(({ said }) => said);
  const second = await relieve(first);
  await eventually('all are back', () => people.every(({ joined, connects }) => joined && connects === 2), 20_000);
  await eventually('all go on', () => people.every(({ said }, index) => said > before[index] + 20), 20_000);
  for (const talker of people) talker.hush();
  await pause(500);
  for (const listener of people) {
    assert.equal(listener.recoveries, 0, 'the new server knows nothing of before');
    for (const speaker of people) {
      if (speaker === listener) continue;
      const heard = listener.heard[speaker.name];
      assert.deepEqual(heard, [...new Set(heard)].sort((a, b) => a - b), `${listener.name} hears ${speaker.name} once and in order`);
      // What is said before the listener has joined anew is not for them; all else is whole.
      const gaps = heard.filter((n, index) => n !== (heard[index - 1] ?? -1) + 1);
      assert.ok(gaps.length <= 1 && heard.at(-1) === speaker.said - 1, `${listener.name} misses ${gaps.length} parts of ${speaker.name}`);
    }
  }
  t.diagnostic(`${people.reduce((sum, { said }) => sum + said, 0)} events acknowledged`);
  assert.equal((await second.stop()).code, 0);
});

test('while it drains, rooms go on, people come to them, new rooms begin elsewhere', { timeout: 30_000 }, async () => {
  const server = await startServer({ env: { PARLOR_DRAIN_TIMEOUT: '1h' } });
  const { port } = server;
  const ada = await joinNative({ port, room: 'standup', name: 'Ada' });
  server.signal('SIGTERM');
  assert.equal((await ada.event('going-away')).inMs > 3_590_000, true);
  assert.equal((await http({ port, path: '/readyz' })).status, 503);
  assert.equal((await http({ port, path: '/livez' })).status, 200);
  const grace = await joinNative({ port, room: 'standup', name: 'Grace' });
  assert.ok(await grace.event('going-away'), 'who comes late is told too');
  await grace.request({ type: 'chat', text: 'still here' });
  assert.equal((await ada.event('chat')).text, 'still here');
  const alan = new NativeMember(await openSocket({ port }));
  const refused = await alan.join({ room: 'retro', name: 'Alan' });
  assert.deepEqual([refused.code, refused.retryAfterMs > 0], ['draining', true]);
  for (const { socket } of [ada, grace, alan]) socket.destroy();
  // The grace time of their sessions keeps nobody waiting.
  assert.equal((await server.exited).code, 0);
});

test('a second signal ends it at once, and SIGINT waits for nobody', { timeout: 30_000 }, async () => {
  const patient = await startServer({ env: { PARLOR_DRAIN_TIMEOUT: '1h' } });
  const ada = await joinNative({ port: patient.port, room: 'standup', name: 'Ada' });
  patient.signal('SIGTERM');
  await ada.event('going-away');
  patient.signal('SIGTERM');
  assert.equal((await patient.exited).code, 143);
  const hasty = await startServer({ env: { PARLOR_DRAIN_TIMEOUT: '1h' } });
  const grace = await joinNative({ port: hasty.port, room: 'standup', name: 'Grace' });
  hasty.signal('SIGINT');
  assert.deepEqual(await grace.socket.closed(), { code: 1001, reason: 'server-stopping' });
  assert.equal((await hasty.exited).code, 0);
});

test('clients go where they are sent', { timeout: 60_000 }, async () => {
  const there = await startServer();
  const here = await startServer({ env, args: ['--drain-go-to', there.webSocketUrl] });
  const people = [await sdkTalker({ server: here, roomName: 'move', name: 'Ada' }), await sdkTalker({ server: here, roomName: 'move', name: 'Grace' })];
  await eventually('both are there', () => people.every(({ room }) => room.members.length === 2));
  await here.stop();
  await eventually('both are back', () => people.every(({ room }) => room.state === 'connected' && room.members.every(({ state }) => state === 'connected')));
  const alan = await joinNative({ port: there.port, room: 'move', name: 'Alan' });
  assert.equal(alan.joined.members.length, 3);
  alan.socket.destroy();
  await Promise.all(people.map(({ room }) => room.leave()));
  await there.stop();
});

let browser;
before(async () => { browser = await launchBrowser(); });
afterEach(() => browser.sendEverybodyHome());
after(() => browser.close());

test('a call goes on over the change: the same peer connections, the same media, every message', { timeout: 120_000 }, async (t) => {
  const first = await startServer({ env });
  const people = [];
  for (const name of ['Ada', 'Grace']) people.push({ name, page: await caller({ server: first, name }) });
  for (const { page } of people) await mediaFlows(page, 1);
  await startTraffic(people.map(({ page, name }) => ({ page, rooms: { [name]: 'call' } })));
  const ice = () => Promise.all(people.map(({ page }) => page.evaluate(() => window.peerConnections.map((peer) => /a=ice-ufrag:\S+/.exec(peer.localDescription.sdp)[0]))));
  const [before, frames] = [await ice(), await Promise.all(people.map(({ page }) => received(page)))];

  const second = await relieve(first);
  for (const { page } of people) await until(page, () => window.call.state === 'connected' && window.call.members.length === 2 && window.call.members.every(({ state }) => state === 'connected'));
  for (const { page } of people) await mediaFlows(page, 1);
  assert.deepEqual(await ice(), before, 'no peer connection was made anew, and ICE was not restarted');
  for (const [index, { page }] of people.entries()) {
    const [now] = await received(page);
    assert.ok(now.frames > frames[index][0].frames, 'the picture went on in the same stream');
  }
  const seen = await settleTraffic(people.map(({ page, name }) => ({ page, label: name })));
  assertComplete(seen);
  for (const one of seen) assert.equal(one.left, 0, 'nobody was seen to leave');
  t.diagnostic(`${seen.reduce((sum, { sent }) => sum + sent, 0)} messages and ${seen.reduce((sum, { said }) => sum + said, 0)} chat lines, all once and in order`);
  await second.stop();
});

async function caller({ server, name }) {
  const context = await browser.person();
  await rememberPeerConnections(context);
  const page = await browser.sdkPage({ server, context });
  await page.evaluate(async ({ member, url }) => {
    const { join: enter, devices } = window.parlor;
    window.call = await enter({ name: member, url, room: 'call', remember: false });
    window.call.on('track', ({ member: from }) => {
      const video = document.createElement('video');
      Object.assign(video, { srcObject: from.media, autoplay: true });
      document.body.append(video);
    });
    await window.call.publish('camera', await devices.openCamera({ width: 160, height: 120 }));
    await window.call.publish('microphone', await devices.openMicrophone({}));
  }, { member: name, url: server.webSocketUrl });
  return page;
}

test('the app says that the server restarts, and that it is back', { timeout: 90_000 }, async () => {
  const first = await startServer({ env: { PARLOR_DRAIN_TIMEOUT: '3s' } });
  const page = await browser.appMember({ server: first, room: 'standup', name: 'Ada' });
  const second = relieve(first);
  await page.getByText(/server restarts in \d seconds?/).waitFor();
  await page.getByText('The server was restarted, and you’re back.').waitFor();
  await (await second).stop();
});

test('a second server without patience says that the port is in use', { timeout: 30_000 }, async () => {
  const first = await startServer({ port: await freePort() });
  await assert.rejects(startServer({ port: first.port, args: ['--port-wait', '0s'] }).then(async (it) => {
    // The first one answers for it: it has ended by itself.
    await eventually('it ended', () => !it.isAlive());
    throw new Error('ended');
  }));
  await first.stop();
});
