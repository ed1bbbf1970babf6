// Keys that are published elsewhere: rotated, away, hostile. And which rooms are open where there are keys.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { after, test } from 'node:test';
import { doors } from './harness/doors.js';
import { joinNative, NativeMember } from './harness/native.js';
import { runParlor, startServer } from './harness/server.js';
import { ask } from './harness/sse.js';
import { Authority } from './harness/certificates.js';
import { SECRET, claims, jwk, keyPair, mint, stateFolder } from './harness/tokens.js';
import { eventually } from './harness/wait.js';
import { handshake, openSocket } from './harness/ws.js';

const [first, second] = [keyPair('rsa'), keyPair('ed25519')];
const byFirst = () => mint(claims(), { alg: 'RS256', key: first.privateKey, header: { alg: 'RS256', kid: 'first' } });
const bySecond = () => mint(claims(), { alg: 'EdDSA', key: second.privateKey, header: { alg: 'EdDSA', kid: 'second' } });
const both = { keys: [jwk(first, 'first'), jwk(second, 'second')] };
/** So short that a test need not wait for it. */
const QUICK = ['--tokens-jwks-pause', '100ms', '--tokens-jwks-refresh', '1s'];

const ended = [];
after(async () => {
  for (const end of ended.reverse()) await end();
});

