// The first chapter of every WebSocket tutorial: what is sent comes back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { log, logged, openExample, say } from './harness/examples.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { Opcode, openSocket } from './harness/ws.js';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
after(async () => {
  await browser.close();
  await server.stop();
});

test('the example: each page gets its own words back, and nobody is in a room', { timeout: 60_000 }, async () => {
  const native = await joinNative({ port: server.port, room: 'echo', name: 'Ada' });
  const query = { server: `ws://localhost:${server.port}` };
  const pages = [await openExample({ browser, kind: 'echo', query }), await openExample({ browser, kind: 'echo', query })];
  for (const [index, page] of pages.entries()) {
    await logged(page, 'Server received your message => hello');
    await say(page, `I am ${index}`);
    await logged(page, `Server received your message => I am ${index}`);
    assert.equal((await log(page)).length, 2);
    assert.deepEqual(page.complaints, []);
  }
  await native.request({ type: 'ping' });
  assert.deepEqual(native.socket.takeAll().map(({ type }) => type), ['welcome']);
  native.socket.destroy();
});

test('an echo is there without being asked for, and what begins like JSON is not for it', async () => {
  const refused = { '{': 'bad-json', ' \n[1': 'bad-json', '{"type":"dance"}': 'unknown-type', '{}': 'bad-message', '[]': 'bad-json' };
  for (const [words, code] of Object.entries(refused)) {
    for (const opcode of [Opcode.text, Opcode.binary]) {
      const socket = await openSocket({ port: server.port, path: '/' });
      socket.frame({ opcode, payload: words });
      assert.equal((await socket.next()).code, code, words);
      socket.send({ type: 'join', roomId: 'after-all' });
      socket.send({ type: 'chat', text: 'in', roomId: 'after-all' });
      assert.equal((await socket.next()).text, 'in', 'the connection goes on');
      socket.destroy();
    }
  }
  const plain = await openSocket({ port: server.port, path: '/' });
  plain.frame({ opcode: Opcode.binary, payload: Buffer.from([0xff, 0x7b]) });
  assert.equal(await plain.takeText(), 'Server received your message => \ufffd{');
  plain.destroy();
});

test('an echo that falls silent is closed with 4004, and one that speaks is not', { timeout: 30_000 }, async () => {
  const hasty = await startServer({ args: ['--limits-join-timeout', '1s'] });
  const [silent, talker] = await Promise.all([0, 1].map(() => openSocket({ port: hasty.port, path: '/' })));
  silent.send('hello');
  let isOver = false;
  const closed = silent.closed().finally(() => (isOver = true));
  while (!isOver) {
    talker.send('still here');
    await talker.takeText();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  assert.deepEqual(await closed, { code: 4004, reason: 'join-timeout' });
  talker.send('and now');
  assert.equal(await talker.takeText(), 'Server received your message => and now');
  talker.destroy();
  await hasty.stop();
});

test('the answer is word for word, in order, whatever was sent', async () => {
  const socket = await openSocket({ port: server.port, path: '/' });
  const messages = ['hello', '', ' ', 'naïve ☕ 👋', '{"type":"join","roomId":"r"}', '[]', 'two\nlines\0', 'x'.repeat(200_000)];
  messages.forEach((message) => socket.send(message));
  for (const message of messages) {
    assert.equal(await socket.takeText(), `Server received your message => ${message}`);
  }
  socket.frame({ opcode: Opcode.binary, payload: 'bytes' });
  assert.equal(await socket.takeText(), 'Server received your message => bytes');
  socket.frame({ opcode: Opcode.binary, payload: Buffer.from([0x61, 0xff, 0x62]) });
  assert.equal(await socket.takeText(), 'Server received your message => a\ufffdb');
  socket.destroy();
});
