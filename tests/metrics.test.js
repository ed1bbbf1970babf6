// What the server says on /metrics: Prometheus' own checker accepts it, the figures are what has happened, and only those
// read it who may.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { after, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { http } from './harness/http.js';
import { promtool, scrape, Scraped } from './harness/metrics.js';
import { joinNative, NativeMember } from './harness/native.js';
import { queriedNames } from './harness/promql.js';
import { freePort, startServer } from './harness/server.js';
import { connect, join, until } from './harness/socketio.js';
import { ask, joinByStream } from './harness/sse.js';
import { runUclient } from './harness/turn.js';
import { eventually } from './harness/wait.js';
import { openSocket } from './harness/ws.js';

const file = (path) => new URL(`../${path}`, import.meta.url);

let server;
before(async () => {
  server = await startServer({ args: ['--limits-max-members', '3'] });
});
after(() => server.stop());

const port = () => server.port;
const now = () => scrape(port());

/** What has changed since, by the rest of the name. */
async function since(before, prefix) {
  const after = await now();
  const names = Object.keys(after.all(prefix));
  const changes = names.map((name) => [name, after.get(prefix + name) - before.get(prefix + name)]);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}

const label = (labels) => `{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(',')}}`;
const result = (dialect, result) => label({ dialect, result });

test('joins, refusals and sessions are counted by dialect and result', async () => {
  const start = await now();
  const ada = await joinNative({ port: port(), room: 'counted', name: 'Ada' });
  const grace = await joinByStream({ port: port(), room: 'counted', name: 'Grace' });
  const alan = await join(server.url, { room: 'counted', name: 'Alan' });

  const late = new NativeMember(await openSocket({ port: port() }));
  assert.equal((await late.join({ room: 'counted', name: 'Edsger' })).code, 'room-full');
  assert.equal((await ada.request({ type: 'offer', to: 'A'.repeat(22), sdp: 'v=0\r\n' })).code, 'unknown-target');
  const tutorial = await openSocket({ port: port(), path: '/' });
  tutorial.send({ type: 'join', roomId: 'counted' });
  await tutorial.next();
  const polling = await connect(server.url, { transports: ['polling'] });

  assert.deepEqual(await since(start, 'parlor_joins_total'), {
    [result('native', 'ok')]: 1,
    [result('sse', 'ok')]: 1,
    [result('socketio', 'ok')]: 1,
    [result('native', 'room-full')]: 1,
    [result('json', 'room-full')]: 1,
  });
  assert.deepEqual(await since(start, 'parlor_refusals_total'), { '{code="room-full"}': 2, '{code="unknown-target"}': 1 });
  assert.deepEqual(await since(start, 'parlor_sessions'), {
    [label({ transport: 'websocket', dialect: 'native' })]: 2,
    [label({ transport: 'websocket', dialect: 'json' })]: 1,
    [label({ transport: 'sse', dialect: 'sse' })]: 1,
    [label({ transport: 'websocket', dialect: 'socketio' })]: 1,
    [label({ transport: 'polling', dialect: 'socketio' })]: 1,
  });
  assert.deepEqual(await since(start, 'parlor_join_seconds_count'), { '': 5 });
  assert.deepEqual(await since(start, 'parlor_rooms'), { '': 1, _started_total: 1 });
  assert.deepEqual(await since(start, 'parlor_members'), { '': 3 });

  for (const { socket } of [ada, late]) socket.destroy();
  tutorial.destroy();
  await grace.say({ type: 'leave' });
  alan.close();
  polling.close();
  await eventually('that nobody is left', async () => Object.keys((await now()).all('parlor_sessions')).length === 0);
});

