// PeerJS as it comes from npm, on a page that its own documentation could show: it talks, calls, comes back and goes,
// and is a member like everybody else.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { logged, openExample, say } from './harness/examples.js';
import { http } from './harness/http.js';
import { mediaFlows, rememberPeerConnections } from './harness/media.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { openSocket, Opcode } from './harness/ws.js';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer({ args: ['--dialects-peerjs-discovery'] }), launchBrowser()]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await server.stop();
});

const peerPage = (query) => openExample({ browser, kind: 'peerjs', query: { server: server.url, ...query } });

async function openPeerPage(query) {
  const page = await peerPage(query);
  await until(page, () => peer.open);
  return page;
}

async function callFrom(page, id) {
  await page.locator('#peer').fill(id);
  await page.locator('#peer').press('Enter');
}

/** The same client without a browser. */
function peerSocket({ id, key = 'peerjs', token = `token-${id}`, path = '/peerjs' }) {
  return openSocket({ port: server.port, path: `${path}?${new URLSearchParams({ key, id, token, version: '1.5.5' })}` });
}

async function openPeerSocket(options) {
  const socket = await peerSocket(options);
  assert.deepEqual(await socket.next(), { type: 'OPEN' });
  return socket;
}

const ofType = (type) => (message) => message.type === type;
const offerTo = (dst) => ({
  type: 'OFFER',
  dst,
  payload: { sdp: { type: 'offer', sdp: 'v=0\r\n' }, type: 'media', connectionId: 'mc_1', metadata: { a: [1] } },
});

test('two pages chat over a data connection and see and hear each other in a call', { timeout: 90_000 }, async () => {
  const [ada, bob] = [await openPeerPage({ id: 'ada', room: 'call' }), await openPeerPage({ id: 'bob', room: 'call' })];
  await callFrom(bob, 'ada');
  await Promise.all([logged(ada, 'bob is here'), logged(bob, 'ada is here')]);
  await say(ada, 'Good morning');
  await logged(bob, 'ada: Good morning');
  await say(bob, 'Hello');
  await logged(ada, 'bob: Hello');
  // The call has a connection of its own beside that of the data.
  for (const page of [ada, bob]) await until(page, () => document.getElementById('theirs').currentTime > 0);
  await bob.context().close();
  await logged(ada, 'bob is gone');
});

test('who comes back while the old socket lingers is open again, and keeps the connections', { timeout: 60_000 }, async () => {
  const [ada, bob] = [await openPeerPage({ id: 'ada', room: 'again' }), await openPeerPage({ id: 'bob', room: 'again' })];
  await callFrom(bob, 'ada');
  await logged(bob, 'ada is here');
  const opened = await ada.evaluate(async () => {
    // The network has lost the socket's last words: for the server it is still there.
    WebSocket.prototype.close = () => {};
    peer.disconnect();
    const again = new Promise((resolve) => peer.once('open', resolve));
    peer.reconnect();
    return again;
  });
  assert.equal(opened, 'ada');
  await say(ada, 'still here');
  await logged(bob, 'ada: still here');
  const carol = await openPeerPage({ id: 'carol', room: 'again' });
  await callFrom(carol, 'ada');
  await logged(carol, 'ada is here');
});

test('the socket that lingered is closed, whoever has the token', async () => {
  const old = await openPeerSocket({ id: 'ada', key: 'linger' });
  const socket = await openPeerSocket({ id: 'ada', key: 'linger' });
  assert.equal((await old.closed()).code, 4001);
  socket.destroy();
});

test('an id that somebody has is taken, and one who is not there is unavailable', { timeout: 60_000 }, async () => {
  const ada = await openPeerPage({ id: 'ada', room: 'taken' });
  const eve = await peerPage({ id: 'ada', room: 'taken' });
  await logged(eve, 'unavailable-id: ID "ada" is taken');
  const before = Date.now();
  await callFrom(ada, 'nobody');
  await logged(ada, 'peer-unavailable: Could not connect to peer nobody');
  assert.ok(Date.now() - before > 4_000, 'it is waited for');
  assert.ok(await ada.evaluate(() => peer.open), 'the page goes on');
});

