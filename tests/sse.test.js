// The native protocol over event streams and POSTs, against the real binary: the same rooms as everybody else's, and
// nothing lost or twice whatever is in between.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBufferingProxy } from './harness/buffering-proxy.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { ask, joinByStream, openStream } from './harness/sse.js';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

const port = () => server.port;
const byStream = (room, name, fields) => joinByStream({ port: port(), room, name, ...fields });
const bySocket = (room, name) => joinNative({ port: port(), room, name });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('a stream is told what a WebSocket is told, and heard as one is', async () => {
  const ada = await byStream('same', 'Ada', { identity: 'ada@example.org', 'a.mic': 'on' });
  const grace = await bySocket('same', 'Grace');
  const [me] = grace.joined.members;
  assert.deepEqual([me.name, me.identity, me.attributes, me.state], ['Ada', 'ada@example.org', { mic: 'on' }, 'connected']);
  const joined = await ada.stream.next('member-joined');
  assert.equal(joined.data.member.peer, grace.peer);

  assert.deepEqual(await ada.say({ type: 'chat', id: 7, text: 'Good morning', key: 'k' }), { type: 'ok', id: 7, seq: 3 });
  const chats = [(await ada.stream.next('chat')).data, await grace.event('chat')];
  assert.deepEqual(chats[0], chats[1]);
  assert.deepEqual([chats[0].from, chats[0].text, chats[0].key], [ada.peer, 'Good morning', 'k']);

  await grace.request({ type: 'offer', to: ada.peer, sdp: 'v=0\r\n' });
  assert.deepEqual((await ada.stream.next('offer')).data, { type: 'offer', seq: 4, from: grace.peer, sdp: 'v=0\r\n' });
  const both = [
    { type: 'answer', to: grace.peer, sdp: 'v=0\r\n' },
    { type: 'candidate', to: grace.peer, candidate: null },
    { type: 'send', data: { cursor: 1 }, volatile: true },
    { type: 'emit', name: 'draw', args: [1, 'x'] },
    { type: 'update', attributes: { mic: 'muted' } },
  ];
  const answers = await ada.say(both);
  assert.deepEqual(answers.map((answer) => [answer.type, answer.seq]), [['ok', 5], ['ok', 6], ['ok', undefined], ['ok', 7], ['ok', 8]]);
  for (const type of ['answer', 'candidate', 'message', 'event', 'member-updated']) {
    assert.ok(await grace.event(type), type);
  }
  grace.socket.send({ type: 'send', data: [1, 2], volatile: true });
  const volatile = await ada.stream.next('message');
  assert.deepEqual([volatile.data, volatile.id], [{ type: 'message', from: grace.peer, data: [1, 2] }, undefined]);
  grace.socket.send('{"type":"send","data":{"a":1,\r\n\n"id": 2\r}}');
  assert.deepEqual((await ada.stream.next('message')).data.data, { a: 1, id: 2 });

  assert.deepEqual(await ada.say({ type: 'leave' }), { type: 'ok' });
  assert.deepEqual((await ada.stream.next('closing')).data, { type: 'closing', code: 1000, reason: 'left' });
  assert.equal(await ada.stream.next(), null);
  assert.equal((await grace.event('member-left')).reason, 'left');
  assert.equal((await ada.post({ type: 'ping' })).status, 410);
  await assert.rejects(ada.comeBack({ name: 'Ada' }), /204/, 'an EventSource that comes back by itself is told to stop');
  grace.socket.destroy();
});