/** What answers to whoever asks for the keys; `answer` may be changed while it runs. */
async function publisher(answer, options) {
  const published = { answer, asked: 0 };
  const listen = (_, response) => {
    published.asked += 1;
    published.answer(response);
  };
  const server = (options ? createTlsServer(options, listen) : createServer(listen)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ended.push(() => { server.close(); server.closeAllConnections(); });
  published.port = server.address().port;
  published.url = `http://127.0.0.1:${published.port}/jwks.json`;
  return published;
}

const give = (set) => (response) => response.end(JSON.stringify(set));

async function serve(...args) {
  const server = await startServer({ args: [...QUICK, '--state-dir', stateFolder().folder, ...args] });
  ended.push(() => server.stop());
  return server;
}

const knock = (server, token) => doors['native: join'].knock({ port: server.port, room: 'standup', token });
const becomes = (server, token, wanted) => eventually(wanted, async () => (await knock(server, token())) === wanted);

test('a set is fetched, and a key that vanishes from it opens nothing any more', async () => {
  const published = await publisher(give({ keys: [both.keys[0]] }));
  const server = await serve('--tokens-jwks', published.url);
  await becomes(server, byFirst, 'ok');
  // A key that is not known yet has the set fetched again.
  published.answer = give({ keys: [both.keys[1], { kty: 'EC', crv: 'secp256k1', x: 'AAAA', y: 'AAAA', kid: 'odd' }, { kty: 'oct', k: 'AAAA', kid: 'secret' }] });
  assert.notEqual(await knock(server, bySecond()), 'ok');
  await becomes(server, bySecond, 'ok');
  await becomes(server, byFirst, 'token-invalid');
});

test('a token whose key is being looked for is told to be tried again, and how soon', async () => {
  const published = await publisher(() => {});
  const server = await serve('--tokens-jwks', published.url);
  const answer = await ask({ port: server.port, path: '/api/v1/rooms/standup', headers: { Authorization: `Bearer ${byFirst()}` } });
  assert.deepEqual([answer.status, answer.json.code, answer.json.retryAfterMs], [503, 'token-unverified', 1_001]);
});

test('unknown keys have the set fetched no sooner than after the pause', async () => {
  const published = await publisher(give(both));
  const server = await startServer({ args: ['--tokens-jwks', published.url, '--tokens-jwks-pause', '1h', '--state-dir', stateFolder().folder] });
  ended.push(() => server.stop());
  await becomes(server, byFirst, 'ok');
  const unknown = mint(claims(), { alg: 'RS256', key: first.privateKey, header: { alg: 'RS256', kid: 'unknown' } });
  for (let times = 0; times < 20; times += 1) assert.equal(await knock(server, unknown), 'token-invalid');
  assert.equal(published.asked, 1);
});

test('while the publisher is away or answers nonsense, the last set stays, but not for ever', async () => {
  const published = await publisher(give(both));
  const server = await serve('--tokens-jwks', published.url, '--tokens-jwks-keep', '4s');
  await becomes(server, byFirst, 'ok');
  const nonsense = [
    (response) => response.destroy(),
    (response) => { response.statusCode = 500; response.end(JSON.stringify({ keys: [] })); },
    (response) => { response.writeHead(302, { Location: 'http://127.0.0.1:9/' }); response.end(); },
    (response) => response.end('{"keys":'),
    (response) => response.end(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`),
  ];
  for (const answer of nonsense) {
    published.answer = answer;
    const { asked } = published;
    await eventually('the next try', () => published.asked > asked + 1);
    if (answer === nonsense[0]) assert.equal(await knock(server, byFirst()), 'ok');
  }
  await becomes(server, byFirst, 'token-invalid');
  published.answer = give(both);
  await becomes(server, byFirst, 'ok');
});

test('a publisher is trusted by the roots of the system or by tokens.ca_file, and no other', async () => {
  const authority = new Authority();
  const { certificate, key } = authority.issue({ names: ['localhost'] });
  const root = stateFolder().file('root.pem', authority.pem);
  const published = await publisher(give(both), { cert: certificate, key });
  const url = `https://localhost:${published.port}/`;
  const trusting = await serve('--tokens-jwks', url, '--tokens-ca-file', root);
  await becomes(trusting, byFirst, 'ok');
  const other = await serve('--tokens-jwks', url);
  await eventually('a word about it', () => /not trusted/.test(other.output));
  assert.notEqual(await knock(other, byFirst()), 'ok');
});

test('a file of keys is read again', async () => {
  const state = stateFolder();
  const file = state.file('jwks.json', JSON.stringify({ keys: [both.keys[0]] }));
  const server = await serve('--tokens-jwks', file);
  assert.equal(await knock(server, byFirst()), 'ok');
  state.file('jwks.json', JSON.stringify({ keys: [both.keys[1]] }));
  await becomes(server, bySecond, 'ok');
  await becomes(server, byFirst, 'token-invalid');
});

test('open rooms need no token, others tell nobody without one who is in them', async () => {
  const server = await serve('--tokens-secret', SECRET, '--tokens-open-room', 'club-*');
  const guest = await joinNative({ port: server.port, room: 'club-a', name: 'Ada' });
  const asking = new NativeMember(await openSocket({ port: server.port }));
  const look = (room, token) => asking.request({ type: 'presence', protocol: 1, room, token });
  assert.equal((await look('club-a')).members.length, 1);
  assert.equal((await look('standup')).code, 'token-required');
  assert.deepEqual((await look('standup', mint())).members, []);
  assert.equal((await look('standup', mint(claims({ room: 'kitchen' })))).code, 'token-other-room');
  // Nobody is believed to be somebody without a token that says so.
  assert.equal(guest.joined.members[0].identity, undefined);
  const pretender = new NativeMember(await openSocket({ port: server.port }));
  const { members } = await pretender.join({ room: 'club-a', name: 'Eve', identity: 'ada' });
  assert.equal(members.at(-1).identity, undefined);
  for (const { socket } of [guest, asking, pretender]) socket.destroy();
});

test('a token says who somebody is, whatever the client says', async () => {
  const server = await serve('--tokens-secret', SECRET);
  const ada = new NativeMember(await openSocket({ port: server.port }));
  const { members: [member] } = await ada.join({ room: 'standup', name: 'Eve', identity: 'eve', token: mint(claims({ name: 'Ada', role: 'moderator' })) });
  assert.deepEqual([member.name, member.identity, member.role], ['Ada', 'ada', 'moderator']);
  ada.socket.destroy();
});

test('the relay is for those who may come in', async () => {
  const server = await serve('--tokens-secret', SECRET);
  const servers = (headers) => ask({ port: server.port, path: '/api/v1/ice-servers', headers });
  const refused = await servers();
  assert.deepEqual([refused.status, refused.json.code], [401, 'token-required']);
  assert.equal((await servers({ Authorization: `Bearer ${mint()}` })).status, 200);
});

test('a subprotocol with a token is never agreed on', async () => {
  const server = await serve('--tokens-secret', SECRET);
  const offer = (protocols) => handshake({ port: server.port, headers: { 'Sec-WebSocket-Protocol': protocols } });
  for (const [protocols, agreed] of [[`parlor, parlor.token.${mint()}`, 'parlor'], [`parlor.token.${mint()}`, undefined], ['parlor', undefined]]) {
    const { socket, headers } = await offer(protocols);
    assert.equal(headers['sec-websocket-protocol'], agreed);
    socket.destroy();
  }
});

test('with a key the server listens beyond this machine, without one it says what is missing', async () => {
  const refused = await runParlor(['--listen', '0.0.0.0:0']);
  assert.equal(refused.code, 2);
  for (const words of ['--open-rooms', 'tokens.secret', 'tokens.keys']) assert.ok(refused.stderr.includes(words), refused.stderr);
  const checked = await runParlor(['--listen', '0.0.0.0:0', '--tokens-secret', SECRET, '--check-config']);
  assert.equal(checked.code, 0);
  assert.ok(!(checked.stdout + checked.stderr).includes(SECRET));
  const weak = await runParlor(['--tokens-secret', 'x'.repeat(31)]);
  assert.equal(weak.code, 2);
  assert.match(weak.stderr, /at least 32 bytes/);
});
