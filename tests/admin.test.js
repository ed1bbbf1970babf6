// The admin API on the wire: who gets in, every address, what is refused and how, versions, pages, repetitions.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Api, pathOf, startAdministered, TOKEN, WITH_TOKENS } from './harness/api.js';
import { http } from './harness/http.js';
import { joinNative, NativeMember } from './harness/native.js';
import { freePort, runParlor, startServer } from './harness/server.js';
import { openSocket } from './harness/ws.js';

const SERVER_ID = 'A'.repeat(22);
const NOBODY = `${'z'.repeat(21)}w`;

let server;
let api;
let stop;
let tokenFile;
before(async () => {
  ({ server, api, stop, tokenFile } = await startAdministered());
});
after(() => stop());

const join = (room, name) => joinNative({ port: server.port, room, name });

/** A room of its own for each test. */
let rooms = 0;
const newRoom = (word) => `${word} ${(rooms += 1)}`;

function assertProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.kind, 'application/problem+json');
  const { type, title, detail, hint } = answer.body;
  assert.deepEqual([answer.body.status, answer.body.code, type], [status, code, `urn:problem-type:parlor:${code}`]);
  for (const words of [title, detail, hint]) assert.ok(words.length > 0);
}

test('nobody gets in without the token, and nobody is told how near they were', async () => {
  const addresses = ['/server', '/stats', '/rooms', '/rooms/x/members', '/rooms/x/rules', '/nothing', ''];
  for (const path of addresses) {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await api.with('').ask(method, path);
      assertProblem(answer, 401, 'token-required');
      assert.match(answer.headers.get('www-authenticate'), /^Bearer/);
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
  }
  for (const wrong of [TOKEN.slice(1), `${TOKEN}0`, TOKEN.toUpperCase(), 'x', 'a.b.c']) {
    assertProblem(await api.with(wrong).get('/rooms'), 401, 'token-wrong');
  }
  for (const headers of [{ authorization: `Basic ${btoa(`admin:${TOKEN}`)}` }, { cookie: `token=${TOKEN}` }]) {
    assertProblem(await api.with('').get('/server', { headers }), 401, 'token-required');
  }
  assertProblem(await api.with('').get(`/server?token=${TOKEN}`), 401, 'token-required');
});

test('a server without a token has no admin API, on loopback neither, and says what switches it on', async () => {
  const closed = await startServer();
  for (const token of ['', TOKEN]) {
    const answer = await new Api(closed.url, token).get('/rooms');
    assertProblem(answer, 403, 'admin-off');
    assert.match(answer.body.hint, /admin\.token_file/);
  }
  await closed.stop();
});

test('a token that is too short, missing or given twice is a mistake of the configuration', async () => {
  for (const args of [['--admin-token', 'hunter2'], ['--admin-token-file', '/nonexistent'], ['--admin-token-file', tokenFile, '--admin-token', TOKEN]]) {
    const exit = await runParlor([...args, '--check-config']);
    assert.equal(exit.code, 2, exit.stdout);
    assert.match(exit.stderr, /admin/);
    assert.doesNotMatch(exit.stderr, /hunter2|0123456789abcdef/);
  }
  const shown = await runParlor(['--admin-token', TOKEN, '--check-config']);
  assert.doesNotMatch(shown.stdout + shown.stderr, /0123456789abcdef/);
});

