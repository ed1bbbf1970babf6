// y-webrtc and Yjs as they are on npm: documents on several pages become one, introduced by this server.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { openExample } from './harness/examples.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { openSocket } from './harness/ws.js';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await server.stop();
});

const DOORS = ['/', '/signaling'];

async function editor(room, door = '/signaling', more = {}) {
  const query = { server: `ws://localhost:${server.port}${door}`, room, ...more };
  const page = await openExample({ browser, kind: 'y-webrtc', query });
  await signalingIs(page, 'connected');
  return page;
}

const signalingIs = (page, state) => until(page, (wanted) => document.getElementById('signaling').textContent === wanted, state);
const reads = (page, text) => until(page, (wanted) => document.getElementById('text').value === wanted, text);
const others = (page, count) => until(page, (wanted) => document.getElementById('others').textContent === String(wanted), count);

async function type(page, text) {
  await page.locator('#text').press('Control+End');
  await page.locator('#text').pressSequentially(text);
}

for (const door of DOORS) {
  test(`two pages write one text, introduced through ${door}, and a native member sees them come and go`, { timeout: 60_000 }, async () => {
    const room = `document ${door}`;
    const native = await joinNative({ port: server.port, room, name: 'Alan' });
    const [ada, grace] = [await editor(room, door), await editor(room, door)];
    const arrivals = [await native.event('member-joined'), await native.event('member-joined')];
    await Promise.all([others(ada, 1), others(grace, 1)]);
    const heard = await native.event('message');
    assert.equal(heard.data.type, 'announce');
    assert.equal(heard.from, arrivals[0].member.peer);

    await type(ada, 'Good morning');
    await reads(grace, 'Good morning');
    await type(grace, ', all');
    await reads(ada, 'Good morning, all');
    await Promise.all([type(ada, '1111'), type(grace, '2222')]);
    await until(ada, () => document.getElementById('text').value.length === 25);
    const merged = await ada.locator('#text').inputValue();
    await reads(grace, merged);
    assert.deepEqual([...merged.slice(17)].sort().join(''), '11112222');

    // What others say in the room is nothing to these pages, and does no harm.
    await native.request({ type: 'chat', text: 'hi' });
    await native.request({ type: 'send', data: 'hi' });
    await native.request({ type: 'send', data: null });
    await grace.close();
    const left = await native.event('member-left');
    assert.deepEqual([left.peer, left.reason], [arrivals[1].member.peer, 'left']);
    assert.deepEqual([ada.complaints, grace.complaints], [[], []]);
    native.socket.destroy();
  });
}

test('after a restart of the server newcomers are introduced again', { timeout: 60_000 }, async () => {
  const [ada, grace] = [await editor('restart'), await editor('restart')];
  await type(ada, 'before');
  await reads(grace, 'before');
  await server.kill();
  await Promise.all([signalingIs(ada, 'away'), signalingIs(grace, 'away')]);
  await type(grace, ', between');
  await reads(ada, 'before, between');
  await server.start();
  await Promise.all([signalingIs(ada, 'connected'), signalingIs(grace, 'connected')]);
  await grace.close();
  const alan = await editor('restart');
  await reads(alan, 'before, between');
  await type(alan, ', after');
  await reads(ada, 'before, between, after');
});

test('with a password the server and the others in the room see nothing but noise', { timeout: 60_000 }, async () => {
  const native = await joinNative({ port: server.port, room: 'secret', name: 'Alan' });
  const ada = await editor('secret', '/', { password: 'swordfish' });
  const grace = await editor('secret', '/signaling', { password: 'swordfish' });
  await type(ada, 'between us');
  await reads(grace, 'between us');
  assert.match((await native.event('message')).data, /^[A-Za-z0-9+/]+=*$/);
  native.socket.destroy();
});

async function subscriber(topics, path = '/signaling') {
  const socket = await openSocket({ port: server.port, path });
  socket.send({ type: 'subscribe', topics });
  socket.send({ type: 'ping' });
  assert.equal(await socket.takeText(), '{"type":"pong"}');
  return socket;
}

test('what is published reaches every subscriber and its author, once, with their number', async () => {
  const [ada, grace] = [await subscriber(['a', 'b']), await subscriber(['a'], '/')];
  const data = { type: 'signal', from: 'x', to: 'y', token: 1, signal: { type: 'offer', sdp: 'v=0' } };
  ada.send({ type: 'subscribe', topics: ['a'] });
  ada.send({ type: 'publish', topic: 'a', data });
  for (const socket of [ada, grace]) {
    assert.deepEqual(await socket.next(), { type: 'publish', topic: 'a', data, clients: 2 });
  }
  ada.send({ type: 'publish', topic: 'b', data: 'YmFzZTY0' });
  assert.deepEqual(await ada.next(), { type: 'publish', topic: 'b', data: 'YmFzZTY0', clients: 1 });
  grace.send({ type: 'unsubscribe', topics: ['a'] });
  grace.send({ type: 'ping' });
  assert.deepEqual(await grace.next(), { type: 'pong' });
  ada.send({ type: 'publish', topic: 'a', data: 1 });
  assert.deepEqual(await ada.next(), { type: 'publish', topic: 'a', data: 1, clients: 1 });
  grace.send({ type: 'publish', topic: 'a', data: 1 });
  assert.equal((await grace.next()).code, 'not-joined');
  assert.deepEqual([ada.takeAll(), grace.takeAll()], [[], []]);
  for (const socket of [ada, grace]) socket.destroy();
});

test('of what members of other dialects say, these clients get data and nothing else', async () => {
  const ada = await subscriber(['mixed']);
  const native = await joinNative({ port: server.port, room: 'mixed', name: 'Alan' });
  const [{ peer }] = native.joined.members.filter((member) => member.peer !== native.peer);
  const said = [
    { type: 'chat', text: 'hi' },
    { type: 'emit', name: 'draw', args: [] },
    { type: 'offer', to: peer, sdp: 'v=0' },
    { type: 'answer', to: peer, sdp: 'v=0' },
    { type: 'candidate', to: peer, candidate: null },
    { type: 'send', data: { a: 1 } },
    { type: 'leave' },
  ];
  for (const request of said) assert.equal((await native.request(request)).type, 'ok', request.type);
  assert.deepEqual(await ada.next(), { type: 'publish', topic: 'mixed', data: { a: 1 }, clients: 1 });
  ada.send({ type: 'ping' });
  assert.deepEqual(await ada.next(), { type: 'pong' });
  ada.destroy();
});