test('who comes back is counted with what was told again, and who may not with the code', async () => {
  const ada = await joinNative({ port: port(), room: 'back', name: 'Ada' });
  const grace = await joinNative({ port: port(), room: 'back', name: 'Grace' });
  await ada.event('member-joined');
  ada.socket.destroy();
  await grace.event('member-updated');
  for (const text of ['one', 'two', 'three']) await grace.request({ type: 'chat', text });

  const start = await now();
  const back = new NativeMember(await openSocket({ port: port() }));
  const fields = { type: 'resume', protocol: 1, room: 'back', peer: ada.peer };
  assert.equal((await back.request({ ...fields, secret: 'A'.repeat(32), seq: 1 })).code, 'bad-secret');
  assert.equal((await back.request({ ...fields, secret: ada.secret, seq: ada.joined.seq })).type, 'resumed');
  assert.deepEqual(await since(start, 'parlor_resumes_total'), { [result('native', 'bad-secret')]: 1, [result('native', 'ok')]: 1 });
  assert.deepEqual(await since(start, 'parlor_replayed_messages_total'), { '': 4 }, 'the join of Grace and her three messages');
  for (const { socket } of [back, grace]) socket.destroy();
});

test('messages and their bytes are counted in both directions', async () => {
  const ada = await joinNative({ port: port(), room: 'traffic', name: 'Ada' });
  const grace = await joinNative({ port: port(), room: 'traffic', name: 'Grace' });
  await ada.event('member-joined');
  const start = await now();
  const message = JSON.stringify({ type: 'send', data: 'x'.repeat(1_000), volatile: true });
  for (let i = 0; i < 10; i += 1) ada.socket.send(message);
  for (let i = 0; i < 10; i += 1) await grace.event('message');
  const native = (direction) => label({ dialect: 'native', direction });
  assert.deepEqual(await since(start, 'parlor_messages_total'), { [native('in')]: 10, [native('out')]: 10 });
  const bytes = await since(start, 'parlor_message_bytes_total');
  assert.equal(bytes[native('in')], 10 * message.length);
  assert.ok(bytes[native('out')] > 10_000);
  for (const { socket } of [ada, grace]) socket.destroy();
});

test('a reader who is too slow costs volatile messages first, and then the connection', async () => {
  const small = await startServer({ args: ['--limits-outbox-frames', '64', '--limits-burst', '20000', '--limits-messages-per-second', '20000'] });
  const ada = await joinNative({ port: small.port, room: 'slow', name: 'Ada' });
  const slow = await joinNative({ port: small.port, room: 'slow', name: 'Slow' });
  slow.socket.pause();
  const flood = (fields) => ada.socket.send({ type: 'send', data: 'x'.repeat(60_000), ...fields });
  await eventually('a drop', async () => {
    for (let i = 0; i < 50; i += 1) flood({ volatile: true });
    await ada.socket.drained();
    return (await scrape(small.port)).get('parlor_queue_drops_total') > 0;
  });
  assert.deepEqual((await scrape(small.port)).all('parlor_closes_total'), {});
  await eventually('a close', async () => {
    for (let i = 0; i < 50; i += 1) flood({});
    await ada.socket.drained();
    return (await scrape(small.port)).get('parlor_closes_total{reason="slow-consumer"}') === 1;
  });
  await small.stop();
});

test('requests are counted by the kind of address, never by its words', async () => {
  const start = await now();
  for (const path of ['/', '/room/standup', '/sdk/parlor.js', '/livez', '/standup', '/api/v1/rooms/standup']) await http({ port: port(), path });
  await http({ port: port(), path: '/ws', headers: { Origin: 'https://evil.example', Upgrade: 'websocket', Connection: 'Upgrade' } });
  const http200 = (route) => label({ route, status: 200 });
  assert.deepEqual(await since(start, 'parlor_http_requests_total'), {
    [http200('root')]: 1, [http200('app')]: 1, [http200('sdk')]: 1, [http200('health')]: 1, [http200('api')]: 1,
    [http200('metrics')]: 1, [label({ route: 'other', status: 404 })]: 1, [label({ route: 'native', status: 403 })]: 1,
  });
  assert.deepEqual(await since(start, 'parlor_refusals_total'), { '{code="origin-refused"}': 1 });
  assert.ok(!(await now()).text.includes('standup'), 'a name became a label');
});

