// What one address may do, and what the server says to whoever wants more. This machine has no limits of its own, so a
// proxy that the server trusts says who asks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { http } from './harness/http.js';
import { joinNative, NativeMember } from './harness/native.js';
import { startServer } from './harness/server.js';
import { handshake, openSocket } from './harness/ws.js';

const TRUSTING = ['--limits-trusted-proxy', '127.0.0.1,::1'];
const from = (client) => ({ 'X-Forwarded-For': client });

test('requests beyond the rate of an address are told when to come again, and no other address is', async () => {
  const args = [...TRUSTING, '--limits-requests-per-second-per-address', '1', '--limits-requests-burst-per-address', '3'];
  const server = await startServer({ args });
  const { port } = server;
  const ask = async (client) => http({ port, path: '/livez', headers: client ? from(client) : {} });
  for (let count = 0; count < 3; count += 1) assert.equal((await ask('198.51.100.7')).status, 200);
  const refused = await ask('198.51.100.7');
  assert.deepEqual([refused.status, refused.headers['retry-after'], refused.headers.connection], [429, '1', 'close']);
  assert.equal(refused.headers['x-content-type-options'], 'nosniff');
  assert.equal((await ask('198.51.100.8')).status, 200);
  assert.equal((await ask('2001:db8:1:2::1')).status, 200);
  for (let count = 0; count < 3; count += 1) await ask(`2001:db8:1:2::${count}`);
  assert.equal((await ask('2001:db8:1:2::9')).status, 429, 'a /64 is one address');
  for (let count = 0; count < 9; count += 1) assert.equal((await ask(null)).status, 200, 'this machine has no limit');
  await server.stop();
});

test('nobody is believed who is no proxy of ours', async () => {
  const args = ['--limits-requests-per-second-per-address', '1', '--limits-requests-burst-per-address', '1'];
  const server = await startServer({ args });
  for (let count = 0; count < 9; count += 1) {
    assert.equal((await http({ port: server.port, path: '/livez', headers: from('198.51.100.7') })).status, 200);
  }
  await server.stop();
});

test('who guesses secrets waits longer and longer, and is told so', async () => {
  const server = await startServer({ args: TRUSTING });
  const { port } = server;
  const ada = await joinNative({ port, room: 'vault', name: 'Ada' });
  const headers = from('198.51.100.66');
  let guesses = 0;
  for (let closed = null; !closed; guesses += 1) {
    const guesser = new NativeMember(await openSocket({ port, headers }));
    const answer = await guesser.request({ type: 'resume', protocol: 1, room: 'vault', peer: ada.peer, secret: 'A'.repeat(32) });
    assert.equal(answer.code, 'bad-secret');
    assert.ok(guesses < 20, 'not for ever');
    closed = await Promise.race([guesser.socket.closed(), new Promise((resolve) => setTimeout(resolve, 50, null))]);
    if (closed) assert.equal(closed.reason, 'rate-limited');
    guesser.socket.destroy();
  }
  const refused = await handshake({ port, headers });
  assert.deepEqual([refused.status, refused.body.split(':')[0]], [429, 'too-many-attempts']);
  assert.match(refused.headers['retry-after'], /^\d+$/);
  const grace = await openSocket({ port, headers: from('198.51.100.67') });
  grace.destroy();
  ada.socket.destroy();
  await server.stop();
});

test('who guesses the token of the admin API waits as well, and whoever has it does not', async () => {
  const token = 'a-token-of-at-least-32-characters';
  const server = await startServer({ args: [...TRUSTING, '--admin-token', token] });
  const { port } = server;
  const ask = (client, shown) => http({ port, path: '/api/v1/stats', headers: { ...from(client), Authorization: `Bearer ${shown}` } });
  const statuses = [];
  for (let guess = 0; guess < 12; guess += 1) statuses.push((await ask('198.51.100.66', `guess ${guess} of what it may be`)).status);
  assert.deepEqual([statuses[0], statuses.at(-1)], [401, 429]);
  const refused = await ask('198.51.100.66', token);
  assert.deepEqual([refused.status, JSON.parse(refused.body).code], [429, 'too-many-attempts']);
  assert.match(refused.headers['retry-after'], /^\d+$/);
  assert.equal((await ask('198.51.100.67', token)).status, 200);
  await server.stop();
});

test('who sends more bytes than a connection may is read more slowly, and loses nothing', { timeout: 30_000 }, async (t) => {
  const rate = 256 << 10;
  const server = await startServer({ args: ['--limits-bytes-per-second', String(rate), '--limits-max-frame', '128KiB'] });
  const { port } = server;
  const [ada, grace] = [await joinNative({ port, room: 'slow', name: 'Ada' }), await joinNative({ port, room: 'slow', name: 'Grace' })];
  const data = 'x'.repeat(60 << 10);
  const started = performance.now();
  const count = 16;
  for (let n = 0; n < count; n += 1) ada.socket.send({ type: 'send', data: `${n} ${data}`, volatile: false });
  for (let n = 0; n < count; n += 1) assert.ok((await grace.event('message', 20_000)).data.startsWith(`${n} `));
  const seconds = (performance.now() - started) / 1_000;
  const least = (count * data.length) / rate - 1;
  t.diagnostic(`${count * 60} KiB took ${seconds.toFixed(1)} s at 256 KiB/s; the first second's worth is free`);
  assert.ok(seconds > least * 0.9, `not faster than the rate: ${seconds} s, of ${least}`);
  for (const { socket } of [ada, grace]) socket.destroy();
  await server.stop();
});
