// Somebody who breaks every rule of streams and POSTs: each gets a typed answer, the process lives, and two members
// who talk in another room all the while don't notice.

import assert from 'node:assert/strict';
import { underAttack } from './harness/attack.js';
import { joinNative } from './harness/native.js';
import { ask, joinByStream, openStream } from './harness/sse.js';
import { Wire } from './harness/ws.js';

const KIB = 1024;

const field = underAttack();
const { attack } = field;

const byStream = (room, fields) => joinByStream({ port: field.server.port, room, name: 'Mallory', ...fields });
const EVENTS = '/api/v1/rooms/r/events?name=Mallory';
const MESSAGES = '/api/v1/rooms/r/messages';

attack('a body that can not be read is refused whole, and its stream goes on', async () => {
  const mallory = await byStream('bodies');
  const ping = '{"type":"ping"}';
  const chat = '{"type":"chat","text":"heard"}';
  const bodies = {
    'bad-json': ['', '{', 'null', '"x"', '[', `[${chat}`, `[${chat},1]`, Buffer.from([0xff, 0xfe]), '[[]]', `${chat}${chat}`],
    'too-deep': ['['.repeat(10_000), `{"type":"send","data":${'['.repeat(100)}${']'.repeat(100)}}`],
    'unknown-type': ['{"type":"dance"}', `[${chat},{"type":"__proto__"}]`],
    'bad-message': [
      '{}', '{"type":1}', '{"type":"chat"}', '{"type":"chat","text":""}', '{"type":"chat","id":-1,"text":"x"}', '[]',
      `[${Array(65).fill(ping)}]`, '{"type":"send","data":1,"to":[]}',
      '{"type":"join","protocol":1,"room":"r"}', '{"type":"presence","protocol":1,"room":"r"}', '{"type":"ack","seq":-1}',
    ],
  };
  for (const [code, each] of Object.entries(bodies)) {
    for (const body of each) {
      const answer = await mallory.post(body);
      assert.deepEqual([answer.status, answer.json.code], [400, code], String(body).slice(0, 80));
    }
  }
  const large = await mallory.post(JSON.stringify({ type: 'chat', text: 'x'.repeat(9 * KIB) }));
  assert.deepEqual([large.status, large.json.code], [413, 'too-large']);
  const huge = await mallory.post('x'.repeat(257 * KIB)).catch(() => null);
  assert.ok(huge === null || huge.status === 413);
  assert.equal((await mallory.post(ping, { headers: { 'Content-Type': 'multipart/form-data' } })).status, 415);
  assert.equal((await mallory.say({ type: 'chat', text: 'still here' })).type, 'ok');
  assert.equal((await mallory.stream.next('chat')).data.text, 'still here');
  await mallory.say({ type: 'leave' });
});

attack('nobody posts as somebody else', async () => {
  const ada = await byStream('tokens');
  const other = await byStream('elsewhere');
  const post = (Authorization) =>
    ask({ port: field.server.port, path: '/api/v1/rooms/tokens/messages', method: 'POST', headers: Authorization === undefined ? {} : { Authorization }, body: '{"type":"chat","text":"I am Ada"}' });
  const forged = `${ada.peer}.${'A'.repeat(32)}`;
  const wrong = ['', 'Bearer', 'Bearer ', 'Bearer x', `Basic ${ada.token}`, `Bearer ${forged}`, `Bearer ${other.token}`, `Bearer ${ada.peer}.${ada.joined.secret}`, `Bearer ${ada.token}x`];
  for (const authorization of [undefined, ...wrong]) {
    const answer = await post(authorization);
    assert.deepEqual([answer.status, answer.headers['www-authenticate']], [401, 'Bearer'], authorization);
    assert.equal(answer.json.code, authorization === undefined ? 'no-token' : 'bad-token');
  }
  assert.equal((await post(`bearer ${ada.token}`)).status, 200);
  for (const member of [ada, other]) await member.say({ type: 'leave' });
});

