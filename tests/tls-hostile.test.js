// Who says nothing, half of it, or nonsense on the port that everything shares: each is sent away in time, and nobody
// else waits for them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { within } from './harness/cleanup.js';
import { startServer } from './harness/server.js';
import { ask, handshakeMs, openHttp2, shakeHands } from './harness/tls.js';
import { Wire } from './harness/ws.js';

/** Machines are noisy, and attacker, server and bystander share one: this only sees whether somebody had to wait in line. */
const SLOWDOWN = 25;
const NOISE_MS = 250;
const HANDSHAKES = 60;

const DRIP_MS = 200;
/** Twice the second that the hasty server gives, and again for what has to be told within TLS; and noise. */
const SENT_AWAY_MS = 10_000;
/** Far less than the ten seconds that the patient server gives. */
const AT_ONCE_MS = 5_000;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** The head of a request that goes on in a frame which never comes. */
const HALF_HEAD = Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]);
const STUN = Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...Array(12).fill(7)]);

let folder;
let hasty;
let patient;
let hello;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlor-tls-hostile-'));
  const args = ['--tls-self-signed', '--state-dir', folder];
  patient = await startServer({ args });
  hasty = await startServer({ args: [...args, '--limits-header-timeout', '1s', '--tls-handshake-timeout', '1s'] });
  hello = await clientHello();
});
after(async () => {
  for (const server of [hasty, patient]) assert.equal((await server.stop()).code, 0);
  await rm(folder, { recursive: true });
});

/** How a real client begins. */
async function clientHello() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect({ port: listener.address().port, servername: 'localhost' });
  client.on('error', () => {});
  const [socket] = await once(listener, 'connection');
  const [bytes] = await once(socket, 'data');
  client.destroy();
  listener.close();
  return bytes;
}

async function opened(port, bytes = Buffer.alloc(0)) {
  const wire = new Wire({ port });
  await wire.opened;
  wire.write(bytes);
  return wire;
}

/** One byte at a time, for as long as somebody reads. */
function drip(wire, bytes) {
  let sent = 0;
  const timer = setInterval(() => wire.write(bytes.subarray(sent, (sent += 1))), DRIP_MS);
  return () => clearInterval(timer);
}

const p95 = (times) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)];

async function handshakes({ port }) {
  const times = [];
  while (times.length < HANDSHAKES) times.push(await handshakeMs({ port }));
  return p95(times);
}

test('hundreds who have only begun delay nobody', { timeout: 60_000 }, async (t) => {
  const { port } = patient;
  await handshakes({ port });
  const calm = await handshakes({ port });
  const begun = { 'half a ClientHello': hello.subarray(0, 100), nothing: Buffer.alloc(0), 'a letter of HTTP': Buffer.from('G'), 'a byte of STUN': STUN.subarray(0, 1) };
  const wires = [];
  const stops = [];
  for (const bytes of Object.values(begun)) {
    for (let count = 0; count < 100; count += 1) {
      const wire = await opened(port, bytes);
      wires.push(wire);
      if (count % 4 === 0) stops.push(drip(wire, Buffer.concat([bytes, hello]).subarray(bytes.length)));
    }
  }
  const besieged = await handshakes({ port });
  for (const stop of stops) stop();
  assert.ok(wires.filter(({ isOpen }) => isOpen).length >= 100, 'the besiegers are still there');
  wires.forEach((wire) => wire.destroy());
  t.diagnostic(`p95 of handshakes: ${calm.toFixed(1)} ms alone, ${besieged.toFixed(1)} ms besieged by ${wires.length}`);
  assert.ok(besieged < Math.max(calm * SLOWDOWN, NOISE_MS), `${besieged} ms`);
});

test('who says nothing or a byte at a time is sent away, whatever they begin with', { timeout: 60_000 }, async () => {
  const { port } = hasty;
  const plain = {
    nothing: [Buffer.alloc(0), null],
    'TLS, byte by byte': [Buffer.alloc(0), hello],
    'TLS, nothing after half of it': [hello.subarray(0, 50), null],
    'HTTP, byte by byte': [Buffer.alloc(0), Buffer.from(`GET / HTTP/1.1\r\nX: ${'x'.repeat(500)}`)],
    'the beginning of HTTP/2': [PREFACE.subarray(0, 3), null],
    'STUN that never becomes a message': [STUN.subarray(0, 7), null],
    'HTTP/2 that asks for nothing': [Buffer.concat([PREFACE, SETTINGS]), null],
    'HTTP/2 with half a head': [Buffer.concat([PREFACE, SETTINGS, HALF_HEAD]), null],
  };
  await Promise.all(Object.entries(plain).map(async ([what, [first, rest]]) => {
    const wire = await opened(port, first);
    const stop = rest && drip(wire, rest);
    await within(SENT_AWAY_MS, wire.readToEnd(SENT_AWAY_MS), what);
    stop?.();
  }));
});

test('within TLS it is the same', { timeout: 60_000 }, async () => {
  const begun = {
    nothing: Buffer.alloc(0),
    'a letter of HTTP': Buffer.from('P'),
    'half a head': Buffer.from('GET / HTTP/1.1\r\nHost: local'),
    'STUN that never becomes a message': STUN.subarray(0, 7),
    'HTTP/2 with half a head': Buffer.concat([PREFACE, SETTINGS, HALF_HEAD]),
  };
  await Promise.all(Object.entries(begun).map(async ([what, bytes]) => {
    const socket = await shakeHands({ port: hasty.port, protocols: ['h2', 'http/1.1'] });
    const ended = once(socket.resume(), 'close');
    if (bytes.length > 0) socket.write(bytes);
    await within(SENT_AWAY_MS, ended, what);
  }));
});

