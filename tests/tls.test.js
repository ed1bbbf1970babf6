// HTTPS on the port that everything shares: pages, calls, redirects, and certificates that change or are broken.

import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { joinInApp, launchBrowser } from './harness/browser.js';
import { Authority } from './harness/certificates.js';
import { http } from './harness/http.js';
import { mediaFlows, rememberPeerConnections, seesVideos } from './harness/media.js';
import { freePort, runParlor, startServer } from './harness/server.js';
import { ask, fingerprint, http2, https, shakeHands } from './harness/tls.js';
import { eventually } from './harness/wait.js';
import { Wire } from './harness/ws.js';

const NAME = 'meet.example.org';
const DAY_MS = 86_400_000;
const authority = new Authority();
const ca = authority.pem;

let folder;
let server;
let browser;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlor-tls-'));
  const flags = [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`];
  [server, browser] = await Promise.all([startServer({ host: NAME, args: await files('main', authority.issue({ names: [NAME] })) }), launchBrowser({ flags })]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Writes a pair in the way careful programs do, and returns the flags that name it. */
async function files(name, { certificate, key }) {
  const paths = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  for (const [kind, text] of Object.entries({ certificate, key })) {
    await writeFile(`${paths[kind]}.new`, text);
    await rename(`${paths[kind]}.new`, paths[kind]);
  }
  return ['--tls-certificate', paths.certificate, '--tls-key', paths.key];
}

/** A member in the app on a page whose certificate no browser knows. */
async function member(room, name) {
  const context = await browser.person({ ignoreHTTPSErrors: true });
  await rememberPeerConnections(context);
  const page = await context.newPage();
  page.sockets = [];
  page.on('websocket', (socket) => page.sockets.push(socket.url()));
  await page.goto(`${server.url}/room/${room}`);
  await joinInApp(page, name);
  return page;
}

test('two people meet over https at a name that nobody allowed', { timeout: 90_000 }, async () => {
  const pages = [await member('secure', 'Ada'), await member('secure', 'Grace')];
  for (const page of pages) {
    await seesVideos(page, 1);
    await mediaFlows(page, 1);
    assert.ok(await page.evaluate(() => window.isSecureContext));
    assert.deepEqual(new Set(page.sockets), new Set([`wss://${NAME}:${server.port}/ws`]));
  }
});