test('a token in the file is replaced without a restart', async () => {
  const other = await startAdministered();
  await writeFile(other.tokenFile, `${'f'.repeat(40)}\n`);
  const opens = async () => (await other.api.with('f'.repeat(40)).get('/server')).status === 200;
  for (let tries = 0; !(await opens()); tries += 1) {
    assert.ok(tries < 100, 'the new token never opens');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assertProblem(await other.api.get('/server'), 401, 'token-wrong');
  await other.stop();
});

test('the token is in no log, whatever is logged', async () => {
  const loud = await startAdministered({ args: ['--log', 'trace'] });
  await loud.api.get('/rooms');
  await loud.api.with(`${TOKEN}x`).get('/rooms');
  await loud.api.post('/rooms', { name: 'loud' });
  const { output } = loud.server;
  assert.doesNotMatch(output, /0123456789abcdef/);
  await loud.stop();
});

test('on a listener of its own the API is there and nowhere else', async () => {
  const port = await freePort();
  const apart = await startAdministered({ args: ['--admin-listen', `localhost:${port}`] });
  assert.equal((await new Api(`http://localhost:${port}`).get('/server')).status, 200);
  assertProblem(await apart.api.get('/server'), 404, 'admin-elsewhere');
  const page = await http({ port, path: '/' });
  assert.equal(page.status, 401);
  assert.equal((await http({ port, path: '/api/openapi.json' })).status, 200);
  assert.equal((await http({ port: apart.server.port, path: '/' })).status, 200);
  assert.equal((await new Api(apart.server.url, '').get('/rooms/x')).status, 200, 'presence stays');
  await apart.stop();
});

test('what is for members stays for members', async () => {
  const room = newRoom('beside');
  const ada = await join(room, 'Ada');
  const presence = await api.with('').get(pathOf('rooms', room));
  assert.deepEqual([presence.status, presence.body.type, presence.body.members.map(({ name }) => name)], [200, 'presence', ['Ada']]);
  assert.equal((await api.with('').get('/ice-servers')).status, 200);
  const posted = await api.with('').post(`${pathOf('rooms', room)}/messages`, { type: 'chat', text: 'hi' });
  assert.deepEqual([posted.status, posted.body.type], [401, 'error']);
  ada.socket.destroy();
});

test('an address, a method, a query or a body that is wrong is told in the same form', async () => {
  const room = newRoom('wrong');
  await api.post('/rooms', { name: room });
  const path = pathOf('rooms', room);
  assertProblem(await api.get('/nothing'), 404, 'no-such-address');
  assertProblem(await api.get('/rooms/x/y/z/w'), 404, 'no-such-address');
  assertProblem(await api.get(''), 404, 'no-such-address');
  const method = await api.ask('PUT', '/rooms');
  assertProblem(method, 405, 'method-not-allowed');
  assert.deepEqual(method.headers.get('allow').split(',').sort(), ['GET', 'HEAD', 'POST']);
  for (const query of ['limit=0', 'limit=501', 'limit=x', 'limit=1&limit=2', 'unknown=1', 'occupied=maybe', 'cursor=%00']) {
    assertProblem(await api.get(`/rooms?${query}`), 400, 'bad-parameter');
  }
  for (const name of ['%00', '%FF', encodeURIComponent('x'.repeat(65)), '%20']) assertProblem(await api.get(`/rooms/${name}`), 400, 'bad-parameter');
  assertProblem(await api.get(`${path}/members/short`), 400, 'bad-parameter');
  for (const raw of ['', '{', '{"name":1}x', new Uint8Array([0x7b, 0xff, 0x7d])]) assertProblem(await api.post('/rooms', undefined, { raw }), 400, 'bad-json');
  for (const body of [[], null, 1, { name: 1 }, { nam: 'x' }, { name: 'x', rules: { locked: 'yes' } }, { name: '' }, { rules: { role: 'king' } }, { rules: { max_members: -1 } }, { rules: { max_members: 0 } }]) {
    assertProblem(await api.post('/rooms', body), 422, 'bad-body');
  }
  assertProblem(await api.post('/rooms', undefined, { raw: '{"name":"a","name":"b"}' }), 422, 'bad-body');
  assertProblem(await api.post('/rooms', undefined, { raw: '['.repeat(5000) }), 400, 'bad-json');
  for (const kind of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
    assertProblem(await api.post('/rooms', { name: 'x' }, { headers: { 'content-type': kind } }), 415, 'media-type');
  }
  assertProblem(await api.post('/rooms', { name: 'x'.repeat(300_000) }), 413, 'body-too-large');
});

test('HEAD has the headers of GET, OPTIONS the methods, and none of them CORS', async () => {
  const room = newRoom('head');
  await api.post('/rooms', { name: room });
  for (const path of ['/rooms', '/server', `${pathOf('rooms', room)}/rules`]) {
    const [get, head, options] = [await api.get(path), await api.ask('HEAD', path), await api.ask('OPTIONS', path, { headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' } })];
    assert.deepEqual([head.status, head.text, head.kind], [200, '', get.kind]);
    assert.equal(head.etag, get.etag);
    assert.equal(options.status, 204);
    assert.ok(options.headers.get('allow').includes('GET'));
    for (const name of ['access-control-allow-origin', 'access-control-allow-methods', 'access-control-allow-headers']) assert.equal(options.headers.get(name), null);
    assert.equal(get.headers.get('cache-control'), 'no-store');
  }
});

test('the server and its counters', async () => {
  const { body } = await api.get('/server');
  assert.deepEqual([body.name, body.stopping, body.limits.max_members], ['parlor', false, 100]);
  assert.ok(body.started_at <= body.now && Math.abs(body.now - Date.now()) < 60_000);
  const before = (await api.get('/stats')).body;
  const ada = await join(newRoom('counted'), 'Ada');
  const after = (await api.get('/stats')).body;
  assert.equal(after.rooms, before.rooms + 1);
  assert.equal(after.members, before.members + 1);
  ada.socket.destroy();
});

test('a room is made with its rules, found, and ended for everybody', async () => {
  const room = newRoom('Straße/🎻 ?#');
  const made = await api.post('/rooms', { name: room, rules: { locked: false, mute_on_entry: true, max_members: 3, creator_owns: false, role: 'listener' } });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers.get('location'), `/api/v1${pathOf('rooms', room)}`);
  assert.deepEqual([made.body.name, made.body.members, made.body.rules.mute_on_entry, made.body.rules.max_members, made.body.rules.role], [room, 0, true, 3, 'listener']);
  assertProblem(await api.post('/rooms', { name: room }), 409, 'room-exists');
  const ada = await join(room, 'Ada');
  const found = await api.get(pathOf('rooms', room));
  assert.deepEqual([found.status, found.body.members], [200, 1]);
  assert.equal((await api.get(`${pathOf('rooms', room)}/members`)).body.members[0].role, 'listener');
  assert.equal((await api.delete(pathOf('rooms', room))).status, 204);
  const { code } = await ada.socket.closed();
  assert.ok(code >= 4000, `closed with ${code}`);
  assertProblem(await api.get(pathOf('rooms', room)), 404, 'room-unknown');
  assertProblem(await api.delete(pathOf('rooms', room)), 404, 'room-unknown');
});

test('a room without a name gets one that nobody guesses', async () => {
  const [one, two] = [await api.post('/rooms', {}), await api.post('/rooms', { rules: {} })];
  assert.deepEqual([one.status, two.status], [201, 201]);
  assert.match(one.body.name, /^[\w-]{22}$/);
  assert.notEqual(one.body.name, two.body.name);
});

test('a permanent room stays until it is ended; another ends when nobody comes', async () => {
  const brief = await startAdministered({ args: ['--rooms-empty-grace', '1s'] });
  await brief.api.post('/rooms', { name: 'kept', rules: { permanent: true } });
  await brief.api.post('/rooms', { name: 'brief' });
  const names = async () => (await brief.api.get('/rooms')).body.rooms.map(({ name }) => name);
  assert.deepEqual(await names(), ['brief', 'kept']);
  for (let tries = 0; (await names()).length > 1; tries += 1) {
    assert.ok(tries < 100, 'it never ends');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.deepEqual(await names(), ['kept']);
  assert.equal((await brief.api.delete('/rooms/kept')).status, 204);
  assert.deepEqual(await names(), []);
  await brief.stop();
});

test('pages of rooms hide none and repeat none while others come and go', async () => {
  const word = newRoom('page');
  const name = (number) => `${word} ${String(number).padStart(2, '0')}`;
  for (let number = 10; number < 30; number += 1) await api.post('/rooms', { name: name(number) });
  const seen = [];
  let cursor;
  for (let pages = 0; ; pages += 1) {
    const query = new URLSearchParams({ prefix: word, limit: '7', ...(cursor && { cursor }) });
    const { body } = await api.get(`/rooms?${query}`);
    seen.push(...body.rooms.map((room) => room.name));
    cursor = body.next;
    if (!cursor) break;
    // One that was seen goes, one before the cursor comes.
    await api.delete(pathOf('rooms', body.rooms[0].name));
    await api.post('/rooms', { name: name(pages) });
  }
  assert.deepEqual(seen, Array.from({ length: 20 }, (_, index) => name(index + 10)));
  const ada = await join(name(29), 'Ada');
  const occupied = async (value) => (await api.get(`/rooms?${new URLSearchParams({ prefix: word, occupied: value })}`)).body.rooms.map((room) => room.name);
  assert.deepEqual(await occupied('true'), [name(29)]);
  assert.ok(!(await occupied('false')).includes(name(29)));
  ada.socket.destroy();
});

test('pages of members follow the order in which they came', async () => {
  const room = newRoom('crowd');
  const crowd = [];
  for (let number = 0; number < 7; number += 1) crowd.push(await join(room, `Guest ${number}`));
  const path = `${pathOf('rooms', room)}/members`;
  const first = (await api.get(`${path}?limit=3`)).body;
  crowd[1].socket.destroy();
  await crowd[0].request({ type: 'leave' });
  const second = (await api.get(`${path}?limit=3&cursor=${first.next}`)).body;
  const third = (await api.get(`${path}?limit=3&cursor=${second.next}`)).body;
  const names = [...first.members, ...second.members, ...third.members].map(({ name }) => name);
  assert.deepEqual(names, crowd.map((_, number) => `Guest ${number}`));
  assert.equal(third.next, null);
  for (const guest of crowd) guest.socket.destroy();
});

test('rules change for those who have seen them, or by force, and members hear of it', async () => {
  const room = newRoom('rules');
  const ada = await join(room, 'Ada');
  const path = `${pathOf('rooms', room)}/rules`;
  const seen = await api.get(path);
  assert.equal((await api.get(path, { headers: { 'if-none-match': seen.etag } })).status, 304);
  assertProblem(await api.patch(path, { locked: true }, { ifMatch: undefined, headers: {} }), 428, 'condition-required');
  const changed = await api.patch(path, { locked: true, max_members: 5 }, { ifMatch: seen.etag });
  assert.deepEqual([changed.status, changed.body.locked, changed.body.max_members], [200, true, 5]);
  assert.notEqual(changed.etag, seen.etag);
  assert.equal((await api.get(path)).etag, changed.etag);
  const told = await ada.event('room-updated');
  assert.equal(told.rules.locked, true);
  assertProblem(await api.patch(path, { locked: false }, { ifMatch: seen.etag }), 412, 'changed');
  assertProblem(await api.patch(path, { locked: false }, { ifMatch: `W/${changed.etag}` }), 412, 'changed');
  assertProblem(await api.patch(path, { locked: false }, { ifMatch: 'changed' }), 400, 'bad-parameter');
  assert.equal((await api.patch(path, { max_members: null })).body.max_members, null);
  assertProblem(await api.patch(path, { permanent: true }), 422, 'bad-body');
  assertProblem(await api.patch(path, { max_members: 0 }), 422, 'bad-body');
  await assert.rejects(join(room, 'Grace'), /room-locked/);
  ada.socket.destroy();
});

test('a request with a key is carried out once', async () => {
  const room = newRoom('once');
  const headers = { 'idempotency-key': `key-${room}`.replaceAll(' ', '-') };
  const first = await api.post('/rooms', { name: room }, { headers });
  const again = await api.post('/rooms', { name: room }, { headers });
  assert.deepEqual([first.status, again.status, again.text, again.headers.get('location'), again.etag], [201, 201, first.text, first.headers.get('location'), first.etag]);
  assertProblem(await api.post('/rooms', { name: `${room}!` }, { headers }), 422, 'key-reused');
  assertProblem(await api.post('/rooms', { name: room }, { headers: { 'idempotency-key': 'a b' } }), 400, 'bad-parameter');
  const chat = { 'idempotency-key': `chat-${Date.now()}` };
  const both = await Promise.all([1, 2].map(() => api.post(`${pathOf('rooms', room)}/chat`, { text: 'once' }, { headers: chat })));
  assert.deepEqual(both[0].body, both[1].body);
  const { messages } = (await api.get(`${pathOf('rooms', room)}/chat`)).body;
  assert.deepEqual(messages.map(({ text }) => text), ['once']);
});

test('a member is shown, changed, muted and sent out', async () => {
  const room = newRoom('member');
  const [ada, grace] = [await join(room, 'Ada'), await join(room, 'Grace')];
  const path = `${pathOf('rooms', room)}/members`;
  await grace.request({ type: 'publish', source: 'microphone', muted: false });
  await grace.request({ type: 'raise-hand', raised: true });
  const seen = await api.get(`${path}/${grace.peer}`);
  assert.deepEqual([seen.body.name, seen.body.role, seen.body.state, seen.body.hidden], ['Grace', 'speaker', 'connected', false]);
  assert.deepEqual(seen.body.tracks, [{ source: 'microphone', muted: false }]);
  assert.ok(seen.body.hand_raised_at > 0);
  assert.equal((await api.get(`${path}/${grace.peer}`, { headers: { 'if-none-match': seen.etag } })).status, 304);
  const { tracks } = (await api.get(`${pathOf('rooms', room)}/tracks`)).body;
  assert.deepEqual(tracks, [{ peer: grace.peer, source: 'microphone', muted: false }]);

  assertProblem(await api.patch(`${path}/${grace.peer}`, { role: 'listener' }, { ifMatch: undefined }), 428, 'condition-required');
  assertProblem(await api.patch(`${path}/${grace.peer}`, { role: 'listener' }, { ifMatch: '"other"' }), 412, 'changed');
  for (const body of [{ role: 'king' }, { permissions: ['fly'] }, { mute: ['ears'] }, { name: 'Eve' }]) assertProblem(await api.patch(`${path}/${grace.peer}`, body), 422, 'bad-body');
  const muted = await api.patch(`${path}/${grace.peer}`, { mute: ['microphone'], lower_hand: true }, { ifMatch: seen.etag });
  assert.deepEqual([muted.status, muted.body.tracks, muted.body.hand_raised_at], [200, [{ source: 'microphone', muted: true }], null]);
  const moderator = await api.patch(`${path}/${grace.peer}`, { role: 'moderator' });
  assert.ok(moderator.body.permissions.includes('moderate'));
  const quiet = await api.patch(`${path}/${grace.peer}`, { role: 'listener', permissions: ['chat'] });
  assert.deepEqual([quiet.body.role, quiet.body.permissions, quiet.body.tracks], ['listener', ['chat'], []]);
  const refused = await grace.request({ type: 'send', data: 1 });
  assert.equal(refused.type, 'error');

  assertProblem(await api.delete(`${path}/${grace.peer}?ban_ms=0`), 400, 'bad-parameter');
  assertProblem(await api.delete(`${path}/${grace.peer}`, { ifMatch: seen.etag }), 412, 'changed');
  assert.equal((await api.delete(`${path}/${grace.peer}`)).status, 204);
  const left = await ada.event('member-left');
  assert.deepEqual([left.peer, left.reason], [grace.peer, 'removed']);
  for (const ask of [api.get(`${path}/${grace.peer}`), api.patch(`${path}/${NOBODY}`, {}), api.delete(`${path}/${NOBODY}`)]) assertProblem(await ask, 404, 'member-unknown');
  ada.socket.destroy();
});

test('everybody is muted but those who moderate', async () => {
  const room = newRoom('mute');
  const [ada, grace] = [await join(room, 'Ada'), await join(room, 'Grace')];
  for (const member of [ada, grace]) await member.request({ type: 'publish', source: 'microphone', muted: false });
  assert.equal((await api.post(`${pathOf('rooms', room)}/mute`, { source: 'microphone' })).status, 204);
  const { tracks } = (await api.get(`${pathOf('rooms', room)}/tracks`)).body;
  assert.deepEqual(tracks, [{ peer: ada.peer, source: 'microphone', muted: false }, { peer: grace.peer, source: 'microphone', muted: true }]);
  assertProblem(await api.post(`${pathOf('rooms', room)}/mute`, { source: 'ears' }), 422, 'bad-body');
  assertProblem(await api.post('/rooms/nowhere/mute', { source: 'camera' }), 404, 'room-unknown');
  for (const member of [ada, grace]) member.socket.destroy();
});

test('a ban is listed and lifted', async () => {
  const room = newRoom('ban');
  const [ada, grace] = [await join(room, 'Ada'), await join(room, 'Grace')];
  const path = pathOf('rooms', room);
  const before = Date.now();
  await api.delete(`${path}/members/${grace.peer}?ban_ms=3600000`);
  const { bans } = (await api.get(`${path}/bans`)).body;
  assert.equal(bans.length, 1);
  assert.equal(bans[0].peer, grace.peer);
  assert.ok(bans[0].until >= before + 3_600_000);
  // Known by the address, which is everybody's here.
  await assert.rejects(join(room, 'Grace again'), /banned/);
  assert.equal((await api.delete(`${path}/bans/${grace.peer}`)).status, 204);
  assertProblem(await api.delete(`${path}/bans/${grace.peer}`), 404, 'ban-unknown');
  assert.deepEqual((await api.get(`${path}/bans`)).body, { bans: [] });
  const again = await join(room, 'Grace');
  for (const member of [ada, again]) member.socket.destroy();
});

test('who waits is listed, admitted and denied', async () => {
  const room = newRoom('door');
  await api.post('/rooms', { name: room, rules: { waiting_room: true, creator_owns: false } });
  const path = `${pathOf('rooms', room)}/waiting`;
  const knock = async (name) => {
    const member = new NativeMember(await openSocket({ port: server.port }));
    const answer = member.join({ room, name });
    return { member, answer };
  };
  const [ada, eve] = [await knock('Ada'), await knock('Eve')];
  const waiting = async () => (await api.get(path)).body.waiting;
  for (let tries = 0; (await waiting()).length < 2; tries += 1) assert.ok(tries < 1000);
  const [first, second] = await waiting();
  assert.deepEqual([first.name, second.name].sort(), ['Ada', 'Eve']);
  const idOf = (name) => [first, second].find((one) => one.name === name).peer;
  assert.equal((await api.get(pathOf('rooms', room))).body.waiting, 2);
  assert.equal((await api.post(`${path}/${idOf('Ada')}/admit`)).status, 204);
  assert.equal((await api.post(`${path}/${idOf('Eve')}/deny`)).status, 204);
  assert.deepEqual(await waiting(), []);
  const joined = await ada.member.socket.take((message) => message.type === 'joined');
  assert.equal(joined.peer, idOf('Ada'));
  const denied = await eve.member.socket.take((message) => message.type === 'error');
  assert.equal(denied.code, 'denied');
  for (const what of ['admit', 'deny']) assertProblem(await api.post(`${path}/${idOf('Eve')}/${what}`), 404, 'nobody-waits');
  for (const { member } of [ada, eve]) member.socket.destroy();
});

test('the server speaks in a room', async () => {
  const room = newRoom('say');
  const ada = await join(room, 'Ada');
  const path = pathOf('rooms', room);
  await ada.request({ type: 'chat', text: 'Good morning' });
  const sent = await api.post(`${path}/chat`, { text: 'We close soon.', name: 'Reception' });
  assert.equal(sent.status, 201);
  const heard = await ada.socket.take((message) => message.type === 'chat' && message.text === 'We close soon.');
  assert.deepEqual([heard.from, heard.name, heard.seq], [SERVER_ID, 'Reception', sent.body.seq]);
  assert.equal((await api.post(`${path}/chat`, { text: 'Now.' })).status, 201);
  const { messages } = (await api.get(`${path}/chat`)).body;
  assert.deepEqual(messages.map(({ name, text }) => [name, text]), [['Ada', 'Good morning'], ['Reception', 'We close soon.'], ['Server', 'Now.']]);

  const data = { deep: [1, { é: null }] };
  assert.equal((await api.post(`${path}/data`, { data, to: [ada.peer] })).status, 201);
  const message = await ada.event('message');
  assert.deepEqual([message.from, message.data], [SERVER_ID, data]);
  assertProblem(await api.post(`${path}/data`, { data, to: [NOBODY] }), 404, 'member-unknown');
  assertProblem(await api.post(`${path}/data`, { data, to: [] }), 422, 'bad-body');
  assertProblem(await api.post(`${path}/data`, {}), 422, 'bad-body');
  assertProblem(await api.post(`${path}/chat`, { text: 'x'.repeat(9_000) }), 422, 'too-large');
  assertProblem(await api.post(`${path}/chat`, { text: '' }), 422, 'bad-body');
  assertProblem(await api.post('/rooms/nowhere/chat', { text: 'x' }), 404, 'room-unknown');
  assertProblem(await api.post('/rooms/nowhere/data', { data: 1 }), 404, 'room-unknown');
  ada.socket.destroy();
});

test('a token is made, lets in, administers if it says so, and is taken back', async () => {
  assertProblem(await api.post('/tokens', { rooms: ['x'] }), 409, 'tokens-off');
  assertProblem(await api.delete('/tokens/x'), 409, 'tokens-off');
  const own = await startAdministered({ args: WITH_TOKENS });
  const mint = (fields) => own.api.post('/tokens', { rooms: ['club-*'], ...fields });
  for (const fields of [{ rooms: [] }, { rooms: ['a', 1] }, { ttl_ms: 1 }, { role: 'king' }, { grants: ['fly'] }, { aud: 'x' }]) assertProblem(await mint(fields), 422, 'bad-body');
  const made = await mint({ identity: 'ada@example.org', name: 'Ada', role: 'moderator', ttl_ms: 60_000 });
  assert.equal(made.status, 201, made.text);
  assert.ok(made.body.expires_at > Date.now() && made.body.expires_at < Date.now() + 62_000);

  const ada = new NativeMember(await openSocket({ port: own.server.port }));
  const joined = await ada.join({ room: 'club-7', name: 'Eve', token: made.body.token });
  const [me] = joined.members;
  assert.deepEqual([me.name, me.identity, me.role], ['Ada', 'ada@example.org', 'moderator']);
  assertProblem(await own.api.with(made.body.token).get('/rooms'), 403, 'no-admin-grant');
  const admin = await mint({ grants: ['admin'] });
  assert.equal((await own.api.with(admin.body.token).get('/rooms')).status, 200);

  assert.equal((await own.api.delete(`/tokens/${made.body.jti}`)).status, 204);
  assert.equal((await own.api.delete(`/tokens/${made.body.jti}`)).status, 204, 'twice is once');
  await ada.socket.closed();
  const again = new NativeMember(await openSocket({ port: own.server.port }));
  assert.equal((await again.join({ room: 'club-7', name: 'Ada', token: made.body.token })).code, 'token-revoked');
  await own.api.delete(`/tokens/${admin.body.jti}`);
  const revoked = await own.api.with(admin.body.token).get('/rooms');
  assertProblem(revoked, 401, 'token-wrong');
  assert.match(revoked.body.detail, /revoked/);
  const short = await mint({ grants: ['admin'], ttl_ms: 1_000 });
  assert.equal(short.status, 201);
  assertProblem(await own.api.delete('/tokens/%00'), 400, 'bad-parameter');
  await own.stop();
});

test('every address below a room says that the room is not there', async () => {
  for (const path of ['', '/members', '/rules', '/tracks', '/waiting', '/chat']) assertProblem(await api.get(`/rooms/nowhere${path}`), 404, 'room-unknown');
});

test('people at a terminal do the same', async () => {
  const room = newRoom('terminal').replaceAll(' ', '-');
  const parlor = (...words) => runParlor([...words, '--server', server.url, '--token-file', tokenFile]);
  const says = async (text, ...words) => {
    const { code, stdout, stderr } = await parlor(...words);
    assert.equal(code, 0, stderr);
    assert.match(stdout, text);
  };
  await says(new RegExp(`name: ${room}`), 'rooms', 'create', room, '--mute-on-entry');
  const [ada, grace] = [await join(room, 'Ada'), await join(room, 'Grace')];
  await says(new RegExp(`^${room} +2 +0 +no +no$`, 'm'), 'rooms', '--prefix', room);
  await says(/Grace +- +speaker +connected/, 'members', room);
  await says(/is locked/, 'rooms', 'lock', room);
  await says(/rules\.locked: yes/, 'rooms', 'show', room);
  await says(/has heard it/, 'say', room, 'Good', 'morning');
  assert.equal((await grace.event('chat')).text, 'Good morning');
  await says(/silent/, 'mute', room, 'Grace');
  await says(/is out/, 'kick', room, 'Grace', '--ban', '1h');
  await says(new RegExp(grace.peer), 'rooms', 'bans', room);
  await says(/may come in/, 'rooms', 'unban', room, grace.peer);
  assert.equal(JSON.parse((await parlor('members', room, '--json')).stdout).members[0].name, 'Ada');
  await says(/rooms: \d+/, 'stats');
  await says(/is over/, 'rooms', 'end', room);
  const refused = await parlor('members', room);
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /room-unknown/);
  assert.equal((await parlor('kick', room)).code, 2);
  const unreached = await runParlor(['stats', '--server', `http://localhost:${await freePort()}`, '--token-file', tokenFile]);
  assert.equal(unreached.code, 1);
  assert.match(unreached.stderr, /cannot connect/);
  for (const member of [ada, grace]) member.socket.destroy();
});