test('the relay counts allocations, bytes and denials', { timeout: 60_000 }, async () => {
  const users = await startServer({ args: ['--turn-user', 'ada:lovelace', '--turn-wide-channels'] });
  const { sent, received } = await runUclient({ port: users.port, args: ['-u', 'ada', '-w', 'lovelace', '-y', '-c'] });
  assert.ok(sent > 0 && received === sent);
  const seen = await scrape(users.port);
  assert.ok(seen.get('parlor_turn_allocations_total') > 0);
  assert.ok(seen.get('parlor_turn_bytes_total{direction="in"}') >= sent * 170);
  assert.ok(seen.get('parlor_turn_denied_total{reason="unauthorized"}') > 0, 'each conversation begins so');
  await users.stop();
});

test('pages tell how they have reached somebody, in words that are known', async () => {
  const tell = (body, headers = {}) => ask({ port: port(), path: '/api/v1/ice-selected', method: 'POST', body: JSON.stringify(body), headers });
  const start = await now();
  assert.equal((await tell({ type: 'relay', protocol: 'tls' })).status, 204);
  assert.equal((await tell({ type: 'host', protocol: 'udp' }, { Origin: server.url })).status, 204);
  for (const wrong of [{ type: 'x"y', protocol: 'udp' }, { type: 'host' }, { type: 'host', protocol: 'udp', more: 1 }, [], 'x'.repeat(400)]) {
    assert.ok([400, 413].includes((await tell(wrong)).status));
  }
  assert.equal((await tell({ type: 'host', protocol: 'udp' }, { Origin: 'https://evil.example' })).status, 403);
  assert.deepEqual(await since(start, 'parlor_ice_selected_total'), {
    [label({ type: 'relay', protocol: 'tls' })]: 1, [label({ type: 'host', protocol: 'udp' })]: 1,
  });
  const silent = await startServer({ args: ['--metrics-ice-reports=false'] });
  const body = JSON.stringify({ type: 'host', protocol: 'udp' });
  assert.equal((await ask({ port: silent.port, path: '/api/v1/ice-selected', method: 'POST', body })).status, 204);
  assert.deepEqual((await scrape(silent.port)).all('parlor_ice_selected_total'), {});
  await silent.stop();
});

test('the SDK tells it once for each connection, unless it is asked not to', { timeout: 60_000 }, async (t) => {
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const counted = await startServer();
  const pages = await Promise.all([1, 2, 3].map(() => browser.sdkPage({ server: counted })));
  for (const [at, page] of pages.entries()) {
    await page.evaluate(async (options) => {
      window.room = await window.parlor.join(options);
    }, { room: 'told', name: `page ${at}`, reportPaths: at !== 2 });
  }
  const told = async () => (await scrape(counted.port)).get('parlor_ice_selected_total{type="host",protocol="udp"}');
  await eventually('what two of three tell of two connections each', async () => (await told()) === 4, 30_000);
  for (const page of pages) await page.evaluate(() => window.room.leave());
  assert.equal(await told(), 4);
  await counted.stop();
});

test('the process tells about itself', async () => {
  const seen = await now();
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_open_fds', 'process_max_fds', 'process_threads']) {
    assert.ok(seen.get(name) > 0, name);
  }
  const age = Date.now() / 1_000 - seen.get('process_start_time_seconds');
  assert.ok(age > -2 && age < 600, `started ${age} s ago`);
  assert.equal(seen.get('parlor_draining'), 0);
  assert.match(seen.text, /^parlor_build_info\{version="[\d.]+"\} 1$/m);
});

test('the certificate says when it expires, and handshakes are counted', async () => {
  const secure = await startServer({ args: ['--tls-self-signed'] });
  const seen = await scrape(secure.port);
  assert.ok(seen.get('parlor_certificate_expiry_timestamp_seconds') > Date.now() / 1_000);
  assert.equal(seen.get('parlor_tls_handshakes_total{result="ok"}'), 0, 'this machine reads it without TLS');
  await secure.stop();
});

