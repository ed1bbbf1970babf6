// Only the invited: tokens that open nothing, in every place that a client can put one, and what good ones allow.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { doors } from './harness/doors.js';
import { startServer } from './harness/server.js';
import { SECRET, badTokens, claims, keyPair, mint, stateFolder } from './harness/tokens.js';

const ROOM = 'standup';
const REVOKED = 'taken-back';
/** At the same time: enough to be quick, few enough to see which one failed. */
const AT_ONCE = 24;

const keys = { rsa: keyPair('rsa'), ec: keyPair('ec'), ed: keyPair('ed25519'), revoked: REVOKED };
let server;

before(async () => {
  const state = stateFolder([REVOKED]);
  const files = ['rsa', 'ec', 'ed'].flatMap((kind) => ['--tokens-key', state.file(`${kind}.pem`, keys[kind].pem)]);
  server = await startServer({ args: ['--tokens-secret-file', state.file('secret', `${SECRET}\n`), ...files, '--state-dir', state.folder, '--dialects-peerjs-discovery'] });
});
after(async () => assert.equal((await server.stop()).code, 0));

/** Each in turn, several at once. */
async function each(list, work) {
  const left = list.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const one of left) await work(one);
  }));
}

test('good tokens of every kind of key open the room, in every place', { timeout: 120_000 }, async () => {
  const said = () => claims({ room: ['kitchen', 'stand*'] });
  const good = [
    mint(said()),
    mint({ ...said(), grants: ['join', 'create', 'chat', 'data'] }),
    mint(said(), { alg: 'RS256', key: keys.rsa.privateKey }),
    mint(said(), { alg: 'ES256', key: keys.ec.privateKey }),
    mint(said(), { alg: 'EdDSA', key: keys.ed.privateKey }),
  ];
  // A room for each: some kinds come into an empty one only.
  const cases = Object.entries(doors).flatMap(([place, door]) => good.map((token, at) => ({ what: `${place}, token ${at}`, door, token })));
  const wrong = [];
  await each([...cases.entries()], async ([number, { what, door, token }]) => {
    const told = await door.knock({ port: server.port, room: `stand-${number}`, token }).catch((error) => error.message);
    if (told !== 'ok') wrong.push(`${what}: ${told}`);
  });
  assert.deepEqual(wrong, []);
});

test('each bad token is refused in each place, by its code', { timeout: 240_000 }, async () => {
  const bad = badTokens(keys);
  assert.ok(bad.length >= 40);
  assert.equal(new Set(bad.map(([name]) => name)).size, bad.length, 'each has a name of its own');
  const cases = bad.flatMap(([name, code, token]) => Object.entries(doors)
    .filter(([, door]) => door.takes(token))
    .map(([place, door]) => ({ what: `${name}, ${place}`, code, token, door })));
  const wrong = [];
  await each(cases, async ({ what, code, token, door }) => {
    const told = await door.knock({ port: server.port, room: ROOM, token }).catch((error) => error.message);
    if (told !== code) wrong.push(`${what}: ${told} and not ${code}`);
  });
  assert.deepEqual(wrong, []);
  console.log(`${bad.length} tokens, ${Object.keys(doors).length} places, ${cases.length} refusals`);
});