attack('methods and addresses that are none are told the right ones', async () => {
  const status = async (path, method, headers) => (await ask({ port: field.server.port, path, method, headers })).status;
  for (const [path, method, allow] of [[EVENTS, 'POST', 'GET'], [EVENTS, 'HEAD', 'GET'], [EVENTS, 'PUT', 'GET'], [MESSAGES, 'GET', 'POST'], [MESSAGES, 'DELETE', 'POST']]) {
    const answer = await ask({ port: field.server.port, path, method });
    assert.deepEqual([answer.status, answer.headers.allow], [405, allow], `${method} ${path}`);
  }
  assert.equal(await status('/api/v1/rooms/r', 'POST'), 403, 'that is for who administers, and nobody does here');
  const long = 'x'.repeat(65);
  const bad = ['/api/v1/rooms/%ff/events', '/api/v1/rooms/%00/events', `/api/v1/rooms/${long}/events`, '/api/v1/rooms/r/events?name=', `/api/v1/rooms/r/events?name=${long}`, '/api/v1/rooms/r/events?wait=61', '/api/v1/rooms/r/events?a.=x', '/api/v1/rooms/r/events?nonce=x', '/api/v1/rooms/%20'];
  for (const path of bad) assert.equal(await status(path, 'GET'), 400, path);
  assert.equal(await status('/api/v1/rooms/', 'GET'), 404);
  const members = (await ask({ port: field.server.port, path: '/api/v1/rooms/r' })).json.members;
  assert.deepEqual(members, [], 'nobody has joined by any of these');
});

attack('a foreign page neither listens nor posts, and another’s image does not join', async () => {
  const evil = { Origin: 'https://evil.example' };
  for (const [path, method] of [[EVENTS, 'GET'], [MESSAGES, 'POST'], [MESSAGES, 'OPTIONS'], ['/api/v1/rooms/r', 'GET']]) {
    const answer = await ask({ port: field.server.port, path, method, headers: evil });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [403, undefined], `${method} ${path}`);
    assert.equal(answer.json.code, 'origin-refused');
  }
  const image = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' };
  assert.equal((await ask({ port: field.server.port, path: EVENTS, headers: image })).status, 403);
  const origin = 'http://localhost:3000';
  const asked = { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization,idempotency-key' };
  const preflight = await ask({ port: field.server.port, path: MESSAGES, method: 'OPTIONS', headers: asked });
  assert.deepEqual([preflight.status, preflight.headers['access-control-allow-origin'], preflight.headers.vary], [204, origin, 'origin']);
  assert.match(preflight.headers['access-control-allow-headers'], /authorization.*content-type.*idempotency-key/);
  const refused = await ask({ port: field.server.port, path: MESSAGES, method: 'POST', headers: { Origin: origin }, body: '{}' });
  assert.deepEqual([refused.status, refused.headers['access-control-allow-origin']], [401, origin], 'a page reads its refusals');
});

attack('a flood of POSTs is refused, and none of it is carried out halfway', async () => {
  const mallory = await byStream('flood');
  const list = JSON.stringify(Array(64).fill({ type: 'send', data: 1 }));
  const answers = await Promise.all(Array.from({ length: 20 }, () => mallory.post(list, { headers: { 'Idempotency-Key': 'x'.repeat(1 + Math.floor(Math.random() * 60)) } })));
  const refused = answers.filter((answer) => answer.status === 429);
  assert.ok(refused.length > 0);
  for (const { headers, json } of refused) {
    assert.ok(Number(headers['retry-after']) >= 1 && json.retryAfterMs >= 1 && json.code === 'rate-limited');
  }
  for (const { json } of answers.filter((answer) => answer.status === 200)) assert.equal(json.length, 64);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal((await mallory.say({ type: 'leave' })).type, 'ok');
});

attack('a reader who reads nothing is cut off, and may go on where it was', async () => {
  const watcher = await joinNative({ port: field.server.port, room: 'slow', name: 'Grace' });
  const slow = await byStream('slow');
  await watcher.event('member-joined');
  slow.stream.pause();
  const data = 'x'.repeat(60 * KIB);
  // Far more than the system and the outbox hold for one reader.
  for (let sent = 0; sent < 300; sent += 1) assert.equal((await watcher.request({ type: 'send', data })).type, 'ok');
  assert.equal((await watcher.event('member-updated', 40_000)).member.state, 'reconnecting');
  slow.stream.cut();
  const again = await openStream({ port: field.server.port, room: 'slow', id: slow.stream.id, name: 'Mallory' });
  assert.equal((await again.next()).data.peer, slow.peer);
  again.cut();
  watcher.socket.destroy();
});

attack('requests that never end hold nobody up', async () => {
  const mallory = await byStream('endless');
  const wires = [];
  for (let count = 0; count < 20; count += 1) {
    const wire = new Wire({ port: field.server.port });
    await wire.opened;
    wire.write(`POST /api/v1/rooms/endless/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${mallory.token}\r\nContent-Length: 1000\r\n\r\n{`);
    wires.push(wire);
  }
  assert.equal((await mallory.say({ type: 'ping' })).type, 'pong');
  assert.match((await wires[0].readUntil('\r\n\r\n')).toString(), /^HTTP\/1.1 408 /);
  for (const wire of wires) wire.destroy();
  await mallory.say({ type: 'leave' });
});
