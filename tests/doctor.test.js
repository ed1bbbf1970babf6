// The doctor (`parlor doctor`) before servers that are well and servers that are not: what it says, and what it says to change.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createAuthority, doctor, startFront, startStranger, startTls } from './harness/doctor.js';
import { binary, freePort, runParlor, startServer } from './harness/server.js';

let server;
let authority;
before(async () => {
  [server, authority] = await Promise.all([startServer(), createAuthority()]);
});
after(() => server.stop());

const url = (port) => `http://localhost:${port}`;
const result = (report, name) => report.check(name).result;

/** One check failed, it is the verdict, and its change is the thing to do. */
function assertFailed(report, name, { says, change, verdict }) {
  const check = report.check(name);
  assert.equal(check.result, 'failed', JSON.stringify(report, null, 1));
  assert.match(check.sentence, says);
  assert.match(check.change, change);
  assert.equal(report.code, 1);
  assert.equal(report.verdict.result, 'failed');
  assert.match(report.verdict.sentence, verdict);
  assert.equal(report.verdict.change, check.change);
}

test('a server that is well is found to be well, and what it lacks is said honestly', async () => {
  const report = await doctor([server.url]);
  assert.equal(report.code, 0, JSON.stringify(report, null, 1));
  for (const name of ['name', 'tcp', 'protocol', 'parlor', 'clock', 'websocket']) assert.equal(result(report, name), 'ok', name);
  assert.equal(report.check('parlor').facts.proxy, null);
  assert.match(report.check('websocket').sentence, /^parlor\/\d/);
  assert.equal(report.target, server.url);
  const failed = report.checks.filter(({ result }) => result === 'failed');
  assert.deepEqual(failed, []);
});

