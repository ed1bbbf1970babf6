// Compressed WebSocket messages, with a real browser at the other end: only where they are switched on, and nobody else notices.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { join, next } from './harness/socketio.js';

let browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** Opens a WebSocket in the page and joins; returns what was agreed on beyond the protocol itself. */
function joinFromPage(page, { url, room }) {
  const join = async ([url, room]) => {
    const socket = new WebSocket(url);
    window.heard = [];
    socket.onmessage = ({ data }) => window.heard.push(JSON.parse(data));
    window.say = (message) => socket.send(JSON.stringify(message));
    await new Promise((resolve) => (socket.onopen = resolve));
    window.say({ type: 'join', protocol: 1, room, name: 'Grace', id: 1 });
    return socket.extensions;
  };
  return page.evaluate(join, [url, room]);
}

const long = 'candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host 🙂 '.repeat(20);

test('with --compression a browser and a client without it read the same', async () => {
  const server = await startServer({ args: ['--compression'] });
  const ada = await joinNative({ port: server.port, room: 'press', name: 'Ada' });
  const page = await browser.sdkPage({ server });
  const extensions = await joinFromPage(page, { url: server.webSocketUrl, room: 'press' });
  assert.equal(extensions, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover');
  await ada.event('member-joined');
  const expected = [];
  for (const speaker of ['Ada', 'Grace', 'Ada', 'Grace']) {
    const text = `${expected.length}: ${long}`;
    expected.push(text);
    if (speaker === 'Ada') await ada.request({ type: 'chat', text });
    else await page.evaluate((text) => window.say({ type: 'chat', text }), text);
    assert.ok((await ada.event('chat')).text === text, `${speaker} is heard`);
    await page.waitForFunction((text) => window.heard.some((message) => message.text === text), text);
  }
  const heard = await page.evaluate(() => window.heard.filter(({ type }) => type === 'chat').map(({ text }) => text));
  assert.ok(heard.join() === expected.join(), 'all of it once and in order');
  ada.socket.destroy();
  await server.stop();
});

test('with --compression Socket.IO clients read the same, text and binary', async () => {
  const server = await startServer({ args: ['--compression'] });
  const [ada, grace] = [await join(server.url, { room: 'press', name: 'Ada' }), await join(server.url, { room: 'press', name: 'Grace' })];
  assert.match(grace.io.engine.transport.ws.extensions, /^permessage-deflate/);
  for (const [from, to] of [[ada, grace], [grace, ada]]) {
    const heard = next(to, 'draw');
    from.emit('draw', long, Buffer.alloc(5_000, 'ink'));
    const [text, ink] = await heard;
    assert.ok(text === long && Buffer.from(ink).equals(Buffer.alloc(5_000, 'ink')));
  }
  ada.close();
  grace.close();
  await server.stop();
});

test('without it nothing is agreed on', async () => {
  const server = await startServer();
  const page = await browser.sdkPage({ server });
  assert.equal(await joinFromPage(page, { url: server.webSocketUrl, room: 'plain' }), '');
  await server.stop();
});
