// What nobody reads by the way: no token in a log, at whatever level and wherever it was shown; and `parlor token`.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { doors } from './harness/doors.js';
import { binary, environment, runParlor, startServer } from './harness/server.js';
import { SECRET, claims, keyPair, mint, stateFolder } from './harness/tokens.js';

const state = stateFolder();
const ended = [];
after(async () => {
  for (const end of ended) await end();
});

/** What of a token would be enough to know it by: its claims, its signature. */
const marks = (token) => token.split('.').slice(1).flatMap((part) => [part, Buffer.from(part, 'base64url').toString('latin1')]).filter((mark) => mark.length > 16);

for (const format of ['text', 'json']) {
  test(`no token is in a log, level trace, ${format}, wherever it was shown`, { timeout: 60_000 }, async () => {
    const args = ['--tokens-secret', SECRET, '--state-dir', state.folder, '--log', 'trace', '--log-format', format];
    const server = await startServer({ args });
    const shown = [];
    for (const [name, door] of Object.entries(doors)) {
      for (const change of [{}, { room: 'kitchen' }, { aud: 'other' }]) {
        const token = mint(claims({ room: '*', name: `private ${name}`.slice(0, 60), ...change }));
        const broken = `${token.slice(0, -2)}AA`;
        for (const one of [token, broken]) {
          shown.push(one);
          await door.knock({ port: server.port, room: `room of ${shown.length}`, token: one });
        }
      }
    }
    // Somebody who says nothing is worth a line at this level.
    await once(connect(server.port, '127.0.0.1').end(), 'close');
    const exit = await server.stop();
    const log = exit.stdout + exit.stderr;
    assert.ok(log.includes('TRACE'), 'it was written in all detail');
    assert.deepEqual(shown.filter((token) => marks(token).some((mark) => log.includes(mark))), []);
    assert.ok(!log.includes(SECRET));
  });
}

test('nor over HTTP/2 and TLS', { timeout: 60_000 }, async () => {
  const args = ['--tokens-secret', SECRET, '--state-dir', state.folder, '--log', 'trace', '--tls-self-signed'];
  const server = await startServer({ args, host: 'localhost' });
  const session = connectHttp2(server.url, { rejectUnauthorized: false });
  const shown = [mint(), mint(claims({ exp: 1, iat: 0 }))];
  for (const token of shown) {
    for (const [path, headers] of [['', { authorization: `Bearer ${token}` }], [`?token=${token}`, {}], [`/events?token=${token}&wait=0`, {}]]) {
      const request = session.request({ ':path': `/api/v1/rooms/standup${path}`, ...headers });
      const [{ ':status': status }] = await once(request, 'response');
      assert.equal(status, token === shown[0] ? 200 : 401);
      request.close();
    }
  }
  session.destroy();
  await once(connect(server.port, '127.0.0.1').end(), 'close');
  const exit = await server.stop();
  const log = exit.stdout + exit.stderr;
  assert.ok(log.includes('TRACE'));
  assert.deepEqual(shown.filter((token) => marks(token).some((mark) => log.includes(mark))), []);
});

const parlor = (...args) => runParlor(['token', ...args]);

test('parlor token makes what the server takes, and says what it lets somebody do', async () => {
  const { stdout: fresh } = await parlor('--new-secret');
  assert.match(fresh, /^[\w-]{43}\n$/);
  const file = state.file('fresh', fresh);
  const key = ['--tokens-secret-file', file];
  const made = await parlor(...key, '--room', 'standup', '--identity', 'ada', '--name', 'Ada', '--role', 'moderator', '--grant', 'join,publish', '--ttl', '5m');
  assert.equal(made.code, 0);
  assert.match(made.stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/, 'nothing but the token');
  const said = await parlor(...key, '--check', made.stdout.trim());
  assert.equal(said.code, 0);
  for (const words of ['rooms: standup', 'identity: ada', 'name: Ada', 'role: moderator', 'may: join, microphone, camera, screen']) assert.ok(said.stdout.includes(words), said.stdout);
  const server = await startServer({ args: [...key, '--state-dir', state.folder] });
  ended.push(() => server.stop());
  const knock = (token, room = 'standup') => doors['native: join'].knock({ port: server.port, room, token });
  const plain = await parlor(...key, '--room', 'standup');
  assert.equal(await knock(plain.stdout.trim()), 'ok');
  assert.equal(await knock(plain.stdout.trim(), 'kitchen'), 'token-other-room');
  assert.equal(await knock(made.stdout.trim()), 'ok');
});

for (const kind of ['rsa', 'ec', 'ed25519']) {
  test(`a private key of ${kind} signs what its public key verifies`, async () => {
    const pair = keyPair(kind);
    const signs = state.file('private.pem', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const verifies = ['--tokens-key', state.file('public.pem', pair.pem)];
    const made = await parlor('--room', 'standup', '--key', signs);
    assert.equal(made.code, 0, made.stderr);
    assert.equal((await parlor(...verifies, '--check', made.stdout.trim())).code, 0);
    assert.equal((await parlor('--tokens-secret', SECRET, '--check', made.stdout.trim())).code, 1);
  });
}

test('what is wrong with a token is said, never the secret', async () => {
  const key = ['--tokens-secret', SECRET];
  for (const [token, code] of [[mint(claims({ exp: 1, iat: 0 })), 'token-expired'], [mint(claims({ aud: 'x' })), 'token-invalid'], ['x', 'token-invalid']]) {
    const said = await parlor(...key, '--check', token);
    assert.equal(said.code, 1);
    assert.ok(said.stdout.includes(code), said.stdout);
    assert.ok(!(said.stdout + said.stderr).includes(SECRET));
  }
  const process_ = spawn(binary, ['token', ...key, '--check', '-'], { env: environment(), stdio: ['pipe', 'ignore', 'ignore'] });
  process_.stdin.end(`${mint()}\n`);
  assert.equal(await new Promise((resolve) => process_.once('close', resolve)), 0);
  for (const args of [['--room', 'standup'], [...key], [...key, '--room', 'a', '--role', 'king'], [...key, '--room', 'a', '--grant', 'fly'], [...key, '--room', 'a', '--ttl', '48h']]) {
    const refused = await parlor(...args);
    assert.equal(refused.code, 2, args.join(' '));
    assert.ok(refused.stderr.startsWith('parlor: ') && !refused.stdout);
  }
});

test('what the page on tokens shows makes good ones', async () => {
  const page = await readFile(new URL('../docs/tokens.md', import.meta.url), 'utf8');
  const [, javaScript] = /```js\n(import[\s\S]*?)```/.exec(page);
  const [, python] = /```python\n([\s\S]*?)```/.exec(page);
  for (const [program, file] of [[process.execPath, state.file('token.mjs', javaScript)], ['python3', state.file('token.py', python)]]) {
    const { stdout } = await promisify(execFile)(program, [file], { env: { ...environment(), SECRET } });
    const said = await parlor('--tokens-secret', SECRET, '--check', stdout.trim());
    assert.equal(said.code, 0, `${file}: ${said.stdout}`);
    assert.match(said.stdout, /identity: ada\nname: Ada\nrole: speaker/);
  }
});
