// Everybody who connects to `/`: told apart by their first words, in one room with each other, on every port that the server listens on.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { logged, openExample, say } from './harness/examples.js';
import { http } from './harness/http.js';
import { joinNative } from './harness/native.js';
import { freePort, startServer } from './harness/server.js';
import { Opcode, openSocket } from './harness/ws.js';

let server;
let tutorialPort;
let browser;
before(async () => {
  tutorialPort = await freePort();
  [server, browser] = await Promise.all([startServer({ args: ['--listen', `localhost:${tutorialPort}`] }), launchBrowser()]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await server.stop();
});

const open = (path = '/', port = server.port) => openSocket({ port, path });

test('the json example: two pages see each other, and a native member hears and is heard', { timeout: 90_000 }, async () => {
  const native = await joinNative({ port: server.port, room: 'call', name: 'Alan' });
  const page = () => openExample({ browser, kind: 'json', query: { server: `ws://localhost:${server.port}`, room: 'call' } });
  const ada = await page();
  const { member } = await native.event('member-joined');
  await logged(ada, 'Alan is here');
  await native.request({ type: 'leave' });
  await logged(ada, `${native.peer} left`);

  const grace = await page();
  for (const each of [ada, grace]) {
    await until(each, () => document.getElementById('theirs').videoWidth > 0, null, 60_000);
  }
  const listener = await joinNative({ port: server.port, room: 'call', name: 'Barbara' });
  assert.ok(listener.joined.members.some(({ peer }) => peer === member.peer));
  await say(ada, 'good morning');
  assert.deepEqual([(await listener.event('chat')).text, await logged(grace, /good morning$/)], ['good morning', `${member.name}: good morning`]);
  await listener.request({ type: 'chat', text: 'to you too' });
  await Promise.all([ada, grace].map((each) => logged(each, 'Barbara: to you too')));
  await grace.close();
  assert.equal((await listener.event('member-left')).reason, 'left');
  await logged(ada, /left$/);
  assert.deepEqual(ada.complaints, []);
  listener.socket.destroy();
});

test('the first frame tells who somebody is, and nothing changes that later', async () => {
  const firstWords = {
    'hello': /^Server received your message => hello$/,
    '"quoted"': /^Server received your message => "quoted"$/,
    '{"type":"join"}': /"code":"bad-message"/,
    '{"checkPresence":true,"channel":"c"}': /^\{"isChannelPresent":false\}$/,
    '{"type":"ping"}': /^\{"type":"pong"\}$/,
    '{"type":"subscribe"}': /"code":"bad-message"/,
    '{': /"code":"bad-json"/,
    '{}': /"code":"bad-message"/,
    '[]': /"code":"bad-json"/,
  };
  for (const [words, answer] of Object.entries(firstWords)) {
    for (const opcode of [Opcode.text, Opcode.binary]) {
      const socket = await open();
      socket.frame({ opcode, payload: words });
      // Channels are text: a binary question is refused in their words.
      const expected = opcode === Opcode.binary && words.includes('channel') ? /"code":"binary-unsupported"/ : answer;
      assert.match(await socket.takeText(), expected, words);
      socket.destroy();
    }
  }
  const json = await open();
  json.send({ type: 'join', roomId: 'fixed' });
  json.send({ checkPresence: true, channel: 'fixed' });
  assert.equal((await json.next()).code, 'bad-message');
  json.send('hello');
  assert.equal((await json.next()).code, 'bad-json');
  json.destroy();
});

test('members of all dialects are in one room, and each hears what its dialect has words for', async () => {
  const room = 'everybody';
  const native = await joinNative({ port: server.port, room, name: 'Alan' });
  const json = await open();
  json.send({ type: 'join', roomId: room, name: 'Ada' });
  assert.equal((await json.next()).userId, native.peer);
  const { member: { peer: ada } } = await native.event('member-joined');
  const channels = await open();
  channels.send({ open: true, channel: room });
  const { member: { peer: channel } } = await native.event('member-joined');
  const document = await open('/signaling');
  document.send({ type: 'subscribe', topics: [room] });
  const { member: { peer: writer } } = await native.event('member-joined');
  const game = await open(`/${room}`);
  const { IdAssigned: id } = await game.next();
  const { member: { peer: player } } = await native.event('member-joined');
  const joined = [channel, writer, player];
  for (const peer of joined) assert.equal((await json.next()).userId, peer);

  json.send({ type: 'chat', text: 'hi' });
  assert.equal((await native.event('chat')).text, 'hi');
  assert.equal((await json.next()).text, 'hi');
  assert.deepEqual(await channels.next(), { chat: 'hi', name: 'Ada', userid: ada });

  channels.send({ data: { a: 1 }, channel: room });
  assert.deepEqual((await native.event('message')).data, { a: 1 });
  assert.deepEqual(await json.next(), { type: 'message', data: { a: 1 }, roomId: room, sender: channel });
  assert.deepEqual(await document.next(), { type: 'publish', topic: room, data: { a: 1 }, clients: 4 });

  document.send({ type: 'publish', topic: room, data: 'b' });
  assert.deepEqual((await native.event('message')).data, 'b');
  assert.deepEqual(await json.next(), { type: 'message', data: 'b', roomId: room, sender: writer });
  assert.equal(await channels.next(), 'b');
  assert.deepEqual(await document.next(), { type: 'publish', topic: room, data: 'b', clients: 5 });

  json.send({ type: 'offer', sdp: 'v=0', target: player });
  const { Signal: { sender, data } } = await game.next();
  assert.deepEqual(data, { Offer: 'v=0' });
  game.send({ Signal: { receiver: sender, data: { Answer: 'v=1' } } });
  assert.deepEqual(await json.next(), { type: 'answer', sdp: { type: 'answer', sdp: 'v=1' }, roomId: room, sender: player });

  json.send({ type: 'event', name: 'draw', args: [1, 2] });
  assert.deepEqual((await native.event('event')).args, [1, 2]);
  assert.deepEqual(await channels.next(), { event: 'draw', args: [1, 2] });

  json.send({ type: 'leave' });
  assert.equal((await native.event('member-left')).peer, ada);
  assert.deepEqual(await channels.next(), { userLeft: true, userid: ada });
  assert.deepEqual(await game.next(), { PeerLeft: sender });
  game.destroy();
  assert.equal((await native.event('member-left')).peer, player);
  assert.deepEqual(await channels.next(), { userLeft: true, userid: player });
  document.send({ type: 'ping' });
  assert.deepEqual(await document.next(), { type: 'pong' });
  assert.deepEqual([json, channels, document, game].map((socket) => socket.takeAll()), [[], [], [], []], `${id} heard no more`);
  for (const socket of [native.socket, json, channels, document]) socket.destroy();
});

test('every port serves everything, and those who come in by different ports meet', async () => {
  for (const port of [server.port, tutorialPort]) {
    for (const path of ['/', '/room/standup', '/sdk/parlor.js', '/readyz']) {
      assert.equal((await http({ port, path })).status, 200, `${port}${path}`);
    }
  }
  const native = await joinNative({ port: server.port, room: 'ports', name: 'Alan' });
  const tutorial = await open('/', tutorialPort);
  tutorial.send({ type: 'join', roomId: 'ports' });
  assert.equal((await tutorial.next()).userId, native.peer);
  const game = await open('/ports', tutorialPort);
  assert.ok((await game.next()).IdAssigned);
  const other = await joinNative({ port: tutorialPort, room: 'ports', name: 'Ada' });
  assert.equal(other.joined.members.length, 4);
  for (const socket of [native.socket, tutorial, game, other.socket]) socket.destroy();
});
