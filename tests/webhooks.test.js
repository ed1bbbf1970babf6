// Webhooks: what happens in rooms is told in order, signed, at least once, whatever the receivers do, and never at the rooms'
// or at another receiver's expense.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { Authority } from './harness/certificates.js';
import { scrape } from './harness/metrics.js';
import { joinNative } from './harness/native.js';
import { isSigned, SECRET, sequences, startReceiver, toldBy } from './harness/receiver.js';
import { runParlor, startServer } from './harness/server.js';
import { joinByStream } from './harness/sse.js';
import { eventually } from './harness/wait.js';

const started = [];
async function serve(receivers, more) {
  const server = await startServer({ args: toldBy(receivers, ['--rooms-empty-grace', '0s', ...(more ?? [])]) });
  started.push(server);
  return server;
}
afterEach(async () => {
  for (const server of started.splice(0)) if (server.isAlive()) await server.kill();
});

/** Each joins, and leaves again: four events, of which the first and the last are the room's. */
async function visit(server, room, name = 'Ada') {
  const member = await joinNative({ port: server.port, room, name });
  await member.request({ type: 'leave' });
  member.socket.destroy();
}

/** Everything of these rooms has been taken, with nothing missing and nothing out of its place. */
async function toldInOrder(receiver, rooms, timeoutMs = 30_000) {
  await eventually('the end of every room', () => rooms.every((name) => receiver.news.some(({ type, room }) => type === 'room.ended' && room.name === name)), timeoutMs);
  for (const [life, numbers] of sequences(receiver.news)) {
    assert.deepEqual(numbers, numbers.map((_, at) => at + 1), `${life}: ${numbers}`);
  }
}

const many = (count, prefix = 'room') => Array.from({ length: count }, (_, at) => `${prefix}-${at}`);

test('what happens in a room is told as it happens, by whatever way its members came', async () => {
  const receiver = await startReceiver();
  const server = await serve([receiver], ['--webhooks-event', 'room.started,room.ended,member.joined,member.left,track.published,track.unpublished,chat.message']);
  const ada = await joinNative({ port: server.port, room: 'standup', name: 'Ada' });
  const grace = await joinByStream({ port: server.port, room: 'standup', name: 'Grace', identity: 'grace@example.org' });
  await ada.request({ type: 'chat', text: 'Good morning' });
  await grace.say([{ type: 'update', name: 'Rear Admiral' }, { type: 'publish', source: 'camera', muted: true }, { type: 'publish', source: 'screen' }, { type: 'unpublish', source: 'screen' }]);
  await grace.say({ type: 'leave' });
  await ada.request({ type: 'leave' });
  await receiver.event('room.ended');

  const [first, ...rest] = receiver.news;
  const { id: life } = first.room;
  const told = [first, ...rest].map(({ type, sequence, room, id, member, reason, text, track }) => {
    assert.deepEqual([room, id], [{ name: 'standup', id: life }, `${life}.${sequence}`]);
    return [sequence, type, member?.name, member?.identity, reason ?? text ?? track];
  });
  assert.deepEqual(told, [
    [1, 'room.started', undefined, undefined, undefined],
    [2, 'member.joined', 'Ada', null, undefined],
    [3, 'member.joined', 'Grace', 'grace@example.org', undefined],
    [4, 'chat.message', 'Ada', null, 'Good morning'],
    [5, 'track.published', 'Rear Admiral', 'grace@example.org', { source: 'camera', muted: true }],
    [6, 'track.published', 'Rear Admiral', 'grace@example.org', { source: 'screen', muted: false }],
    [7, 'track.unpublished', 'Rear Admiral', 'grace@example.org', { source: 'screen', muted: false }],
    [8, 'track.unpublished', 'Rear Admiral', 'grace@example.org', { source: 'camera', muted: true }],
    [9, 'member.left', 'Rear Admiral', 'grace@example.org', 'left'],
    [10, 'member.left', 'Ada', null, 'left'],
    [11, 'room.ended', undefined, undefined, 'ended'],
  ]);
  const joined = rest[0];
  assert.equal(joined.member.peer, ada.peer);
  assert.deepEqual([joined.member.role, joined.member.state, joined.member.attributes], ['owner', 'connected', {}]);
  assert.ok(Math.abs(joined.at - Date.now()) < 60_000);

  await visit(server, 'standup');
  const again = await receiver.event('room.started', ({ room }) => room.id !== life);
  assert.equal(again.sequence, 1, 'a room of the same name has another life');
});

test('each body is signed with its time, by both secrets while they change', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parlor-secret-'));
  const file = join(folder, 'secret');
  await writeFile(file, `the newer secret of the tests\n${SECRET}\n`);
  const receiver = await startReceiver();
  const server = await startServer({ args: ['--webhooks-url', receiver.url, '--webhooks-secret-file', file] });
  started.push(server);
  await visit(server, 'signed');
  await receiver.event('member.left');
  for (const { headers, body, event, method, url } of receiver.requests) {
    const header = headers['parlor-signature'];
    assert.deepEqual([method, url, headers['content-type'], headers['parlor-event-id']], ['POST', '/hook', 'application/json', event.id]);
    assert.ok(isSigned({ header, body }) && isSigned({ header, body, secret: 'the newer secret of the tests' }));
    assert.ok(!isSigned({ header, body, secret: 'somebody else’s' }));
    assert.ok(!isSigned({ header, body: `${body} ` }), 'another body');
    assert.ok(!isSigned({ header, body, now: Date.now() / 1_000 + 600 }), 'an old one');
  }
  await rm(folder, { recursive: true });
});