test('who verifies the certificate is served, and told to come by https alone', async () => {
  const { status, headers } = await https({ port: server.port, name: NAME, ca });
  assert.equal(status, 200);
  assert.match(headers['strict-transport-security'], /^max-age=\d+$/);
  await assert.rejects(https({ port: server.port, name: 'other.example.org', ca }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('a page of another origin stays outside, with TLS as without', async () => {
  const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  for (const origin of ['https://evil.example', `https://${NAME}`, `http://${NAME}:${server.port}`]) {
    const { status } = await https({ port: server.port, path: '/ws', name: NAME, ca, headers: { ...upgrade, Origin: origin } });
    assert.equal(status, 403, origin);
  }
});

test('HTTP/2 serves the page and its parts at once, with their lengths', async () => {
  const paths = ['/', '/app/main.js', '/sdk/parlor.js', '/nothing'];
  const { answers, alpnProtocol } = await http2({ port: server.port, name: NAME, ca, paths });
  assert.equal(alpnProtocol, 'h2');
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 404]);
  for (const { headers, length } of answers) {
    assert.equal(Number(headers['content-length']), length);
    assert.ok(length > 0);
    assert.ok(headers['strict-transport-security']);
  }
});

test('plain requests are sent to https, except those of who watches over the server', async () => {
  const { port } = server;
  for (const method of ['GET', 'POST']) {
    const { status, headers } = await http({ port, path: '/room/a%20b?x=1', method, headers: { Host: `${NAME}:${port}` } });
    assert.equal(status, 308);
    assert.equal(headers.location, `https://${NAME}:${port}/room/a%20b?x=1`);
    assert.equal(headers['strict-transport-security'], undefined, 'plain answers may not say it');
  }
  const { headers } = await http({ port, headers: { Host: NAME } });
  assert.equal(headers.location, `https://${NAME}/`);
  assert.equal((await http({ port, headers: { Host: 'a b' } })).status, 400);
  for (const path of ['/livez', '/readyz']) assert.equal((await http({ port, path })).status, 200);
});

test('a new certificate is served without a restart, and open connections stay; a broken one changes nothing', { timeout: 60_000 }, async () => {
  const old = authority.issue({ names: [NAME] });
  const renewing = await startServer({ args: [...(await files('renewed', old)), '--limits-header-timeout', '1m'] });
  const { port } = renewing;
  const open = await shakeHands({ port, name: NAME });
  assert.equal(open.getPeerX509Certificate().fingerprint256, old.fingerprint);

  const fresh = authority.issue({ names: [NAME] });
  await files('renewed', fresh);
  await eventually('the new certificate', async () => (await fingerprint({ port, name: NAME })) === fresh.fingerprint);

  await files('renewed', { certificate: authority.issue({ names: [NAME] }).certificate, key: old.key });
  await eventually('a warning', () => /the old certificate stays in use.*does not belong to the certificate/.test(renewing.output));
  assert.equal(await fingerprint({ port, name: NAME }), fresh.fingerprint);
  assert.match(await ask(open, '/livez'), /^HTTP\/1\.1 200/);
  open.destroy();

  await files('renewed', old);
  await eventually('the mended pair', async () => (await fingerprint({ port, name: NAME })) === old.fingerprint);
  await renewing.stop();
});

test('a broken certificate is a mistake in the configuration, told in one line', async () => {
  const good = authority.issue({ names: [NAME] });
  const other = authority.issue({ names: [NAME] });
  const broken = {
    'does not belong to the certificate': { certificate: good.certificate, key: other.key },
    'no certificate': { certificate: good.key, key: good.key },
    'no private key': { certificate: good.certificate, key: good.certificate },
    'damaged or ends too early': { certificate: good.certificate.slice(0, 200), key: good.key },
  };
  for (const [words, pair] of Object.entries(broken)) {
    const { code, stderr } = await runParlor([...(await files('broken', pair)), '--check-config']);
    assert.equal(code, 2);
    assert.ok(stderr.startsWith('parlor: --tls-certificate: ') && stderr.includes(words), stderr);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
  const missing = await runParlor(['--tls-certificate', join(folder, 'none.pem'), '--tls-key', join(folder, 'broken.key')]);
  assert.match(missing.stderr, /cannot read .*none\.pem/);
});

test('an expired certificate is served with a warning', async () => {
  const until = new Date(Date.now() - DAY_MS);
  const expired = authority.issue({ names: [NAME], from: new Date(Date.now() - 90 * DAY_MS), until });
  const late = await startServer({ args: await files('expired', expired) });
  const { stderr } = await late.stop();
  assert.match(stderr, new RegExp(`WARN .*for ${NAME}, valid until ${until.toISOString().slice(0, 10)} has expired`));
});

test('a certificate of its own is kept, shown with its fingerprint, and no reason to insist on https', async () => {
  const state = join(folder, 'self-signed');
  const args = ['--tls-self-signed', '--state-dir', state];
  const own = await startServer({ args });
  const first = await fingerprint({ port: own.port });
  const socket = await shakeHands({ port: own.port });
  assert.equal(socket.getPeerX509Certificate().subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  assert.doesNotMatch(await ask(socket, '/'), /strict-transport-security/i);
  socket.destroy();
  assert.equal((await stat(join(state, 'self-signed.pem'))).mode & 0o777, 0o600);
  const { stdout } = await own.stop();
  assert.match(stdout, new RegExp(`^open https://localhost:${own.port}$`, 'm'));
  assert.ok(stdout.includes(first), stdout);
  await own.start();
  assert.equal(await fingerprint({ port: own.port }), first);
  await own.stop();
});

test('the local network is invited with a code to scan, where that is asked for', async () => {
  const port = await freePort();
  const args = ['--open-rooms', '--tls-self-signed', '--tls-show-qr', '--state-dir', join(folder, 'network')];
  const own = await startServer({ port, listen: `0.0.0.0:${port}`, args });
  const { stdout: output } = await own.stop();
  assert.match(output, new RegExp(`open https://localhost:${port}`));
  const invited = /open (https:\S+) on other devices/.exec(output);
  // A machine without any network has nobody to invite.
  assert.equal(/[▀▄█]{20}/.test(output), invited !== null, output);
});

test('TLS on a server without a certificate ends at once', async () => {
  const plain = await startServer();
  const wire = new Wire({ port: plain.port });
  await wire.opened;
  wire.write(Buffer.from([0x16, 0x03, 0x01]));
  assert.equal((await wire.readToEnd()).length, 0);
  await plain.stop();
});
