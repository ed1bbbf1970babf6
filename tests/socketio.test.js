// socket.io-client against the real server: every transport, binary, acknowledgements, order, cuts, slow readers.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import msgpack from 'socket.io-msgpack-parser';
import { joinNative } from './harness/native.js';
import { startProxy } from './harness/proxy.js';
import { startServer } from './harness/server.js';
import { collect, connect, join, next, TRANSPORTS, until } from './harness/socketio.js';
import { openSocket } from './harness/ws.js';

let server;
const open = [];
before(async () => { server = await startServer(); });
after(async () => {
  open.forEach((socket) => socket.close());
  assert.equal((await server.stop()).code, 0);
});

/** Two members of one room. */
async function pair(room, options = {}, url = server.url) {
  const [ada, grace] = [await join(url, { room, name: 'Ada', ...options }), await join(url, { room, name: 'Grace', ...options })];
  open.push(ada, grace);
  return [ada, grace];
}

for (const [way, transports] of Object.entries(TRANSPORTS)) {
  test(`two members by ${way} hear each other, binary included`, async () => {
    const [ada, grace] = await pair(`both-${way}`, { transports });
    if (way === 'upgrade') await until(() => ada.io.engine.transport.name === 'websocket', 'the upgrade');
    const bytes = Buffer.from([0, 1, 254, 255]);
    for (const [from, to] of [[ada, grace], [grace, ada]]) {
      const heard = next(to, 'draw');
      from.emit('draw', { at: [1, 2], ink: bytes }, 'thick', bytes);
      const [first, second, third] = await heard;
      assert.deepEqual(first, { at: [1, 2], ink: bytes });
      assert.deepEqual([second, Buffer.from(third)], ['thick', bytes]);
    }
    const left = next(grace, 'user-left');
    const { id } = ada;
    ada.close();
    assert.equal((await left)[0], id);
  });

  test(`5000 events sent without waiting arrive in order by ${way}`, { timeout: 60_000 }, async () => {
    const [ada, grace] = await pair(`order-${way}`, { transports });
    const heard = collect(grace, 'count');
    for (let count = 0; count < 5_000; count += 1) ada.emit('count', count);
    await until(() => heard.length >= 5_000, () => `5000 events, not ${heard.length}`, 40_000);
    assert.ok(heard.every((count, index) => count === index), 'in order');
    assert.equal(heard.length, 5_000);
  });
}

test('events emitted right after connecting, and before, are never lost', async () => {
  const grace = await join(server.url, { room: 'early', name: 'Grace' });
  open.push(grace);
  const heard = collect(grace, 'early');
  const rounds = 25;
  for (let round = 0; round < rounds; round += 1) {
    const transports = Object.values(TRANSPORTS)[round % 3];
    const connecting = connect(server.url, { transports });
    const ada = await connecting;
    ada.emit('join-room', 'early', 'Ada');
    for (let count = 0; count < 20; count += 1) ada.emit('early', `${round}.${count}`);
    await ada.timeout(10_000).emitWithAck('leave-room', 'early');
    ada.close();
  }
  await until(() => heard.length >= rounds * 20, () => `all, not ${heard.length}`);
  const expected = Array.from({ length: rounds * 20 }, (_, at) => `${Math.floor(at / 20)}.${at % 20}`);
  assert.deepEqual(heard, expected);
});

test('an acknowledgement tells how it went, or the client gives up in time', async () => {
  const [ada] = await pair('acks');
  assert.deepEqual(await ada.timeout(5_000).emitWithAck('draw', 1), { ok: true });
  const refused = await ada.timeout(5_000).emitWithAck('offer', {}, 'elsewhere');
  assert.equal(refused.ok, false);
  assert.equal(refused.code, 'bad-message');
  assert.ok(refused.message && refused.hint);
  const stranger = await connect(server.url);
  open.push(stranger);
  assert.equal((await stranger.timeout(5_000).emitWithAck('draw', 1)).code, 'not-joined');
  const error = next(stranger, 'error');
  stranger.emit('draw', 1);
  assert.equal((await error)[0].code, 'not-joined');
});

test('the parsers of MessagePack and of the default format meet', async () => {
  const [ada] = await pair('formats');
  const packed = await join(server.url, { room: 'formats', name: 'Alan', parser: msgpack });
  open.push(packed);
  const data = { n: 1.5, list: [null, true, 'é😀', -7, 2 ** 40], bytes: Buffer.from([1, 2, 255]) };
  const there = next(packed, 'draw');
  ada.emit('draw', data);
  assert.deepEqual({ ...(await there)[0], bytes: null }, { ...data, bytes: null });
  const back = next(ada, 'draw');
  packed.emit('draw', data);
  const [drawn] = await back;
  assert.deepEqual(drawn, data);
});