test('what the manual tells receivers to do takes what is signed, and nothing else', async () => {
  const manual = await readFile(new URL('../docs/operating.md', import.meta.url), 'utf8');
  const code = (language, name) => [...manual.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, each]) => each).find((each) => each.includes(name));
  const { isFromParlor } = await import(`data:text/javascript,${encodeURIComponent(code('js', 'isFromParlor'))}`);
  const python = code('python', 'is_from_parlor');
  const inPython = (header, body, secret) => {
    const call = `print(is_from_parlor(*[a if i == 0 else a.encode() for i, a in enumerate(__import__("json").loads(__import__("sys").stdin.read()))]))`;
    return execFileSync('python3', ['-c', `${python}\n${call}`], { input: JSON.stringify([header, body, secret]) }).toString().trim() === 'True';
  };
  const receiver = await startReceiver();
  const server = await serve([receiver]);
  await visit(server, 'manual', 'Ada Lovelace é 😀');
  await receiver.event('member.joined');
  const { headers, body } = receiver.requests.find(({ event }) => event.type === 'member.joined');
  const header = headers['parlor-signature'];
  const old = header.replace(/t=\d+/, 't=1000000000');
  for (const [h, b, secret, expected] of [
    [header, `${body}`, SECRET, true], [`${header},v1=00`, `${body}`, SECRET, true], [header, `${body} `, SECRET, false],
    [header, `${body}`, 'another secret', false], [old, `${body}`, SECRET, false], ['', `${body}`, SECRET, false], ['t=x,v1=é', `${body}`, SECRET, false],
  ]) {
    assert.equal(isFromParlor(h, b, secret), expected, `JavaScript: ${h}`);
    assert.equal(inPython(h, b, secret), expected, `Python: ${h}`);
  }
});

test('a receiver that fails in every way is told everything, in order', { timeout: 60_000 }, async () => {
  const receiver = await startReceiver();
  const ways = [500, 'reset', 503, 404, 429, 302, 200];
  const tries = new Map();
  receiver.behaviour = ({ id }) => {
    tries.set(id, (tries.get(id) ?? -1) + 1);
    return tries.get(id) >= 2 ? 200 : ways[(id.length + Number(id.split('.').at(-1)) + tries.get(id)) % ways.length];
  };
  const server = await serve([receiver]);
  const rooms = many(4);
  await Promise.all(rooms.map((room) => visit(server, room)));
  await toldInOrder(receiver, rooms, 50_000);
  assert.ok(receiver.requests.some(({ status }) => status !== 200), 'it never failed');
  assert.ok(receiver.requests.every(({ url }) => url === '/hook'), 'a redirect was followed');
});

test('a receiver that is not there is told everything when it comes back', { timeout: 60_000 }, async () => {
  const receiver = await startReceiver();
  const server = await serve([receiver]);
  await visit(server, 'before');
  await receiver.event('room.ended');
  await receiver.leave();
  const rooms = many(10, 'meanwhile');
  await Promise.all(rooms.map((room) => visit(server, room)));
  await eventually('a failure', async () => (await scrape(server.port)).get(`parlor_webhook_deliveries_total{receiver="localhost:${receiver.port}",result="failed"}`) >= 2);
  await receiver.listen();
  await toldInOrder(receiver, ['before', ...rooms]);
  assert.equal((await scrape(server.port)).get(`parlor_webhook_queue_events{receiver="localhost:${receiver.port}"}`), 0);
});

test('a receiver that stalls delays no room and no other receiver, and hears all of it twice rather than never', { timeout: 60_000 }, async () => {
  const [stalling, well] = [await startReceiver(), await startReceiver()];
  stalling.behaviour = 'silence';
  const server = await serve([stalling, well], ['--webhooks-timeout', '1s']);
  const rooms = many(20);
  const begun = Date.now();
  await Promise.all(rooms.map((room) => visit(server, room)));
  assert.ok(Date.now() - begun < 10_000, 'rooms waited');
  await toldInOrder(well, rooms);
  assert.deepEqual(stalling.events, []);
  stalling.behaviour = 200;
  await toldInOrder(stalling, rooms);
  const ids = stalling.requests.map(({ event }) => event.id);
  assert.ok(ids.length > new Set(ids).size, 'what was not answered is told again');
});