test('a server without a relay says so with 404, and that is a warning', async () => {
  const without = await startFront({ to: server.port, upgrades: true, missing: ['/api/v1/ice-servers'] });
  const report = await doctor([url(without.port)]);
  assert.equal(report.code, 0);
  assert.match(report.verdict.sentence, /^Calls will work where people's networks let them meet directly; this server offers no relay\./);
  assert.equal(result(report, 'ice-servers'), 'warning');
  assert.match(report.check('ice-servers').sentence, /offers no relay/);
  for (const name of ['relay-udp', 'relay-tcp', 'relay-tls', 'relay-address']) assert.equal(result(report, name), 'skipped', name);
  await without.close();
});

test('a person reads the verdict first, then each check with what to change', async () => {
  const { code, stdout, stderr } = await runParlor(['doctor', server.url]);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  const [first] = stdout.split('\n');
  assert.match(first, /^Calls will work/);
  assert.match(stdout, /^ {2}ok +WebSocket +[\d.]+ ms {2}parlor\/\S+ says welcome/m);
  assert.doesNotMatch(stdout, /\u001b/, 'no colours without a terminal');
});

test('at a terminal one sees what goes on, and colours', async () => {
  const terminal = spawn('script', ['-qec', `'${binary}' doctor ${server.url}`, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = '';
  terminal.stdout.setEncoding('utf8').on('data', (chunk) => (seen += chunk));
  const [code] = await once(terminal, 'close');
  assert.equal(code, 0);
  assert.match(seen, /\d+ checked, Name: ok/);
  assert.match(seen, /\u001b\[32mok +\u001b\[0m WebSocket/);
  assert.ok(seen.indexOf('checked') < seen.indexOf('Calls will work'));
});

test('without an address it checks the server of this configuration, and its machine', async () => {
  const report = await doctor(['--listen', `localhost:${server.port}`]);
  assert.equal(report.code, 0, JSON.stringify(report, null, 1));
  for (const name of ['configuration', 'listening', 'open-files', 'udp-buffers', 'websocket']) assert.equal(result(report, name), 'ok', name);
  assert.ok(report.check('open-files').facts.limit > 0);
});

test('a server that does not run is told apart from one that is not reached', async () => {
  const port = await freePort();
  const local = await doctor(['--listen', `localhost:${port}`]);
  assertFailed(local, 'listening', { says: /the port is free/, change: new RegExp(`parlor --listen localhost:${port}`), verdict: /^Nobody can connect/ });
  const remote = await doctor([url(port)]);
  assertFailed(remote, 'tcp', { says: /nothing listens there/, change: /start Parlor/, verdict: /^Nobody can connect/ });
  assert.equal(result(remote, 'websocket'), 'skipped');
});

test('a name that does not resolve is told', async () => {
  const report = await doctor(['http://nowhere.invalid']);
  assertFailed(report, 'name', { says: /nowhere\.invalid/, change: /A record|resolver/, verdict: /^Nobody can connect/ });
});

test('a server that accepts and says nothing costs a deadline and no more', async () => {
  const stranger = await startStranger();
  const report = await doctor([url(stranger.port), '--timeout', '1']);
  assertFailed(report, 'protocol', { says: /says nothing/, change: /ss -ltnp/, verdict: /^Nobody can connect/ });
  await stranger.close();
});

test('something else on the port is quoted', async () => {
  const ssh = await startStranger((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  const report = await doctor([url(ssh.port)]);
  assertFailed(report, 'protocol', { says: /SSH-2\.0-OpenSSH_9\.2/, change: /ss -ltnp/, verdict: /^Nobody can connect/ });
  const web = await startStranger((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Length: 9\r\n\r\nIt works!')));
  const other = await doctor([url(web.port)]);
  assertFailed(other, 'parlor', { says: /no Parlor answers, but Apache with 200 "It works!"/, change: /pass every path on/, verdict: /^Nobody can connect/ });
  await Promise.all([ssh.close(), web.close()]);
});

test('a proxy that strips Upgrade is told with the lines that mend it', async () => {
  const front = await startFront({ to: server.port, headers: { server: 'nginx/1.22.1' } });
  const report = await doctor([url(front.port)]);
  assert.match(report.check('parlor').sentence, /behind nginx\/1\.22\.1/);
  assertFailed(report, 'websocket', {
    says: /takes the Upgrade header away/,
    change: /proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection "upgrade";/,
    verdict: /^Nobody can join a room/,
  });
  await front.close();
});

test('a proxy that passes everything is named and otherwise not noticed', async () => {
  const front = await startFront({ to: server.port, upgrades: true, headers: { via: '1.1 Caddy' } });
  const report = await doctor([url(front.port)]);
  assert.equal(report.code, 0);
  assert.equal(report.check('parlor').facts.proxy, 'via: 1.1 Caddy');
  assert.equal(result(report, 'websocket'), 'ok');
  await front.close();
});

test('a proxy whose server is away is told as that', async () => {
  const front = await startStranger((socket) => socket.once('data', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n')));
  const report = await doctor([url(front.port)]);
  assertFailed(report, 'parlor', { says: /nginx does not reach Parlor \(502\)/, change: /start Parlor/, verdict: /^Nobody can connect/ });
  await front.close();
});

test('a redirect is told with where it leads', async () => {
  const away = 'HTTP/1.1 308 Permanent Redirect\r\nLocation: https://meet.example.org/livez\r\nContent-Length: 0\r\n\r\n';
  const front = await startStranger((socket) => socket.once('data', () => socket.end(away)));
  const report = await doctor([url(front.port)]);
  assertFailed(report, 'parlor', { says: /sends visitors on to https:\/\/meet\.example\.org$/, change: /parlor doctor https:\/\/meet\.example\.org$/, verdict: /^Nobody can connect/ });
  await front.close();
});

test('an origin that is not let in is told with the setting', async () => {
  const report = await doctor(['--listen', `localhost:${server.port}`, '--allow-origin', 'https://meet.example.org']);
  assertFailed(report, 'websocket', {
    says: /pages from https:\/\/meet\.example\.org may not connect/,
    change: /allow_origins = \["https:\/\/meet\.example\.org"\]/,
    verdict: /^Nobody can join a room/,
  });
});

test('a trusted certificate is found good, with its days, and everything works over TLS', async () => {
  const front = await startTls({ to: server.port, certificate: await authority.issue() });
  const report = await doctor([`https://localhost:${front.port}`], { env: authority.trusted });
  assert.equal(result(report, 'certificate'), 'ok', JSON.stringify(report, null, 1));
  const { daysLeft, names, issuer, fingerprint } = report.check('certificate').facts;
  assert.deepEqual({ names, issuer }, { names: ['localhost', '127.0.0.1'], issuer: 'Example Root' });
  assert.ok(daysLeft === 29 || daysLeft === 30, `${daysLeft} days`);
  assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.equal(result(report, 'parlor'), 'ok');
  await front.close();
});

test('certificates that browsers refuse are told, each for its reason, and the rest is checked all the same', async () => {
  const worlds = [
    [await authority.issue({ days: -1 }), /expired 1 day ago/, /renew/],
    [await authority.issue({ names: ['other.example'] }), /is for other\.example, not for localhost/, /names localhost/],
  ];
  for (const [certificate, says, change] of worlds) {
    const front = await startTls({ to: server.port, certificate });
    const report = await doctor([`https://localhost:${front.port}`], { env: authority.trusted });
    assertFailed(report, 'certificate', { says, change, verdict: /^Calls will fail in browsers/ });
    assert.equal(result(report, 'parlor'), 'ok');
    await front.close();
  }
});

test('an authority that is not trusted, and a certificate that signs itself, are two things', async () => {
  const unknown = await startTls({ to: server.port, certificate: await authority.issue() });
  const report = await doctor([`https://localhost:${unknown.port}`]);
  assertFailed(report, 'certificate', { says: /its issuer Example Root is not known/, change: /fullchain/, verdict: /^Calls will fail in browsers/ });
  const itself = await startTls({ to: server.port, certificate: await authority.issueToItself() });
  const own = await doctor([`https://localhost:${itself.port}`], { env: authority.trusted });
  assert.equal(result(own, 'certificate'), 'warning');
  assert.match(own.check('certificate').sentence, /self-signed \(SHA-256 ([0-9A-F]{2}:){31}/);
  await Promise.all([unknown.close(), itself.close()]);
});

test('the wrong scheme is told with the right one', async () => {
  const front = await startTls({ to: server.port, certificate: await authority.issue() });
  const plain = await doctor([url(front.port)]);
  assertFailed(plain, 'protocol', { says: /speaks TLS and no plain HTTP/, change: new RegExp(`open https://localhost:${front.port}`), verdict: /^Nobody can connect/ });
  const tls = await doctor([`https://127.0.0.1:${server.port}`]);
  assertFailed(tls, 'protocol', { says: /plain HTTP and no TLS/, change: /certificate/, verdict: /^Nobody can connect/ });
  await front.close();
});

test('clocks that differ by more than a credential lasts are a failure', async () => {
  const date = new Date(Date.now() + 2 * 86_400_000).toUTCString();
  const front = await startFront({ to: server.port, upgrades: true, headers: { date } });
  const report = await doctor([url(front.port)]);
  assertFailed(report, 'clock', { says: /2 days ahead|47 h ahead/, change: /set-ntp/, verdict: /^Calls through a relay may fail/ });
  assert.ok(Math.abs(report.check('clock').facts.skewSeconds - 172_800) < 30);
  await front.close();
});

test('a mistake in the file is a finding; one in the flags is a mistake of usage', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parlor-doctor-'));
  const config = join(folder, 'parlor.toml');
  await writeFile(config, '[limits]\nmax_room = 5\n');
  const report = await doctor(['--config', config]);
  assertFailed(report, 'configuration', { says: /max_room/, change: /--check-config/, verdict: /^The server cannot start/ });
  await rm(folder, { recursive: true });
  for (const args of [['--lisen', 'x'], ['meet.example.org'], ['http://a/b'], ['http://a', '--listen', 'localhost:1'], ['--timeout', 'soon']]) {
    const { code, stdout, stderr } = await runParlor(['doctor', ...args]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, args.join(' '));
    assert.match(stderr, /^parlor: /);
  }
});

test('--help is its own, and the help of the server names it', async () => {
  const own = await runParlor(['doctor', '--help']);
  assert.equal(own.code, 0);
  for (const flag of ['--json', '--turn', '--user', '--timeout']) assert.ok(own.stdout.includes(flag), flag);
  const { stdout } = await runParlor(['--help']);
  assert.match(stdout, /parlor doctor/);
});