test('members of other dialects take part', async () => {
  const grace = await joinNative({ port: server.port, room: 'mixed', name: 'Grace' });
  const socket = await connect(server.url);
  open.push(socket);
  const present = next(socket, 'existing-user');
  socket.emit('join-room', 'mixed', 'Ada');
  assert.deepEqual((await present).slice(0, 2), [grace.peer, 'Grace']);
  assert.equal((await grace.event('member-joined')).member.peer, socket.id);

  socket.emit('draw', { x: 1 }, Buffer.from([1, 2, 3]));
  const event = await grace.event('event');
  assert.deepEqual([event.from, event.name, event.args], [socket.id, 'draw', [{ x: 1 }, { $binary: 'AQID' }]]);
  socket.emit('message', { a: 1 });
  assert.deepEqual((await grace.event('message')).data, { a: 1 });
  socket.emit('offer', { type: 'offer', sdp: 'v=0' }, 'mixed');
  assert.equal((await grace.event('offer')).sdp, 'v=0');

  const answered = next(socket, 'answer');
  await grace.request({ type: 'answer', to: socket.id, sdp: 'v=1' });
  assert.deepEqual((await answered).slice(0, 2), [{ type: 'answer', sdp: 'v=1' }, grace.peer]);
  const candidate = next(socket, 'ice-candidate');
  await grace.request({ type: 'candidate', to: socket.id, candidate: { candidate: 'a' } });
  assert.deepEqual((await candidate).slice(0, 2), [{ candidate: 'a' }, grace.peer]);
  const said = next(socket, 'chat');
  await grace.request({ type: 'chat', text: 'hello' });
  assert.equal((await said)[0].text, 'hello');
  const message = next(socket, 'message');
  await grace.request({ type: 'send', data: [1] });
  assert.deepEqual((await message).slice(0, 2), [[1], grace.peer]);
  socket.close();
  assert.equal((await grace.event('member-left')).peer, socket.id ?? event.from);
});

for (const transports of [TRANSPORTS.websocket, TRANSPORTS.polling]) {
  test(`after a cut of ${transports} nothing is lost and nothing comes twice`, { timeout: 60_000 }, async () => {
    const room = `cut-${transports}`;
    const proxy = await startProxy({ to: server.port });
    const ada = await join(server.url, { room, name: 'Ada' });
    const grace = await join(`http://localhost:${proxy.port}`, { room, name: 'Grace', transports, reconnectionDelay: 20, reconnectionDelayMax: 50 });
    open.push(ada, grace);
    const { id } = grace;
    const heard = collect(grace, 'count');
    const gone = collect(ada, 'user-left');
    let recoveries = 0;
    grace.on('connect', () => { recoveries += grace.recovered ? 1 : 0; });
    for (let count = 0; count < 600; count += 1) {
      ada.emit('count', count);
      if (count % 100 === 50) {
        await until(() => heard.length > 0 && grace.connected, 'something came');
        proxy.killAll();
      }
      if (count % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => heard.length >= 600, `all events, not ${heard.length}`, 20_000);
    assert.deepEqual(heard, Array.from({ length: 600 }, (_, count) => count));
    assert.ok(recoveries > 0, 'the client knows that it was recovered');
    assert.deepEqual([grace.id, gone], [id, []]);
    grace.close();
    await proxy.close();
  });
}

test('a connection that only seems alive gives its place to the one that comes for it', async () => {
  const proxy = await startProxy({ to: server.port });
  const ada = await join(server.url, { room: 'half', name: 'Ada' });
  const grace = await join(`http://localhost:${proxy.port}`, { room: 'half', name: 'Grace', reconnectionDelay: 20 });
  open.push(ada, grace);
  const heard = collect(grace, 'count');
  ada.emit('count', 1);
  await until(() => heard.length === 1, 'the first');
  proxy.freeze();
  ada.emit('count', 2);
  await ada.timeout(5_000).emitWithAck('count', 3);
  const back = next(grace, 'connect');
  proxy.refuse(false);
  grace.io.engine.close();
  proxy.thaw();
  await back;
  await until(() => heard.length === 3, 'what was on the way');
  assert.deepEqual(heard, [1, 2, 3]);
  grace.close();
  await proxy.close();
});

test('when the server is started anew, clients connect anew', { timeout: 30_000 }, async () => {
  const own = await startServer();
  const [ada, grace] = await pair('restart', { reconnectionDelay: 50, reconnectionDelayMax: 100 }, own.url);
  await own.kill();
  await own.start();
  await Promise.all([ada, grace].map((socket) => (socket.connected ? null : next(socket, 'connect', 20_000))));
  assert.equal(grace.recovered, false);
  for (const socket of [ada, grace]) await socket.timeout(5_000).emitWithAck('join-room', 'restart');
  const heard = next(grace, 'draw');
  ada.emit('draw', 1);
  assert.equal((await heard)[0], 1);
  [ada, grace].forEach((socket) => socket.close());
  await own.stop();
});

test('who does not read is gone within the limit, and what waited for them too', { timeout: 60_000 }, async () => {
  const own = await startServer({ args: ['--limits-outbox-bytes', '1MiB', '--limits-messages-per-second', '100000', '--limits-burst', '100000'] });
  const ada = await join(own.url, { room: 'slow', name: 'Ada' });
  const stalled = await openSocket({ port: own.port, path: '/socket.io/?EIO=4&transport=websocket' });
  stalled.send('40');
  stalled.send('42["join-room","slow","Mallory"]');
  await next(ada, 'user-joined');
  stalled.pause();
  let left = false;
  ada.on('user-left', () => { left = true; });
  const before = await memory(own.pid);
  const data = 'x'.repeat(50_000);
  for (let sent = 0; sent < 2_000 && !left; sent += 1) await ada.timeout(10_000).emitWithAck('draw', data);
  assert.ok(left, 'the others are told');
  assert.ok((await memory(own.pid)) - before < 40 * 1024, 'nothing is kept for who is gone');
  stalled.destroy();
  ada.close();
  await own.stop();
});

test('a server that does not speak it says so, and how to change that', async () => {
  const own = await startServer({ args: ['--dialects-socketio', 'off'] });
  const error = await connect(own.url).then(() => assert.fail('let in'), (refused) => refused);
  assert.equal(error.data.code, 'dialect-off');
  assert.match(error.data.hint, /dialects\.socketio/);
  await own.stop();
});

async function memory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]);
}