test('only this machine reads them, and no proxy on it, unless more is allowed', async () => {
  const read = (at, options = {}) => http({ port: at, path: '/metrics', ...options });
  assert.equal((await read(port(), { headers: { 'X-Forwarded-For': '192.0.2.1' } })).status, 403);
  assert.equal((await read(port(), { method: 'POST' })).status, 405);

  const guarded = await startServer({ args: ['--metrics-token', 's3cret', '--metrics-allow', '192.0.2.0/24'] });
  assert.equal((await read(guarded.port)).status, 401);
  assert.equal((await read(guarded.port, { headers: { Authorization: 'Bearer wrong' } })).status, 401);
  assert.equal((await read(guarded.port, { headers: { Authorization: 'Bearer s3cret' } })).status, 200);
  await guarded.stop();
});

test('from another address of this machine they are refused until it is allowed', async () => {
  const elsewhere = Object.values(networkInterfaces()).flat().find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  if (!elsewhere) return;
  for (const [allow, status] of [[[], 403], [['--metrics-allow', elsewhere], 200]]) {
    const free = await freePort();
    const open = await startServer({ port: free, listen: `0.0.0.0:${free}`, args: ['--open-rooms', ...allow] });
    assert.equal((await fetch(`http://${elsewhere}:${free}/metrics`)).status, status);
    await open.stop();
  }
});

test('on a port of their own they are alone there, and nowhere else', async () => {
  const own = await freePort();
  const split = await startServer({ args: ['--metrics-listen', `localhost:${own}`] });
  assert.equal((await http({ port: split.port, path: '/metrics' })).status, 404);
  assert.ok((await scrape(own)).get('parlor_build_info{version="0.1.0"}') === 1);
  for (const path of ['/', '/livez', '/ws', '/metrics/']) assert.equal((await http({ port: own, path })).status, 404, path);
  await split.stop();
});

test("Prometheus' own checker accepts them, empty and full", { timeout: 60_000 }, async () => {
  const fresh = await startServer();
  for (const at of [fresh.port, port()]) {
    const { text } = await scrape(at);
    assert.deepEqual(await promtool(['check', 'metrics'], text), { code: 0, output: '' });
  }
  await fresh.stop();
});

test('every metric that the dashboard and the alerts ask for exists', async () => {
  const { names } = await now();
  const dashboard = JSON.parse(await readFile(file('deploy/grafana/parlor.json'), 'utf8'));
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(queries.length >= 20);
  const rules = await readFile(file('deploy/prometheus/parlor.rules.yml'), 'utf8');
  const alerts = [...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, expr]) => expr);
  assert.ok(alerts.length >= 8);
  for (const query of [...queries, ...alerts]) {
    const asked = queriedNames(query);
    assert.ok(asked.length > 0, query);
    for (const name of asked) assert.ok(names.has(name) || name === 'up', `${name} in ${query}`);
  }
});

test('the alerts are rules that Prometheus loads, and the dashboard asks nothing that it can not read', { timeout: 60_000 }, async () => {
  const checked = await promtool(['check', 'rules', file('deploy/prometheus/parlor.rules.yml').pathname]);
  assert.equal(checked.code, 0, checked.output);
  const dashboard = JSON.parse(await readFile(file('deploy/grafana/parlor.json'), 'utf8'));
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const rules = queries.map((expr, at) => ({ record: `q:${at}`, expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*') }));
  const folder = await mkdtemp(joinPath(tmpdir(), 'parlor-rules-'));
  const path = joinPath(folder, 'dashboard.json');
  await writeFile(path, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { code, output } = await promtool(['check', 'rules', path]);
  await rm(folder, { recursive: true });
  assert.equal(code, 0, output);
});