test('what is spoken nowhere is closed at once', { timeout: 60_000 }, async () => {
  const record = (body, version = [3, 1]) => Buffer.concat([Buffer.from([0x16, ...version, body.length >> 8, body.length & 0xff]), body]);
  const endless = record(Buffer.concat([Buffer.from([1, 0xff, 0xff, 0xff]), Buffer.alloc(16_380, 7)]));
  const garbage = {
    'lower case': Buffer.from('get / http/1.1\r\n'),
    'a wrong cookie': Buffer.from([0, 1, 0, 0, 1, 2, 3, 4, 5, 6]),
    'channel data of nobody': Buffer.from([0x40, 0, 0, 4, 1, 2, 3, 4]),
    'a framed STUN message': Buffer.concat([Buffer.from([0, 20]), STUN]),
    'TLS of no version': record(Buffer.from('hello'), [9, 9]),
    'a handshake of no kind': record(Buffer.from('hello')),
    'TLS records that end nowhere': Buffer.concat(Array(8).fill(endless)),
    'a record longer than any': Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 2, 3]),
    'an alert first': Buffer.from([0x15, 3, 3, 0, 2, 2, 40]),
  };
  for (const [what, bytes] of Object.entries(garbage)) {
    const wire = await opened(patient.port, bytes);
    const answer = await within(AT_ONCE_MS, wire.readToEnd(AT_ONCE_MS), what);
    assert.ok(answer.length === 0 || answer[0] === 0x15, `${what}: at most an alert`);
  }
});

test('TLS within TLS, and names that are nowhere, are no way in', async () => {
  const socket = await shakeHands({ port: patient.port });
  const ended = once(socket.resume(), 'close');
  socket.write(hello);
  await within(AT_ONCE_MS, ended, 'the end');
  await assert.rejects(shakeHands({ port: patient.port, protocols: ['acme-tls/1'] }));
  await assert.rejects(shakeHands({ port: patient.port, protocols: ['smtp'] }));
});

test('requests that are taken back as fast as they are made end their connection', async () => {
  const head = Buffer.from([0x82, 0x84, 0x86, 0x41, 9, ...Buffer.from('localhost')]);
  const frame = (type, flags, stream, body) => {
    const start = Buffer.alloc(9);
    start.writeUIntBE(body.length, 0, 3);
    start[3] = type;
    start[4] = flags;
    start.writeUInt32BE(stream, 5);
    return Buffer.concat([start, body]);
  };
  const pairs = Array.from({ length: 5_000 }, (_, index) => Buffer.concat([frame(1, 4, 2 * index + 1, head), frame(3, 0, 2 * index + 1, Buffer.from([0, 0, 0, 8]))]));
  const wire = await opened(patient.port, Buffer.concat([PREFACE, SETTINGS, ...pairs]));
  await within(SENT_AWAY_MS, wire.readToEnd(SENT_AWAY_MS), 'the end');
  await handshakeMs({ port: patient.port });
});

test('a connection of HTTP/2 is in use as long as a stream of events is, and no longer', { timeout: 60_000 }, async () => {
  const session = openHttp2({ port: hasty.port });
  const ended = once(session, 'close');
  const events = session.request({ ':path': '/api/v1/rooms/quiet/events?name=Ada' });
  await once(events, 'data');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const asking = session.request({ ':path': '/livez' });
  const [{ ':status': status }] = await once(asking, 'response');
  asking.resume();
  assert.deepEqual([status, events.closed, session.closed], [200, false, false]);
  events.close();
  await within(SENT_AWAY_MS, ended, 'the end');
});

test('a browser may open a connection before it has something to say', async () => {
  const early = await startServer({ args: ['--tls-self-signed', '--state-dir', folder, '--log', 'debug'] });
  const wire = await opened(early.port);
  const socket = await shakeHands({ port: early.port });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.match(await ask(socket, '/livez'), /^HTTP\/1\.1 200/);
  wire.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.match((await wire.readUntil('\r\n\r\n')).toString(), /^HTTP\/1\.1 200/);
  const unused = await opened(early.port);
  unused.destroy();
  wire.destroy();
  socket.destroy();
  assert.doesNotMatch((await early.stop()).stderr, /WARN|ERROR/);
});

test('when too many have only begun, the one who has waited longest makes room', { timeout: 60_000 }, async () => {
  const limits = ['--limits-max-half-open', '16', '--limits-max-half-open-per-address', '16', '--limits-header-timeout', '1m'];
  const narrow = await startServer({ args: ['--tls-self-signed', '--state-dir', folder, ...limits] });
  const wires = [];
  while (wires.length < 40) wires.push(await opened(narrow.port));
  await within(AT_ONCE_MS, Promise.all(wires.slice(0, 24).map((wire) => wire.readToEnd(AT_ONCE_MS))), 'their end');
  assert.ok(wires.slice(24).every(({ isOpen }) => isOpen));
  await handshakeMs({ port: narrow.port });
  wires.forEach((wire) => wire.destroy());
  await narrow.stop();
});