test('a page without an id gets one, and calls who comes within five seconds', { timeout: 60_000 }, async () => {
  const ada = await openPeerPage({ room: 'late' });
  assert.match(await ada.evaluate(() => peer.id), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  await callFrom(ada, 'bob');
  await until(ada, () => Object.keys(peer.connections).includes('bob'));
  const bob = await openPeerPage({ id: 'bob', room: 'late' });
  await Promise.all([logged(ada, 'bob is here'), until(bob, () => peer.open)]);
});

test('those who talked with a page that is gone are told, and nobody else', { timeout: 60_000 }, async () => {
  const [ada, dave] = [await openPeerSocket({ id: 'ada', key: 'gone' }), await openPeerSocket({ id: 'dave', key: 'gone' })];
  const bob = await openPeerPage({ id: 'bob', room: 'gone' });
  await callFrom(bob, 'ada');
  const offer = await ada.take(ofType('OFFER'));
  assert.equal(offer.src, 'bob');
  assert.deepEqual(Object.keys(offer), ['type', 'src', 'dst', 'payload']);
  await bob.context().close();
  assert.deepEqual(await ada.take(ofType('LEAVE')), { type: 'LEAVE', src: 'bob', dst: 'ada' });
  assert.deepEqual(dave.takeAll(), []);
  for (const socket of [ada, dave]) socket.destroy();
});

test('a socket that dies without a word has left after five seconds, one that says disconnect has not', { timeout: 60_000 }, async () => {
  const [ada, bob, carol] = await Promise.all(['ada', 'bob', 'carol'].map((id) => openPeerSocket({ id, key: 'dead' })));
  for (const socket of [ada, bob]) socket.send(offerTo('carol'));
  await carol.take(({ src }) => src === 'ada');
  await carol.take(({ src }) => src === 'bob');
  ada.frame({ opcode: Opcode.close });
  bob.destroy();
  assert.deepEqual(await carol.take(ofType('LEAVE')), { type: 'LEAVE', src: 'bob', dst: 'carol' });
  assert.deepEqual(carol.takeAll(), []);
  carol.destroy();
});

test('PeerJS and the native protocol are members of one room', async () => {
  const native = await joinNative({ port: server.port, room: 'peerjs', name: 'Ada' });
  const bob = await openPeerSocket({ id: 'bob', path: '/peerjs/peerjs' });
  const { member } = await native.event('member-joined');
  assert.deepEqual([member.name, member.alias], ['bob', 'bob']);
  bob.send(offerTo(native.peer));
  const offer = await native.event('offer');
  assert.deepEqual([offer.from, offer.sdp], [member.peer, 'v=0\r\n']);
  await native.request({ type: 'answer', to: member.peer, sdp: 'v=1\r\n' });
  assert.deepEqual(await bob.take(ofType('ANSWER')), {
    type: 'ANSWER',
    src: native.peer,
    dst: 'bob',
    payload: { sdp: { type: 'answer', sdp: 'v=1\r\n' }, type: 'media', connectionId: 'mc_1' },
  });
  await native.request({ type: 'leave' });
  assert.equal((await bob.take(ofType('LEAVE'))).src, native.peer);
  bob.destroy();
});

test('a PeerJS page and a member of the app see each other come and go, and call', { timeout: 90_000 }, async () => {
  const context = await browser.person();
  await rememberPeerConnections(context);
  const ada = await browser.sdkPage({ server, context });
  await ada.evaluate(async () => {
    window.room = await window.parlor.join({ room: 'club', name: 'Ada' });
    window.room.on('track', ({ member }) => {
      const video = document.createElement('video');
      Object.assign(video, { srcObject: member.media, autoplay: true });
      document.body.append(video);
    });
    await window.room.publish('camera', await window.parlor.devices.openCamera({}));
    await window.room.publish('microphone', await window.parlor.devices.openMicrophone({}));
  });
  const bob = await openPeerPage({ id: 'bob', room: 'club' });
  await until(ada, () => window.room.members.some(({ name }) => name === 'bob'));
  const listed = await bob.evaluate(() => new Promise((resolve) => peer.listAllPeers(resolve)));
  assert.equal(listed.length, 2);
  await mediaFlows(ada, 1);
  await until(bob, () => document.getElementById('theirs').currentTime > 0);
  await bob.context().close();
  await until(ada, () => window.room.members.length === 1);
});

test('pages of other origins may read what the clients ask for, if they may connect', async () => {
  const ask = async (path, origin) => {
    const { status, headers, body } = await http({ port: server.port, path, headers: origin ? { Origin: origin } : {} });
    return { status, type: headers['content-type'], allowed: headers['access-control-allow-origin'], body: body.toString() };
  };
  const local = 'http://localhost:5000';
  for (const path of ['/peerjs', '/peerjs/']) {
    const { status, type, allowed, body } = await ask(path, local);
    assert.deepEqual([status, type, allowed], [200, 'application/json; charset=utf-8', local]);
    assert.equal(JSON.parse(body).name, 'PeerJS Server');
  }
  const ids = new Set();
  for (const path of ['/peerjs/id', '/peerjs/peerjs/id?ts=1&version=1.5.5', '/club/id', '/peerjs/club/id']) {
    const { status, type, allowed, body } = await ask(path, local);
    assert.deepEqual([status, type, allowed], [200, 'text/html; charset=utf-8', local], path);
    ids.add(body);
  }
  assert.equal(ids.size, 4);
  assert.equal((await ask('/peerjs/id', 'https://evil.example')).allowed, undefined);
  const bob = await openPeerSocket({ id: 'bob', key: 'listed' });
  for (const path of ['/listed/peers', '/peerjs/listed/peers']) {
    assert.equal((await ask(path, local)).body, '["bob"]');
  }
  assert.equal((await ask('/empty/peers', local)).body, '[]');
  bob.destroy();
});

test('who is there is told only where that is allowed, and nothing is served where PeerJS is off', async () => {
  const [shy, mute] = await Promise.all([
    startServer({ args: ['--dialects-peerjs', 'rooms:club'] }),
    startServer({ args: ['--dialects-peerjs', 'off', '--dialects-peerjs-discovery'] }),
  ]);
  const refused = await http({ port: shy.port, path: '/peerjs/club/peers' });
  assert.deepEqual([refused.status, refused.body.toString()], [401, 'Unauthorized']);
  const turnedAway = await openSocket({ port: shy.port, path: '/peerjs?key=peerjs&id=ada&token=t' });
  assert.deepEqual(await turnedAway.next(), { type: 'ERROR', payload: { msg: 'Invalid key provided' } });
  await turnedAway.closed();
  const welcome = await openSocket({ port: shy.port, path: '/peerjs?key=club&id=ada&token=t' });
  assert.deepEqual(await welcome.next(), { type: 'OPEN' });
  welcome.destroy();
  for (const path of ['/peerjs/id', '/peerjs/peers', '/peerjs/']) {
    assert.equal((await http({ port: mute.port, path })).status, 404, path);
  }
  const off = await openSocket({ port: mute.port, path: '/peerjs?key=club&id=ada&token=t' });
  assert.equal((await off.closed()).code, 4010);
  await Promise.all([shy.stop(), mute.stop()]);
});

test('what no client should say disturbs nobody', async () => {
  const [ada, bob] = [await openPeerSocket({ id: 'ada', key: 'hostile' }), await openPeerSocket({ id: 'bob', key: 'hostile' })];
  for (const text of ['', '{', 'null', '[]', '{"type":7}', '{"type":"OFFER"}', '{"type":"OFFER","dst":7}', '{"type":"ID-TAKEN","dst":"bob"}']) {
    ada.send(text);
  }
  for (let round = 0; round < 1_000; round += 1) ada.send({ type: 'OFFER', dst: `nobody-${round}` });
  ada.send({ type: 'CANDIDATE', dst: 'bob', payload: { candidate: {}, connectionId: 'x'.repeat(70_000) } });
  ada.frame({ opcode: Opcode.text, payload: 'x'.repeat(300 * 1024) });
  assert.equal((await ada.closed()).code, 1009);
  for (const query of ['', '?key=peerjs', '?id=%ff&token=%00&key=%', `?key=k&token=t&id=${'a'.repeat(500)}`]) {
    const socket = await openSocket({ port: server.port, path: `/peerjs${query}` });
    assert.equal((await socket.next()).type, 'ERROR', query);
    await socket.closed();
  }
  bob.send(offerTo('bob'));
  const echoed = await bob.next();
  assert.deepEqual([echoed.type, echoed.src], ['OFFER', 'bob'], 'nothing came before');
  bob.destroy();
});
