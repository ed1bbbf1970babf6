// The relay as coturn's own client sees it: every way to use it, and nothing lost. Also what it refuses, and what it
// answers to nobody in particular.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { within } from './harness/cleanup.js';
import { http } from './harness/http.js';
import { joinNative, NativeMember } from './harness/native.js';
import { runParlor, startServer } from './harness/server.js';
import { askByUdp, BINDING, isBindingSuccess, runUclient, startEcho } from './harness/turn.js';
import { openSocket } from './harness/ws.js';

const ADA = ['-u', 'ada', '-w', 'lovelace'];
/** Allocations of clients that have ended without a word stay for their lifetime. */
const OPEN = [
  '--turn-user', 'ada:lovelace', '--turn-secret', 'north', '--turn-max-allocations-per-credential', '1000',
  '--turn-wide-channels', '--turn-tcp-allocations',
];
const MANY = { timeout: 90_000 };

async function assertNothingLost(options) {
  const { code, sent, received, output } = await runUclient(options);
  const { clients = 2, messages = 20 } = options;
  assert.equal(code, 0, output);
  assert.equal(sent, clients * messages, output);
  assert.equal(received, sent, output);
}

describe('between clients of the relay, which need no further port', MANY, () => {
  let server;
  before(async () => (server = await startServer({ args: OPEN })));
  after(() => server.stop());

  const both = (args) => assertNothingLost({ port: server.port, args: [...ADA, '-y', '-c', ...args] });
  test('by channels and by indications, over UDP and over TCP', () => Promise.all([
    both([]),
    both(['-s']),
    both(['-t']),
    both(['-t', '-s']),
    both(['-D']),
    both(['-g']),
  ]));

  test('by IPv6, by IPv4 when it is asked for, by both at once, and by TCP from end to end', () => Promise.all([
    both(['-x']),
    both(['-X']),
    both(['-Z']),
    both(['-T']),
  ]));

  // Each client has a connection to every other one.
  test('by TCP from end to end, for many at once', () => (
    assertNothingLost({ port: server.port, clients: 20, messages: 5, args: [...ADA, '-y', '-c', '-T'] })));

  test('with credentials that a shared secret has made', () => (
    assertNothingLost({ port: server.port, args: ['-u', 'ada', '-W', 'north', '-y', '-c'] })));

  test('a peer outside is refused, and so is who has no password', async () => {
    const [outside, stranger] = await Promise.all([
      runUclient({ port: server.port, args: [...ADA, '-e', '127.0.0.1', '-r', server.port, '-c'] }),
      runUclient({ port: server.port, args: ['-u', 'ada', '-w', 'byron', '-y', '-c'] }),
    ]);
    assert.match(outside.output, /error 403/);
    assert.match(stranger.output, /Cannot complete Allocation/);
    for (const { received } of [outside, stranger]) assert.ok(!received);
  });
});

describe('to peers outside, where they are allowed', MANY, () => {
  let server;
  let echo;
  let echo6;
  before(async () => {
    [server, echo, echo6] = await Promise.all([
      // Where no other program of this machine has its port: what is not a relay there, is nobody.
      startServer({ args: [...OPEN, '--turn-peers', 'any', '--turn-relay-ports', '61000-65535'] }),
      startEcho(),
      startEcho({ host: '::1' }),
    ]);
  });
  after(async () => {
    for (const one of [echo, echo6]) one.stop();
    await server.stop();
  });

  const to = ({ host, port }, args) => (
    assertNothingLost({ port: server.port, args: [...ADA, '-c', '-e', host, '-r', port, ...args] }));
  test('by channels and by indications, over UDP and over TCP', () => Promise.all([
    to(echo, []),
    to(echo, ['-s']),
    to(echo, ['-t']),
    to(echo, ['-t', '-s']),
    to(echo, ['-X']),
    to(echo, ['-g']),
  ]));

  test('to IPv6, from a client of IPv4', () => Promise.all([
    to(echo6, ['-x']),
    to(echo6, ['-x', '-t']),
    to(echo6, ['-x', '-s']),
  ]));

  test('with a pair of ports for RTP and RTCP', () => {
    const { host, port } = echo;
    return assertNothingLost({ port: server.port, clients: 2, args: [...ADA, '-e', host, '-r', port] });
  });
});

