// A certificate got by itself: first issue, renewal, restart, and what is said when it does not work.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startAcme } from './harness/acme.js';
import { freePort, startServer } from './harness/server.js';
import { ask, fingerprint, https, shakeHands } from './harness/tls.js';
import { eventually } from './harness/wait.js';

const NAME = 'meet.example.org';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlor-acme-'));
});
after(() => rm(folder, { recursive: true }));

/** A server whose authority looks for proofs at the server's own port, and a folder of its own. */
async function start(acme, { port = acme.port, state, args: more = [] }) {
  const root = join(folder, 'root.pem');
  await writeFile(root, acme.authority.pem);
  const args = [...more, '--domain', NAME, '--acme-directory', acme.directory, '--acme-ca-file', root, '--state-dir', join(folder, state)];
  return startServer({ port, args });
}

const serves = (acme) => eventually('a certificate', () => https({ port: acme.port, path: '/readyz', name: NAME, ca: acme.authority.pem }).catch(() => null));

test('a name gets its certificate, which is kept over a restart', { timeout: 60_000 }, async () => {
  const acme = await startAcme({ port: await freePort() });
  const server = await start(acme, { state: 'first' });
  const { status, headers } = await serves(acme);
  assert.equal(status, 200);
  assert.match(headers['strict-transport-security'], /max-age=\d+/);
  const first = await fingerprint({ port: acme.port, name: NAME });
  const { stdout } = await server.stop();
  assert.match(stdout, new RegExp(`^open https://${NAME}:${server.port}$`, 'm'));

  const files = (await readdir(join(folder, 'first'), { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  assert.equal(files.length, 2);
  for (const file of files) assert.equal((await stat(join(file.parentPath ?? file.path, file.name))).mode & 0o777, 0o600, file.name);

  await server.start();
  assert.equal(await fingerprint({ port: acme.port, name: NAME }), first);
  assert.deepEqual([acme.count('account'), acme.count('order')], [1, 1], 'nobody was asked again');
  await server.stop();
  await acme.close();
});

test('a certificate is renewed before it expires, and open connections stay', { timeout: 60_000 }, async () => {
  const acme = await startAcme({ port: await freePort(), lifeMs: 12_000 });
  const server = await start(acme, { state: 'renewed', args: ['--limits-header-timeout', '1m'] });
  await serves(acme);
  const open = await shakeHands({ port: acme.port, name: NAME });
  const first = open.getPeerX509Certificate().fingerprint256;
  await eventually('another certificate', async () => (await fingerprint({ port: acme.port, name: NAME })) !== first, 30_000);
  assert.match(await ask(open, '/livez'), /^HTTP\/1\.1 200/);
  open.destroy();
  assert.equal(acme.count('account'), 1);
  await server.stop();
  await acme.close();
});

test('while there is no certificate the server says what it waits for, and why it failed', { timeout: 60_000 }, async () => {
  const acme = await startAcme({ port: await freePort() });
  const elsewhere = await start(acme, { port: await freePort(), state: 'failing' });
  await eventually('the reason', () => /no certificate for/.test(elsewhere.output));
  assert.match(elsewhere.output, /asking https:.* for a certificate for meet\.example\.org; it will connect to port 443/);
  const [line] = elsewhere.output.split('\n').filter((one) => one.includes('no certificate for'));
  assert.match(line, /cannot connect to port 443 of that name: open the port.*DNS records.*ECONNREFUSED.*next try in 2 min/);
  await assert.rejects(fingerprint({ port: elsewhere.port, name: NAME }), 'there is nothing to show yet');
  assert.ok(await elsewhere.isReady(), 'who watches over it is answered all the same');
  await elsewhere.stop();
  await acme.close();
});

test('an authority that cannot be reached, or is none, is named with what to change', { timeout: 60_000 }, async () => {
  const acme = await startAcme({ port: await freePort() });
  acme.directory = `${acme.url}/nonce`;
  const wrong = await start(acme, { state: 'wrong' });
  await eventually('the reason', () => /is acme\.directory right\?/.test(wrong.output));
  await wrong.stop();
  await acme.close();
  const lonely = await start(acme, { state: 'wrong' });
  await eventually('the reason', () => /cannot reach it at 127\.0\.0\.1.*let out to HTTPS/.test(lonely.output));
  await lonely.stop();
});

test('an authority that has forgotten the account gets another', { timeout: 60_000 }, async () => {
  const acme = await startAcme({ port: await freePort() });
  const server = await start(acme, { state: 'forgotten' });
  await serves(acme);
  await server.stop();
  const authority = (await readdir(join(folder, 'forgotten', 'acme')))[0];
  const account = join(folder, 'forgotten', 'acme', authority, 'account.json');
  const before = await readFile(account, 'utf8');
  await rm(join(folder, 'forgotten', 'acme', authority, `${NAME}.pem`));
  acme.forgetAccounts();
  await server.start();
  await serves(acme);
  assert.notEqual(await readFile(account, 'utf8'), before);
  await server.stop();
  await acme.close();
});
