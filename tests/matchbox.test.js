// What a matchbox socket says: an id first, then peers that come, signal and go.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { logged, openExample, say } from './harness/examples.js';
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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test('the example: two pages connect and trade bytes, and a native newcomer is offered to by both', { timeout: 60_000 }, async () => {
  const query = { server: `ws://localhost:${server.port}`, room: 'arena' };
  const [ada, grace] = [await openExample({ browser, kind: 'matchbox', query }), await openExample({ browser, kind: 'matchbox', query })];
  const idOf = async (page) => (await logged(page, /^I am /)).slice('I am '.length);
  const [adaId, graceId] = [await idOf(ada), await idOf(grace)];
  await Promise.all([logged(ada, `connected with ${graceId}`), logged(grace, `connected with ${adaId}`)]);
  await say(ada, 'to the arena ☕');
  await logged(grace, `${adaId}: to the arena ☕`);
  await say(grace, 'here');
  await logged(ada, `${graceId}: here`);

  const native = await joinNative({ port: server.port, room: 'arena', name: 'Alan' });
  const offers = [await native.event('offer'), await native.event('offer')];
  const members = native.joined.members.map(({ peer }) => peer).filter((peer) => peer !== native.peer);
  assert.deepEqual(offers.map(({ from }) => from).sort(), members.sort());
  assert.ok(offers.every(({ sdp }) => sdp.startsWith('v=0')));
  const { candidate } = await native.event('candidate');
  assert.ok(candidate === null || typeof candidate.candidate === 'string');
  await native.request({ type: 'leave' });
  await Promise.all([ada, grace].map((page) => logged(page, /left$/)));
  await grace.close();
  await logged(ada, `${graceId} left`);
  assert.deepEqual(ada.complaints, []);
});

async function player(path) {
  const socket = await openSocket({ port: server.port, path });
  const { IdAssigned: id } = await socket.next();
  assert.match(id, UUID);
  return { id, socket, signal: (receiver, data) => socket.send({ Signal: { receiver, data } }) };
}

const leave = (players) => players.forEach(({ socket }) => socket.destroy());

test('a signal reaches its receiver alone, as it was sent', async () => {
  const players = [await player('/duel'), await player('/duel'), await player('/duel')];
  const [ada, grace, alan] = players;
  assert.deepEqual([await ada.socket.next(), await ada.socket.next()], [{ NewPeer: grace.id }, { NewPeer: alan.id }]);
  assert.deepEqual(await grace.socket.next(), { NewPeer: alan.id });
  const candidate = '{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host","sdpMid":"0","sdpMLineIndex":0}';
  for (const data of [{ Offer: 'v=0\r\n' }, { Answer: 'v=0\r\n' }, { IceCandidate: candidate }, { IceCandidate: 'null' }]) {
    ada.socket.send('"KeepAlive"');
    ada.signal(alan.id, data);
    assert.deepEqual(await alan.socket.next(), { Signal: { sender: ada.id, data } });
  }
  alan.socket.destroy();
  assert.deepEqual(await ada.socket.next(), { PeerLeft: alan.id });
  ada.signal(alan.id, { Offer: 'too late' });
  ada.signal(grace.id, { Offer: 'v=0' });
  assert.deepEqual(await grace.socket.next(), { PeerLeft: alan.id });
  assert.deepEqual(await grace.socket.next(), { Signal: { sender: ada.id, data: { Offer: 'v=0' } } });
  assert.deepEqual([ada.socket.takeAll(), grace.socket.takeAll()], [[], []]);
  leave(players);
});

test('signals pass both ways between matchbox and the native protocol', async () => {
  const native = await joinNative({ port: server.port, room: 'mixed game', name: 'Alan' });
  const ada = await player('/mixed%20game');
  const { member: { peer } } = await native.event('member-joined');
  const candidate = { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMid: '0' };
  const said = [
    [{ type: 'offer', sdp: 'v=0' }, { Offer: 'v=0' }],
    [{ type: 'answer', sdp: 'v=0' }, { Answer: 'v=0' }],
    [{ type: 'candidate', candidate }, { IceCandidate: JSON.stringify(candidate) }],
    [{ type: 'candidate', candidate: null }, { IceCandidate: 'null' }],
  ];
  let alan;
  for (const [request, data] of said) {
    await native.request({ ...request, to: peer });
    const { Signal } = await ada.socket.next();
    assert.deepEqual(Signal.data, data);
    alan = Signal.sender;
    ada.signal(alan, data);
    const back = await native.event(request.type);
    assert.deepEqual({ ...back, seq: 0 }, { ...request, from: peer, seq: 0 });
  }
  for (const request of [{ type: 'chat', text: 'hi' }, { type: 'send', data: 1 }, { type: 'emit', name: 'e', args: [] }, { type: 'leave' }]) {
    assert.equal((await native.request(request)).type, 'ok');
  }
  assert.deepEqual(await ada.socket.next(), { PeerLeft: alan }, 'for the rest this dialect has no words');
  ada.socket.destroy();
});

test('with ?next=n players are put into groups of n, and a place that is left is given to another', async () => {
  const path = '/lobby?next=2';
  const players = [await player(path), await player(path), await player(path), await player(path)];
  const [first, second, third, fourth] = players;
  assert.deepEqual(await first.socket.next(), { NewPeer: second.id });
  assert.deepEqual(await third.socket.next(), { NewPeer: fourth.id });
  second.socket.destroy();
  assert.deepEqual(await first.socket.next(), { PeerLeft: second.id });
  const fifth = await player(path);
  assert.deepEqual(await first.socket.next(), { NewPeer: fifth.id });
  for (const { socket } of [second, third, fourth]) assert.deepEqual(socket.takeAll(), []);
  leave([...players, fifth]);
});