/** Where relayed addresses are in these tests. */
const OWN = new Set(['127.0.0.1', '::1']);
// What nobody on the internet may reach through a relay: this host, its networks, and all that hides one of them.
const NEVER = [
  '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.8.9.10', '169.254.169.254', '172.16.0.1', '192.0.0.8', '192.0.2.1', '192.88.99.1',
  '192.168.1.1', '198.18.0.1', '198.51.100.7', '203.0.113.7', '224.0.0.1', '240.0.0.1', '255.255.255.255',
];
const NEVER_BY_IPV6 = [
  '::', '::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1',
  '2002:7f00:1::1', '2002:a00:1::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fec0::1', 'ff02::1',
];

describe('whoever is no public host is no peer, for coturn\'s client too', MANY, () => {
  let server;
  before(async () => (server = await startServer({ args: [...OPEN, '--turn-peers', 'public'] })));
  after(() => server.stop());

  const refused = async (peer, args) => {
    const { output, received } = await runUclient({
      port: server.port, clients: 1, messages: 1, args: [...ADA, ...args, '-e', peer, '-r', 9, '-c'],
    });
    assert.ok(!received, peer);
    // A permission has no port, so there is one for the address that relays have; what goes to other ports is dropped.
    if (!(OWN.has(peer) && args.includes('-s'))) assert.match(output, /error 403/, `${peer} ${args}`);
  };
  for (const [how, args] of [['a channel', []], ['a permission', ['-s']]]) {
    test(`by ${how}`, async () => {
      await Promise.all(NEVER.map((peer) => refused(peer, args)));
      await Promise.all(NEVER_BY_IPV6.map((peer) => refused(peer, ['-x', ...args])));
    });
  }
});

describe('over TLS, on the same port', MANY, () => {
  let folder;
  let server;
  let echo;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parlor-turn-'));
    const args = [...OPEN, '--turn-peers', 'any', '--tls-self-signed', '--state-dir', folder];
    [server, echo] = await Promise.all([startServer({ args }), startEcho()]);
  });
  after(async () => {
    echo.stop();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  // coturn's client takes what is in a record for one message: several in one would look like a loss.
  const secure = (args) => assertNothingLost({ port: server.port, clients: 4, args: [...ADA, '-c', '-t', '-S', ...args] });
  test('between clients, and to peers outside', () => Promise.all([
    secure(['-y']),
    secure(['-y', '-s']),
    secure(['-e', echo.host, '-r', echo.port]),
    secure(['-y', '-T']),
  ]));
});

test('whatever else comes to the port is dropped, and STUN is answered from the address that was asked', async () => {
  const server = await startServer({ args: ['--listen', '0.0.0.0:0', '--open-rooms'] });
  const [, port] = [...server.output.matchAll(/^open http:\/\/localhost:(\d+)$/gm)].map(([, digits]) => Number(digits));
  const noise = [Buffer.alloc(0), Buffer.alloc(1_200, 0x80), Buffer.alloc(60, 22), BINDING.subarray(0, 19), Buffer.from('hello')];
  for (const host of ['127.0.0.1', '127.0.0.2']) {
    const { answer, from } = await askByUdp({ port, host, datagrams: [...noise, BINDING] });
    assert.ok(isBindingSuccess(answer), answer.toString('hex'));
    assert.equal(from.address, host);
  }
  await server.stop();
});

test('a stream that comes byte by byte is answered, and one that breaks off is forgotten', async () => {
  const server = await startServer();
  const socket = connect(server.port, '127.0.0.1').setNoDelay(true);
  const answered = once(socket, 'data');
  for (const byte of BINDING) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [answer] = await within(10_000, answered, 'an answer by TCP');
  assert.ok(isBindingSuccess(answer));
  socket.write(BINDING.subarray(0, 11));
  socket.end();
  await within(10_000, once(socket, 'close'), 'the end of the stream');
  assert.equal((await server.stop()).code, 0);
});

