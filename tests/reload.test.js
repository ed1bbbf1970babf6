// SIGHUP: what can change while the server runs changes, the rest is named, and a mistake changes nothing.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Authority } from './harness/certificates.js';
import { http } from './harness/http.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { fingerprint } from './harness/tls.js';
import { eventually } from './harness/wait.js';
import { handshake } from './harness/ws.js';

let folder;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'parlor-reload-')); });
after(() => rm(folder, { recursive: true, force: true }));

const ORIGIN = 'https://meet.example.org';
const NAMES = { names: ['localhost'] };

async function reload(server, config, path, says) {
  await writeFile(path, config);
  const from = server.output.length;
  server.signal('SIGHUP');
  return eventually(`"${says}"`, () => {
    const said = server.output.slice(from);
    return said.includes(says) && said;
  });
}

test('what can change changes at once, for whoever comes next; the rest is named', async () => {
  const path = join(folder, 'parlor.toml');
  await writeFile(path, 'log = "info"\n');
  const server = await startServer({ args: ['--config', path] });
  const { port } = server;
  const opens = async () => (await handshake({ port, headers: { Origin: ORIGIN } })).status;
  const ada = await joinNative({ port, room: 'standup', name: 'Ada' });
  assert.equal(await opens(), 403);

  const said = await reload(server, `allow_origins = ["${ORIGIN}"]
frame_ancestors = ["${ORIGIN}"]
security_contact = "mailto:security@example.org"
log = "debug"
[ice]
servers = ["stun:stun.example.org:3478"]
[limits]
max_rooms = 7
[turn]
secret = "a-secret-that-nobody-else-knows"
`, path, 'needs a restart to change');
  assert.match(said, /changed: .*allow_origins.*frame_ancestors.*security_contact.*log.*ice\.servers/);
  assert.match(said, /needs a restart to change: turn\.secret, limits\.max_rooms/);
  assert.ok(!said.includes('a-secret-that-nobody-else-knows'), 'a secret is not told to the log');
  assert.equal(await opens(), 101);
  assert.match((await http({ port })).headers['content-security-policy'], new RegExp(`frame-ancestors ${ORIGIN}`));
  assert.equal((await http({ port, path: '/.well-known/security.txt' })).status, 200);
  const { iceServers } = JSON.parse(String((await http({ port, path: '/api/v1/ice-servers' })).body));
  assert.ok(iceServers.some(({ urls }) => urls.includes('stun:stun.example.org:3478')));
  await eventually('lines of debug', async () => {
    await handshake({ port, headers: { Origin: 'https://evil.example' } });
    return / DEBUG /.test(server.output);
  });
  assert.equal((await ada.request({ type: 'ping' })).type, 'pong', 'who is connected stays so');
  ada.socket.destroy();
  assert.equal((await server.stop()).code, 0);
});

test('a file with mistakes changes nothing, and each is named with its line', async () => {
  const path = join(folder, 'wrong.toml');
  await writeFile(path, `allow_origins = ["${ORIGIN}"]\n`);
  const server = await startServer({ args: ['--config', path] });
  const said = await reload(server, 'allow_origins = []\nlog = "loud"\n[limits]\nburst = "many"\n', path, 'nothing was changed');
  assert.match(said, /wrong\.toml:2: log must be/);
  assert.match(said, /wrong\.toml:4: limits\.burst must be/);
  assert.equal((await handshake({ port: server.port, headers: { Origin: ORIGIN } })).status, 101);
  await reload(server, `allow_origins = ["${ORIGIN}"]\n`, path, 'the configuration is what it was');
  await server.stop();
});

test('a new certificate is read at once, and a pair that does not fit is not', async () => {
  const files = [join(folder, 'chain.pem'), join(folder, 'key.pem')];
  const authority = new Authority();
  const put = async ({ certificate, key }) => {
    await writeFile(files[0], certificate);
    await writeFile(files[1], key);
  };
  await put(authority.issue(NAMES));
  const server = await startServer({ host: 'localhost', args: ['--tls-certificate', files[0], '--tls-key', files[1]] });
  const first = await fingerprint({ port: server.port });
  await put(authority.issue(NAMES));
  server.signal('SIGHUP');
  await eventually('the new certificate', async () => (await fingerprint({ port: server.port })) !== first);
  const second = await fingerprint({ port: server.port });
  await writeFile(files[0], authority.issue(NAMES).certificate);
  server.signal('SIGHUP');
  await eventually('a warning', () => server.output.includes('the old certificate stays in use'));
  assert.equal(await fingerprint({ port: server.port }), second);
  await server.stop();
});