test('a stream goes on after its last event, under the same token and a new secret', async () => {
  const ada = await byStream('resume', 'Ada');
  const grace = await bySocket('resume', 'Grace');
  await ada.stream.next('member-joined');
  const before = ada.stream.id;
  ada.stream.cut();
  for (const text of ['one', 'two']) await grace.request({ type: 'chat', text });
  assert.equal((await ada.say({ type: 'chat', text: 'posted meanwhile' })).type, 'ok');
  await ada.comeBack({ name: 'Ada' });
  const resumed = await ada.stream.next();
  assert.deepEqual([resumed.type, resumed.data.replayed, resumed.data.token], ['resumed', 3, ada.token]);
  assert.equal(resumed.id.split('.')[0], before.split('.')[0], 'what was missed still follows');
  assert.notEqual(resumed.data.secret, ada.joined.secret);
  const texts = [];
  for (let count = 0; count < 3; count += 1) texts.push((await ada.stream.next('chat')).data.text);
  assert.deepEqual(texts, ['one', 'two', 'posted meanwhile']);

  // The answer with the new secret may be lost: the one before opens the session once more, whatever was posted.
  const anew = await openStream({ port: port(), room: 'resume', id: before });
  assert.deepEqual((await anew.next()).data.replayed, 3);
  assert.deepEqual((await ada.stream.next('closing')).data, { type: 'closing', code: 4001, reason: 'replaced' });
  const pictured = await openStream({ port: port(), room: 'resume', id: anew.id.replace(/^\d+/, '') });
  const { data } = await pictured.next();
  assert.deepEqual([data.type, data.resumed, data.lost, data.token, data.history.length], ['joined', true, false, ada.token, 3]);
  pictured.cut();
  grace.socket.destroy();
});

test('who can not go on is told so and let in anew, if there is a name', async () => {
  const stranger = `7.${'A'.repeat(22)}.${'A'.repeat(32)}`;
  for (const [id, code] of [[stranger, 'session-unknown'], ['17', 'bad-message']]) {
    const stream = await openStream({ port: port(), room: 'anew', id, name: 'Ada' });
    const error = await stream.next();
    assert.deepEqual([error.type, error.data.code, error.id], ['error', code, undefined]);
    assert.equal((await stream.next()).type, 'joined');
    stream.cut();
  }
  await assert.rejects(openStream({ port: port(), room: 'anew', id: stranger }), /410/);
  await assert.rejects(openStream({ port: port(), room: 'anew', id: '17' }), /400/);
  const ada = await byStream('anew', 'Ada');
  const forged = ada.stream.id.replace(/.{32}$/, 'A'.repeat(32));
  await assert.rejects(openStream({ port: port(), room: 'anew', id: forged }), /401/);
  const again = await openStream({ port: port(), room: 'anew', last_event_id: ada.stream.id });
  assert.equal((await again.next()).type, 'resumed');
  again.cut();
});

test('a short cut is nobody else’s business; a long one is seen, and the grace ends it', { timeout: 30_000 }, async () => {
  const own = await startServer({ args: ['--rooms-grace', '1s'] });
  const grace = await joinNative({ port: own.port, room: 'cut', name: 'Grace' });
  const ada = await joinByStream({ port: own.port, room: 'cut', name: 'Ada' });
  await grace.event('member-joined');
  ada.stream.cut();
  await pause(500);
  await ada.comeBack();
  await ada.stream.next('resumed');
  assert.equal((await ada.say({ type: 'chat', text: 'here' })).type, 'ok');
  const heard = await grace.socket.take((message) => message.seq !== undefined);
  assert.equal(heard.type, 'chat', 'the cut was not told');
  ada.stream.cut();
  assert.equal((await grace.event('member-updated')).member.state, 'reconnecting');
  assert.equal((await grace.event('member-left')).reason, 'timeout');
  assert.ok([401, 410].includes((await ada.post({ type: 'ping' })).status));
  grace.socket.destroy();
  await own.stop();
});

