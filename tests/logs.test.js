// What a server writes about itself: nothing of what people are called and say, nothing that opens anything, and of their
// addresses no more than was asked for; but which connection, member and request each line is about.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { http } from './harness/http.js';
import { joinNative, NativeMember } from './harness/native.js';
import { SECRET, startReceiver, toldBy } from './harness/receiver.js';
import { startServer } from './harness/server.js';
import { connect, TRANSPORTS } from './harness/socketio.js';
import { ask, joinByStream } from './harness/sse.js';
import { shakeHands } from './harness/tls.js';
import { runUclient } from './harness/turn.js';
import { eventually } from './harness/wait.js';
import { handshake, openSocket } from './harness/ws.js';

const MARK = 'Zebrafish';
const [room, name, text] = [`${MARK}-room`, `${MARK} Name`, `${MARK} said`];
const sdp = `v=0\r\no=${MARK} 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n`;
const candidate = { candidate: `candidate:1 1 udp 1 192.0.2.201 9 typ host ${MARK}`, sdpMid: '0', sdpMLineIndex: 0 };
const trace = (format) => ['--log', 'trace', '--log-format', format, '--dialects-peerjs-discovery'];

/** Everything that must not be found, however it is spelt. */
function spellings(secret) {
  const bytes = Buffer.from(secret);
  return [secret, encodeURIComponent(secret), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex'), JSON.stringify([...bytes]).slice(1, -1).replaceAll(',', ', ')];
}

function assertSilent(output, secrets) {
  for (const secret of new Set(secrets.flatMap(spellings))) {
    const at = output.indexOf(secret);
    assert.ok(at < 0, `the log has ${JSON.stringify(secret)}: …${output.slice(Math.max(0, at - 200), at + 200)}…`);
  }
}

/** Says all it can in every dialect, well and badly, and returns the secrets that it was given. */
const conversations = {
  async native({ port }) {
    const [ada, grace] = [await joinNative({ port, room, name }), await joinNative({ port, room, name: `${name} 2` })];
    const { peer } = grace;
    for (const message of [
      { type: 'chat', text }, { type: 'send', data: { text } }, { type: 'emit', name: MARK, args: [text] }, { type: 'update', name, attributes: { [MARK]: text } },
      { type: 'offer', to: peer, sdp }, { type: 'answer', to: peer, sdp }, { type: 'candidate', to: peer, candidate }, { type: MARK }, { type: 'chat', text: { text } },
      { type: 'offer', to: MARK, sdp }, { type: 'join', protocol: 1, room, name, token: `${MARK}.token.x` },
    ]) await ada.request(message);
    ada.socket.send(`{"type": "${MARK}`);
    const ice = ada.joined.iceServers ?? ada.joined.ice_servers;
    const { username, credential } = ice.find((server) => server.credential);
    const { secret } = ada;
    ada.socket.destroy();
    const back = new NativeMember(await openSocket({ port }));
    const resume = { type: 'resume', protocol: 1, room, peer: ada.peer, seq: ada.joined.seq };
    await back.request({ ...resume, secret: Buffer.from(MARK.repeat(3)).toString('base64url').slice(0, 32) });
    const resumed = await back.request({ ...resume, secret });
    assert.equal(resumed.type, 'resumed');
    back.socket.frame({ opcode: 2, payload: MARK });
    back.socket.frame({ opcode: 3, payload: MARK });
    grace.socket.destroy();
    return [secret, resumed.secret, username, credential];
  },
  async sse({ port }) {
    const ada = await joinByStream({ port, room, name, identity: `${MARK}@example.org`, [`a.${MARK}`]: text });
    await ada.say([{ type: 'chat', text }, { type: 'send', data: text }, { type: MARK }]);
    const path = `/api/v1/rooms/${room}/messages?token=${MARK}`;
    const wrong = await ask({ port, path, method: 'POST', body: `{"${MARK}`, headers: { Authorization: `Bearer ${MARK}`, 'Idempotency-Key': MARK, Cookie: MARK } });
    assert.equal(wrong.status, 401);
    const { token } = ada;
    ada.stream.cut();
    return [token];
  },
  async json({ port }) {
    const socket = await openSocket({ port, path: '/' });
    socket.send({ type: 'join', roomId: room, name });
    socket.send({ type: 'chat', roomId: room, text });
    socket.send({ type: 'offer', roomId: room, sdp: { type: 'offer', sdp } });
    socket.send({ type: 'ice-candidate', roomId: room, candidate });
    await socket.next();
    socket.destroy();
    return [];
  },
  async channels({ port }) {
    const socket = await openSocket({ port, path: '/' });
    socket.send({ open: true, channel: room });
    socket.send({ channel: room, data: { text, userid: MARK } });
    socket.send(`${MARK}`);
    socket.destroy();
    return [];
  },
  async echo({ port }) {
    const socket = await openSocket({ port, path: '/' });
    socket.send(text);
    await socket.takeText();
    socket.destroy();
    return [];
  },
  async 'y-webrtc'({ port }) {
    const socket = await openSocket({ port, path: '/signaling' });
    socket.send({ type: 'subscribe', topics: [room] });
    socket.send({ type: 'publish', topic: room, data: text });
    await socket.next();
    socket.destroy();
    return [];
  },
  async matchbox({ port }) {
    const [first, second] = [await openSocket({ port, path: `/${room}?next=2` }), await openSocket({ port, path: `/${room}?next=2` })];
    second.send({ Signal: { receiver: '00000000-0000-0000-0000-000000000000', data: { Offer: sdp } } });
    second.send(MARK);
    await first.next();
    for (const socket of [first, second]) socket.destroy();
    return [];
  },
  async peerjs({ port }) {
    const open = (id) => openSocket({ port, path: `/peerjs?${new URLSearchParams({ key: room, id, token: `${MARK}-token`, version: '1.5.5' })}` });
    const [ada, grace] = [await open(`${MARK}-ada`), await open(`${MARK}-grace`)];
    await ada.next();
    await grace.next();
    grace.send({ type: 'OFFER', dst: `${MARK}-ada`, payload: { sdp: { type: 'offer', sdp }, type: 'media', connectionId: `mc_${MARK}` } });
    grace.send({ type: 'CANDIDATE', dst: `${MARK}-nobody`, payload: { candidate, type: 'media', connectionId: `mc_${MARK}` } });
    grace.send({ type: MARK });
    await ada.next();
    await http({ port, path: `/peerjs/${room}/peers` });
    for (const socket of [ada, grace]) socket.destroy();
    return [];
  },
  async socketio(server) {
    const secrets = [];
    for (const transports of [TRANSPORTS.polling, TRANSPORTS.websocket, TRANSPORTS.upgrade]) {
      const socket = await connect(server.url, { transports, auth: { token: `${MARK}-auth` }, query: { token: MARK } });
      await socket.timeout(5_000).emitWithAck('join-room', room, name);
      await socket.timeout(5_000).emitWithAck('chat', text);
      socket.emit(MARK, { text }, Buffer.from(MARK));
      socket.emit('offer', { type: 'offer', sdp }, room);
      secrets.push(socket.io.engine.id);
      await socket.timeout(5_000).emitWithAck('message', text).catch(() => {});
      socket.close();
    }
    return secrets;
  },
  async http({ port }) {
    const headers = { Authorization: `Bearer ${MARK}`, Cookie: `session=${MARK}`, 'User-Agent': MARK, Referer: `https://a.example/${MARK}`, 'X-Request-Id': `a ${MARK}` };
    for (const path of [`/room/${room}?token=${MARK}`, `/${MARK}`, `/api/v1/rooms/${room}`, `/sdk/${MARK}.js`, '/metrics', '/api/v1/ice-servers']) {
      await http({ port, path, headers });
    }
    await http({ port, path: '/', method: MARK.toUpperCase() }).catch(() => {});
    await handshake({ port, headers: { 'Sec-WebSocket-Key': MARK } });
    (await handshake({ port, headers: { 'Sec-WebSocket-Protocol': `parlor, parlor.token.${MARK}` } })).socket?.destroy();
    return [];
  },
};

/** Settings whose values nobody is to read. */
const SETTINGS = [`${MARK}TurnSecret`, `${MARK}Password`, `${MARK}MetricsToken`, SECRET];

for (const format of ['json', 'text']) {
  test(`with everything written, the ${format} log tells of nobody what they are called, say or know`, { timeout: 90_000 }, async () => {
    const receiver = await startReceiver();
    const [turnSecret, password, metricsToken] = SETTINGS;
    const server = await startServer({
      args: [...trace(format), ...toldBy([receiver]), '--turn-secret', turnSecret, '--turn-user', `ada:${password}`, '--turn-wide-channels', '--metrics-token', metricsToken],
    });
    const secrets = [MARK, '192.0.2.201', ...SETTINGS];
    for (const [kind, converse] of Object.entries(conversations)) {
      const given = await converse(server);
      assert.ok(given.every((secret) => typeof secret === 'string' && secret.length > 5), `${kind} was given ${given}`);
      secrets.push(...given);
    }
    await runUclient({ port: server.port, args: ['-u', 'ada', '-w', password, '-y', '-c'], messages: 2 });
    await runUclient({ port: server.port, args: ['-u', 'ada', '-w', `${MARK}-wrong`, '-y', '-c'], messages: 1 });
    await receiver.event('member.joined');
    const { stdout, stderr } = await server.stop();
    assert.ok(stderr.includes('joined') && stderr.includes('refused'), 'the log tells nothing at all');
    assertSilent(stdout + stderr, secrets);
    const client = /127\.0\.0\.1:(\d+)|\[::1\]:(\d+)/g;
    const foreign = [...stderr.matchAll(client)].filter(([, v4, v6]) => Number(v4 ?? v6) !== server.port && Number(v4 ?? v6) !== receiver.port);
    assert.deepEqual(foreign.map(([address]) => address), [], 'addresses of clients');
  });
}

test('inside TLS and HTTP/2 it tells no more', { timeout: 60_000 }, async () => {
  const server = await startServer({ args: [...trace('text'), '--tls-self-signed'] });
  const session = connectHttp2(`https://localhost:${server.port}`, { rejectUnauthorized: false });
  const headers = { ':path': `/room/${room}?token=${MARK}`, authorization: `Bearer ${MARK}`, cookie: MARK, 'x-marked': MARK };
  const stream = session.request(headers);
  stream.resume();
  await once(stream, 'end');
  const post = session.request({ ':path': `/api/v1/rooms/${room}/messages`, ':method': 'POST', authorization: `Bearer ${MARK}` });
  post.end(JSON.stringify({ type: 'chat', text }));
  post.resume();
  await once(post, 'end');
  session.close();
  (await shakeHands({ port: server.port, name: `${MARK.toLowerCase()}.example` })).destroy();
  const { stdout, stderr } = await server.stop();
  assert.ok(stderr.includes('answered'));
  assertSilent(stdout + stderr, [MARK, MARK.toLowerCase()]);
});

test('each line of JSON says which connection, dialect and member it is about', async () => {
  const server = await startServer({ args: ['--log', 'debug', '--log-format', 'json'] });
  const ada = await joinNative({ port: server.port, room, name });
  const grace = await joinByStream({ port: server.port, room, name });
  await ada.request({ type: 'leave' });
  ada.socket.destroy();
  const sayings = () => server.output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const about = (session) => sayings().filter((line) => line.session === session);
  await eventually('the last line', () => about(ada.peer).some(({ message }) => message === 'went'));
  const lines = about(ada.peer);
  assert.deepEqual(lines.map(({ message }) => message), ['came', 'joined', 'left', 'went']);
  const [{ connection }] = lines;
  for (const line of lines) assert.deepEqual([line.connection, line.transport, line.dialect], [connection, 'websocket', 'native']);
  const opened = sayings().find((line) => line.message === 'becomes a WebSocket' && line.connection === connection);
  assert.equal(opened.address, '127.0.0.0/24');
  assert.ok(sayings().some((line) => line.message === 'answered' && line.request === opened.request && line.status === 101));
  assert.deepEqual(about(grace.peer).map(({ message, transport, dialect }) => [message, transport, dialect]), [['came', 'sse', 'sse'], ['joined', 'sse', 'sse']]);
  grace.stream.cut();
  await server.stop();
});

test('a request keeps the id that it came with, and gets one if it has none', async () => {
  const server = await startServer({ args: ['--log', 'debug', '--log-format', 'json'] });
  const get = (id) => http({ port: server.port, path: '/livez', headers: id ? { 'X-Request-Id': id } : {} });
  assert.equal((await get('trace-7.1_b')).headers['x-request-id'], 'trace-7.1_b');
  const [one, two] = [await get(), await get('no id <>')].map(({ headers }) => headers['x-request-id']);
  assert.match(one, /^[0-9a-f]{8}-\d+$/);
  assert.match(two, /^[0-9a-f]{8}-\d+$/);
  assert.notEqual(one, two);
  const { stderr } = await server.stop();
  for (const id of ['trace-7.1_b', one, two]) {
    assert.ok(stderr.split('\n').some((line) => line.includes(`"request":"${id}"`) && line.includes('"route":"health"')), id);
  }
});

test('addresses are written in full or not at all where that is asked for', async () => {
  for (const [detail, expected] of [['full', /^127\.0\.0\.1:\d+$/], ['none', /^-$/]]) {
    const server = await startServer({ args: ['--log', 'debug', '--log-format', 'json', '--log-addresses', detail] });
    const ada = await joinNative({ port: server.port, room, name });
    ada.socket.destroy();
    const { stderr } = await server.stop();
    const line = stderr.split('\n').find((each) => each.includes('becomes a WebSocket'));
    assert.match(JSON.parse(line).address, expected);
  }
});
