// Clients that people wrote after a tutorial: they connect to `/`, know nothing of this project, and meet each other
// and everybody else in one room.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { mediaFlows, rememberPeerConnections } from './harness/media.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { serveFiles } from './harness/site.js';
import { openSocket } from './harness/ws.js';

let server;
let browser;
let tutorialSite;
before(async () => {
  [server, browser, tutorialSite] = await Promise.all([startServer(), launchBrowser(), serveFiles(new URL('./harness/', import.meta.url))]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await tutorialSite.close();
  await server.stop();
});

async function tutorialPage(room) {
  const context = await browser.person();
  await rememberPeerConnections(context);
  const page = await context.newPage();
  const query = new URLSearchParams({ room, server: `ws://localhost:${server.port}` });
  await page.goto(`${tutorialSite.url}/json-client.html?${query}`);
  await until(page, () => window.tutorial?.joined);
  return page;
}

const mistakes = (page) => page.evaluate(() => window.tutorial.errors);

test('two tutorial clients see and hear each other', { timeout: 90_000 }, async () => {
  const first = await tutorialPage('tutorial');
  const second = await tutorialPage('tutorial');
  for (const page of [first, second]) {
    await mediaFlows(page, 1);
    await until(page, () => document.getElementById('remote').videoWidth > 0);
    assert.deepEqual(await mistakes(page), []);
  }
  await second.context().close();
  await until(first, () => window.tutorial.heard.some(({ type }) => type === 'user-left'));
});

for (const tutorialFirst of [true, false]) {
  const order = tutorialFirst ? 'a tutorial client, then an SDK member' : 'an SDK member, then a tutorial client';
  test(`${order}: the two see and hear each other`, { timeout: 90_000 }, async () => {
    const room = `mixed-${tutorialFirst}`;
    const arrivals = [() => tutorialPage(room), () => sdkMember(room)];
    const pages = [];
    for (const arrive of tutorialFirst ? arrivals : arrivals.reverse()) pages.push(await arrive());
    for (const page of pages) await mediaFlows(page, 1);
    const [tutorial, member] = tutorialFirst ? pages : pages.reverse();
    await until(member, () => window.room.members.length === 2 && window.room.members.some(({ isMe, media }) => !isMe && media));
    assert.deepEqual(await mistakes(tutorial), []);
  });
}

async function sdkMember(room) {
  const context = await browser.person();
  await rememberPeerConnections(context);
  const page = await browser.sdkPage({ server, context });
  await page.evaluate(async (name) => {
    window.room = await window.parlor.join({ room: name, name: 'Ada' });
    window.room.on('track', ({ member }) => {
      const video = document.createElement('video');
      Object.assign(video, { srcObject: member.media, autoplay: true });
      document.body.append(video);
    });
    await window.room.publish('camera', await window.parlor.devices.openCamera({}));
    await window.room.publish('microphone', await window.parlor.devices.openMicrophone({}));
  }, room);
  return page;
}

/** The same client without a browser. */
async function tutorialSocket(room) {
  const socket = await openSocket({ port: server.port, path: '/' });
  if (room) socket.send({ type: 'join', roomId: room });
  return socket;
}

const ofType = (type) => (message) => message.type === type;
const SDP = { type: 'offer', sdp: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' };
const CANDIDATE = { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 };

test('the newcomer hears who is there, those who are there hear of the newcomer', async () => {
  const first = await tutorialSocket('presence');
  const native = await joinNative({ port: server.port, room: 'presence', name: 'Ada' });
  const { userId } = await first.take(ofType('user-joined'));
  assert.equal(userId, native.peer);
  const last = await tutorialSocket('presence');
  const existing = [await last.take(ofType('existing-user')), await last.take(ofType('existing-user'))];
  const others = native.joined.members.map(({ peer }) => peer);
  assert.deepEqual(existing.map((message) => message.userId).sort(), others.sort());
  assert.ok(existing.every(({ roomId }) => roomId === 'presence'));
  last.send({ type: 'leave', roomId: 'presence' });
  const [left, seen] = await Promise.all([first.take(ofType('user-left')), native.event('member-left')]);
  assert.equal(left.userId, seen.peer);
  assert.equal(seen.reason, 'left');
  for (const socket of [first, native.socket, last]) socket.destroy();
});

test('offers, answers and candidates pass both ways between the dialects, each in its own words', async () => {
  const native = await joinNative({ port: server.port, room: 'relay', name: 'Ada' });
  const tutorial = await tutorialSocket('relay');
  const { member } = await native.event('member-joined');

  tutorial.send({ type: 'offer', sdp: SDP, roomId: 'relay' });
  tutorial.send({ type: 'ice-candidate', candidate: CANDIDATE, roomId: 'relay' });
  const offer = await native.event('offer');
  assert.deepEqual([offer.from, offer.sdp], [member.peer, SDP.sdp]);
  const candidate = await native.event('candidate');
  assert.deepEqual([candidate.from, candidate.candidate], [member.peer, CANDIDATE]);

  await native.request({ type: 'answer', to: member.peer, sdp: SDP.sdp });
  await native.request({ type: 'candidate', to: member.peer, candidate: CANDIDATE });
  const answer = await tutorial.take(ofType('answer'));
  assert.deepEqual(answer, { type: 'answer', sdp: { type: 'answer', sdp: SDP.sdp }, roomId: 'relay', sender: native.peer });
  const returned = await tutorial.take(ofType('ice-candidate'));
  assert.deepEqual(returned, { type: 'ice-candidate', candidate: CANDIDATE, roomId: 'relay', sender: native.peer });
  for (const socket of [tutorial, native.socket]) socket.destroy();
});

test('what is said comes back to nobody, and its sender is whom the server knows', async () => {
  const [mallory, ada] = [await tutorialSocket('forged'), await tutorialSocket('forged')];
  const { userId: malloryId } = await ada.take(ofType('existing-user'));
  const { userId: adaId } = await mallory.take(ofType('user-joined'));
  mallory.send({ type: 'offer', sdp: SDP, roomId: 'forged', sender: adaId, from: adaId, userId: adaId });
  const heard = await ada.take(ofType('offer'));
  assert.equal(heard.sender, malloryId);
  assert.ok(!JSON.stringify(heard).includes(adaId), 'nothing forged is passed on');
  ada.send({ type: 'answer', sdp: { ...SDP, type: 'answer' }, roomId: 'forged' });
  await mallory.take(ofType('answer'));
  assert.deepEqual(mallory.takeAll(), [], 'the offer did not come back');
  for (const socket of [mallory, ada]) socket.destroy();
});

test('who is no member is not heard, and nobody is reached in another room', async () => {
  const native = await joinNative({ port: server.port, room: 'inside', name: 'Ada' });
  const outsider = await tutorialSocket();
  const refusal = async (message) => {
    outsider.send(message);
    return (await outsider.take(ofType('error'))).code;
  };
  assert.equal(await refusal({ type: 'offer', sdp: SDP, roomId: 'inside' }), 'not-joined');
  assert.equal(await refusal({ type: 'offer', sdp: SDP, roomId: 'inside', target: native.peer }), 'not-joined');
  outsider.send({ type: 'join', roomId: 'outside' });
  assert.equal(await refusal({ type: 'offer', sdp: SDP, roomId: 'inside' }), 'not-joined');
  assert.equal(await refusal({ type: 'offer', sdp: SDP, roomId: 'outside', target: native.peer }), 'unknown-target');
  assert.equal(await refusal({ type: 'ice-candidate', candidate: CANDIDATE, target: 'inside', roomId: 'outside' }), 'unknown-target');
  await native.request({ type: 'ping' });
  assert.deepEqual(native.socket.takeAll().map(({ type }) => type), ['welcome'], 'nothing came in');
  for (const socket of [outsider, native.socket]) socket.destroy();
});

test('what cannot be meant is refused in words, and the client stays', async () => {
  const tutorial = await tutorialSocket('words');
  const refused = {
    'not json': 'bad-json',
    'null': 'bad-json',
    '[]': 'bad-json',
    '{"type":"dance"}': 'unknown-type',
    '{"type":7}': 'bad-message',
    '{"type":"join"}': 'bad-message',
    '{"type":"join","roomId":{"a":1}}': 'bad-message',
    '{"type":"join","roomId":""}': 'bad-message',
    '{"type":"offer","roomId":"words"}': 'bad-message',
    '{"type":"offer","roomId":"words","sdp":5}': 'bad-message',
    '{"type":"offer","roomId":"words","sdp":{"type":"answer","sdp":"v=0"}}': 'bad-message',
    '{"type":"ice-candidate","roomId":"words","candidate":5}': 'bad-message',
    '{"type":"offer","roomId":"words","sdp":"v=0","target":5}': 'bad-message',
  };
  for (const [text, code] of Object.entries(refused)) {
    tutorial.send(text);
    const error = await tutorial.take(ofType('error'));
    assert.equal(error.code, code, text);
    assert.ok(error.message, text);
  }
  const friend = await tutorialSocket('words');
  await tutorial.take(ofType('user-joined'));
  for (const socket of [tutorial, friend]) socket.destroy();
});
