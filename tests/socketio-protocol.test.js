// The rules of Engine.IO and Socket.IO on the wire, against the small application that the official suites test too.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from './harness/server.js';
import { connect, next } from './harness/socketio.js';

const root = fileURLToPath(new URL('..', import.meta.url));
let application;
let url;
before(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const example = ['run', '--quiet', '--package', 'parlor', '--example', 'conformance', '--', '--listen', `127.0.0.1:${port}`];
  application = spawn(process.env.CARGO ?? 'cargo', example, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  await once(application.stdout, 'data');
}, { timeout: 600_000 });
after(() => process.kill(-application.pid));

const ask = async (query, options, path = 'engine.io') => {
  const answer = await fetch(`${url}/${path}/?${query}`, options);
  return { status: answer.status, body: await answer.text(), headers: answer.headers };
};
const post = (sid, body) => ask(`EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body });
const poll = (sid, options) => ask(`EIO=4&transport=polling&sid=${sid}`, options);
const open = async () => JSON.parse((await ask('EIO=4&transport=polling')).body.slice(1)).sid;

test('a wrong request gets the code that clients know', async () => {
  const wrong = {
    'transport=polling': 5,
    'EIO=3&transport=polling': 5,
    'EIO=4': 0,
    'EIO=4&transport=pigeon': 0,
    'EIO=4&transport=polling&sid=nobody': 1,
    'EIO=4&transport=websocket': 3,
  };
  for (const [query, code] of Object.entries(wrong)) {
    const { status, body } = await ask(query);
    assert.deepEqual([status, JSON.parse(body).code], [400, code], query);
  }
  const { status, body } = await ask('EIO=4&transport=polling', { method: 'POST' });
  assert.deepEqual([status, JSON.parse(body).code], [400, 2]);
});

test('messages travel in payloads, and a farewell ends the session', async () => {
  const sid = await open();
  assert.equal((await post(sid, '4one\u001e4two\u001ebAQI=')).body, 'ok');
  assert.equal((await poll(sid)).body, '4one\u001e4two\u001ebAQI=');
  const [answer] = await Promise.all([poll(sid), post(sid, '1')]);
  assert.equal(answer.body, '6');
  assert.equal((await poll(sid)).status, 400);
});

test('a payload over the limit is refused and ends the session', async () => {
  const sid = await open();
  assert.equal((await post(sid, `4${'x'.repeat(1_000_000)}`)).status, 413);
  assert.equal((await poll(sid)).status, 400);
});

test('pages of other origins may read the answers', async () => {
  const { headers } = await ask('EIO=4&transport=polling', { headers: { Origin: 'http://localhost:5173' } });
  assert.equal(headers.get('access-control-allow-origin'), 'http://localhost:5173');
  const preflight = await ask('EIO=4&transport=polling', {
    method: 'OPTIONS',
    headers: { Origin: 'http://localhost:5173', 'Access-Control-Request-Headers': 'x-mine' },
  });
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-headers')], [204, 'x-mine']);
});

test('namespaces: by name, by pattern, refused with data', async () => {
  for (const name of ['/custom', '/dynamic-7']) {
    const socket = await connect(`${url}${name}`, { auth: { token: 't' } });
    const heard = next(socket, 'message-back');
    socket.emit('message', 1, Buffer.from([1]));
    assert.deepEqual(await heard, [1, Buffer.from([1])]);
    socket.close();
  }
  const refused = await connect(`${url}/closed`).catch((error) => error);
  assert.deepEqual([refused.message, refused.data], ['Not today', { code: 'closed', retryAfter: 5 }]);
});

test('acknowledgements both ways, or none in time', async () => {
  const socket = await connect(url);
  assert.deepEqual(await socket.timeout(2_000).emitWithAck('message-with-ack', { a: 1 }), { a: 1 });
  await assert.rejects(socket.timeout(100).emitWithAck('message'), /timed out/);
  socket.on('question', (number, answer) => number === 1 && answer('yes'));
  const answered = next(socket, 'answered');
  socket.emit('ask', 1);
  assert.deepEqual(await answered, ['yes']);
  const unanswered = next(socket, 'unanswered');
  socket.emit('ask', 2);
  await unanswered;
  const gone = next(socket, 'disconnect');
  socket.emit('dismiss');
  assert.equal((await gone)[0], 'io server disconnect');
});