test('a POST with the same Idempotency-Key is carried out once', async () => {
  const ada = await byStream('once', 'Ada');
  const keyed = (key, body) => ada.post(body, { headers: { 'Idempotency-Key': key } });
  const first = await keyed('a', { type: 'chat', text: 'once' });
  const again = await Promise.all(Array.from({ length: 5 }, () => keyed('a', { type: 'chat', text: 'once' })));
  for (const answer of again) assert.deepEqual([answer.status, answer.body], [200, first.body]);
  const refused = { type: 'offer', to: 'A'.repeat(22), sdp: 'v=0' };
  assert.deepEqual([(await keyed('b', refused)).status, (await keyed('b', refused)).status], [404, 404]);
  assert.deepEqual([(await keyed('a', { type: 'chat', text: 'other' })).json.code], ['key-reused']);
  for (const key of ['', 'a b', 'x'.repeat(65)]) assert.equal((await keyed(key, { type: 'ping' })).status, 400, key);
  for (let number = 0; number < 256; number += 1) await keyed(`n${number}`, { type: 'ping' });
  assert.notEqual((await keyed('a', { type: 'chat', text: 'once' })).body, first.body, 'so many are remembered, no more');
  await ada.say({ type: 'leave' });
  const chats = (await ada.stream.rest()).filter((event) => event.type === 'chat');
  assert.equal(chats.length, 2);
});

test('who is in a room can be asked without joining', async () => {
  const presence = () => ask({ port: port(), path: '/api/v1/rooms/who%20is%2Fthere' });
  assert.deepEqual((await presence()).json, { type: 'presence', room: 'who is/there', members: [] });
  const ada = await byStream('who is/there', 'Ada Löwe');
  assert.deepEqual((await presence()).json.members, [{ name: 'Ada Löwe' }]);
  await ada.say({ type: 'leave' });
});

test('streams are told apart from pages that a cache or a proxy may keep', async () => {
  const { stream } = await byStream('headers', 'Ada');
  const wanted = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
  for (const [name, value] of Object.entries(wanted)) assert.equal(stream.headers[name], value);
  assert.equal(stream.retryMs, 500);
  stream.cut();
});

test('a proxy that passes on only whole answers loses and doubles nothing', { timeout: 60_000 }, async () => {
  const proxy = await startBufferingProxy({ to: port() });
  const grace = await bySocket('buffered', 'Grace');
  const ada = await joinByStream({ port: proxy.port, room: 'buffered', name: 'Ada', wait: 20 });
  const sending = (async () => {
    for (let number = 0; number < 200; number += 1) {
      await grace.request({ type: 'chat', text: `g${number}` });
      if (number % 10 === 0) await pause(50);
    }
  })();
  const posting = (async () => {
    for (let number = 0; number < 40; number += 1) {
      assert.equal((await ada.say({ type: 'chat', text: `a${number}` })).type, 'ok');
    }
  })();
  const heard = [];
  let polls = 0;
  while (heard.length < 240) {
    await ada.comeBack({ wait: 20 });
    polls += 1;
    for (const event of await ada.stream.rest(30_000)) {
      assert.notEqual(event.type, 'error');
      if (event.type === 'chat') heard.push(event.data.text);
    }
  }
  await Promise.all([sending, posting]);
  const of = (letter, count) => Array.from({ length: count }, (_, number) => `${letter}${number}`);
  assert.deepEqual(heard.filter((text) => text[0] === 'g'), of('g', 200));
  assert.deepEqual(heard.filter((text) => text[0] === 'a'), of('a', 40));
  assert.ok(polls > 1, 'in more than one answer');
  const started = Date.now();
  await ada.comeBack({ wait: 1 });
  assert.deepEqual((await ada.stream.rest()).map((event) => event.type), ['resumed']);
  assert.ok(Date.now() - started >= 900, 'waits while there is nothing');
  const told = await grace.socket.take((message) => message.type.startsWith('member-'));
  assert.equal(told.type, 'member-joined');
  await assert.rejects(grace.event('member-updated', 200), /did not come/, 'polls are not told');
  grace.socket.destroy();
  await proxy.close();
});

test('a server that stops says so at the end of every stream', async () => {
  const own = await startServer();
  const ada = await joinByStream({ port: own.port, room: 'stop', name: 'Ada' });
  const poll = await joinByStream({ port: own.port, room: 'stop', name: 'Grace', wait: 1 });
  const stopping = own.stop();
  assert.deepEqual((await ada.stream.next('closing')).data, { type: 'closing', code: 1001, reason: 'server-stopping' });
  assert.equal(await ada.stream.next(), null);
  poll.stream.cut();
  assert.equal((await stopping).code, 0);
});