test('what is neither STUN nor channel data ends a stream', async () => {
  const server = await startServer();
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume().write(Buffer.concat([BINDING, Buffer.alloc(64, 0xff)]));
  await within(10_000, once(socket, 'close'), 'the end of the stream');
  await server.stop();
});

test('a member is told of the relay, and again when it comes back', async () => {
  const server = await startServer();
  const ada = await joinNative({ port: server.port, room: 'ice', name: 'Ada' });
  const [stun, turn, ...others] = ada.joined.iceServers;
  assert.deepEqual(stun, { urls: [`stun:127.0.0.1:${server.port}`] });
  assert.deepEqual(turn.urls, ['udp', 'tcp'].map((by) => `turn:127.0.0.1:${server.port}?transport=${by}`));
  const [expiry, user] = turn.username.split(':');
  assert.equal(user, ada.peer);
  assert.ok(Number(expiry) > Date.now() / 1000);
  assert.deepEqual(others, []);
  await assertNothingLost({ port: server.port, args: ['-u', turn.username, '-w', turn.credential, '-y', '-s', '-c'] });

  const back = new NativeMember(await openSocket({ port: server.port }));
  const { peer, secret } = ada;
  const resumed = await back.request({ type: 'resume', protocol: 1, room: 'ice', peer, secret, seq: ada.joined.seq });
  assert.equal(resumed.type, 'resumed');
  const renewed = await back.event('ice-servers');
  assert.equal(renewed.iceServers[1].username.split(':')[1], peer);
  assert.equal(renewed.ttlMs, 3_600_000);
  await server.stop();
});

test('a page that is in no room asks for servers, if it may', async () => {
  const server = await startServer();
  const ask = (headers) => http({ port: server.port, path: '/api/v1/ice-servers', headers });
  const { status, headers, body } = await ask({ Origin: 'http://localhost:3000' });
  assert.equal(status, 200);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['access-control-allow-origin'], 'http://localhost:3000');
  const { iceServers: [stun, turn], ttlMs } = JSON.parse(body);
  assert.deepEqual(stun.urls, [`stun:127.0.0.1:${server.port}`]);
  assert.ok(turn.username && turn.credential);
  assert.equal(ttlMs, 3_600_000);

  assert.equal((await ask({ Origin: 'https://elsewhere.example' })).status, 403);
  await server.stop();
});

test('where it is reached from outside is said to the operator and to the clients', async () => {
  const args = ['--external-address', '203.0.113.7', '--turn-peers', 'public', '--turn-relay-ports', '50000-50009'];
  const server = await startServer({ args });
  assert.match(server.output, /^relay at 203\.0\.113\.7, UDP ports 50000-50009, to its own clients and the internet$/m);
  const { joined } = await joinNative({ port: server.port, room: 'ice', name: 'Ada' });
  assert.deepEqual(joined.iceServers[0].urls, [`stun:203.0.113.7:${server.port}`]);
  await server.stop();

  const off = await startServer({ args: ['--turn-enabled=false'] });
  const { joined: { iceServers } } = await joinNative({ port: off.port, room: 'ice', name: 'Ada' });
  assert.deepEqual(iceServers, []);
  assert.doesNotMatch(off.output, /relay at/);
  await off.stop();
});

test('every mistake in the settings of the relay is told at once, and no password with it', async () => {
  const args = [
    '--turn-allow-peer', '10.1.2.3/8', '--turn-deny-peer', '300.0.0.0/8', '--turn-relay-ports', '9-1',
    '--turn-user', 'ada', '--turn-user', ':lovelace', '--external-address', '0.0.0.0',
  ];
  const { code, stderr } = await runParlor(args);
  assert.equal(code, 2);
  for (const flag of ['--turn-allow-peer', '--turn-deny-peer', '--turn-relay-ports', '--turn-user', '--external-address']) {
    assert.match(stderr, new RegExp(`^parlor: ${flag}: `, 'm'));
  }
  assert.doesNotMatch(stderr, /lovelace/);
});