test('an answer that comes late is taken for none, and the repetition has the same id', { timeout: 60_000 }, async () => {
  const receiver = await startReceiver();
  let late = true;
  receiver.behaviour = () => {
    const slow = late;
    late = false;
    return slow ? 1_500 : 200;
  };
  const server = await serve([receiver], ['--webhooks-timeout', '500ms', '--webhooks-event', 'member.joined']);
  await visit(server, 'late');
  await eventually('the repetition', () => receiver.requests.length === 2);
  const [one, two] = receiver.requests;
  assert.equal(one.event.id, two.event.id);
  assert.deepEqual(one.body, two.body);
});

test('what a receiver can not be told for long is bounded, and the gap shows in the sequence', { timeout: 60_000 }, async () => {
  const [away, well] = [await startReceiver(), await startReceiver()];
  await away.leave();
  const server = await serve([away, well], ['--webhooks-queue-events', '20', '--webhooks-event', 'member.joined,member.left']);
  const ada = await joinNative({ port: server.port, room: 'busy', name: 'Ada' });
  for (let i = 0; i < 50; i += 1) await visit(server, 'busy', `visitor ${i}`);
  const label = `{receiver="localhost:${away.port}"`;
  const lost = `parlor_webhook_lost_total${label},reason="overflow"}`;
  await eventually('that all losses are told', async () => (await scrape(server.port)).get(lost) === 101 - 20);
  const seen = await scrape(server.port);
  assert.equal(seen.get(`parlor_webhook_queue_events${label}}`), 20);
  assert.ok(seen.get(`parlor_webhook_queue_bytes${label}}`) < 20 * 1_024);
  assert.match(server.output, /an event is lost to a receiver of webhooks/);

  await away.listen();
  await eventually('what is left', () => away.news.length === 20);
  const [numbers] = sequences(away.news).values();
  assert.equal(numbers.at(-1), 101);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  await eventually('all of it', () => well.news.length === 101);
  ada.socket.destroy();
});

test('an event that is too old is given up, and those after it are told', { timeout: 60_000 }, async () => {
  const receiver = await startReceiver();
  receiver.behaviour = ({ sequence }) => (sequence === 1 ? 400 : 200);
  const server = await serve([receiver], ['--webhooks-max-age', '1s', '--webhooks-event', 'member.joined']);
  const ada = await joinNative({ port: server.port, room: 'old', name: 'Ada' });
  await eventually('the end of its time', async () => (await scrape(server.port)).get(`parlor_webhook_lost_total{receiver="localhost:${receiver.port}",reason="too-old"}`) === 1);
  await visit(server, 'old', 'Grace');
  assert.equal((await receiver.event('member.joined')).sequence, 2);
  ada.socket.destroy();
});

test('a server that stops ends its rooms for those who are told, and one that starts says so', { timeout: 60_000 }, async () => {
  const receiver = await startReceiver();
  const server = await serve([receiver], ['--webhooks-event', 'server.started,room.ended']);
  const ada = await joinNative({ port: server.port, room: 'until the end', name: 'Ada' });
  const first = await receiver.event('server.started');
  await server.stop();
  const ended = await receiver.event('room.ended');
  assert.deepEqual([ended.reason, ended.room.name, ended.server], ['server-stopping', 'until the end', first.server]);
  await server.start();
  const second = await receiver.event('server.started', (event) => event.server !== first.server);
  assert.ok(!('room' in second));
  ada.socket.destroy();
});

test('https is verified, by the roots of a file if need be', { timeout: 60_000 }, async () => {
  const authority = new Authority();
  const { certificate, key } = authority.issue({ names: ['localhost'] });
  const receiver = await startReceiver({ tls: { cert: certificate, key } });
  const folder = await mkdtemp(join(tmpdir(), 'parlor-roots-'));
  const roots = join(folder, 'roots.pem');
  await writeFile(roots, authority.pem);
  const server = await serve([receiver], ['--webhooks-ca-file', roots]);
  await visit(server, 'private');
  await toldInOrder(receiver, ['private']);

  const stranger = await serve([receiver]);
  const before = receiver.requests.length;
  await visit(stranger, 'stranger');
  await eventually('a refusal', async () => (await scrape(stranger.port)).get(`parlor_webhook_deliveries_total{receiver="localhost:${receiver.port}",result="failed"}`) > 0);
  assert.equal(receiver.requests.length, before);
  assert.match(stranger.output, /is not trusted/);
  await rm(folder, { recursive: true });
});

test('a secret that is missing or short is a mistake, and what is no address of the web', async () => {
  const url = ['--webhooks-url', 'http://localhost:9/'];
  const cases = [
    [url, /webhooks\.urls needs webhooks\.secret/],
    [[...url, '--webhooks-secret', 'short'], /at least 16 bytes/],
    [[...url, '--webhooks-secret-file', '/nonexistent'], /secret_file/],
    [['--webhooks-url', 'file:///etc/passwd', '--webhooks-secret', SECRET], /http or https/],
    [['--webhooks-event', 'room.finished'], /room\.started/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await runParlor(['--listen', 'localhost:0', ...args]);
    assert.ok(code === 1 || code === 2, stderr);
    assert.match(stderr, expected);
    assert.ok(!stderr.includes(SECRET), 'a secret was shown');
  }
});
