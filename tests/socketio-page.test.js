// The example page in a browser: it loads the client from the server, from another origin, and takes part.

import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startServer } from './harness/server.js';
import { join, next } from './harness/socketio.js';

const folder = fileURLToPath(new URL('../examples/socketio/', import.meta.url));
const KINDS = { 'index.html': 'text/html', 'page.js': 'text/javascript' };

let server;
let pages;
let browser;
before(async () => {
  server = await startServer();
  pages = createServer(({ url }, answer) => {
    const name = url.split('?')[0].slice(1) || 'index.html';
    if (!KINDS[name]) return answer.writeHead(404).end();
    answer.setHeader('Content-Type', KINDS[name]);
    return createReadStream(folder + name).pipe(answer);
  }).listen(0, 'localhost');
  await once(pages, 'listening');
  browser = await chromium.launch({
    executablePath: process.env.PARLOR_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
});
after(async () => {
  await browser.close();
  pages.close();
  await server.stop();
});

test('the example page chats and draws with a client in Node', { timeout: 60_000 }, async () => {
  const ada = await join(server.url, { room: 'whiteboard', name: 'Ada' });
  const came = next(ada, 'user-joined', 30_000);
  const page = await browser.newPage();
  await page.goto(`http://localhost:${pages.address().port}/?server=${encodeURIComponent(server.url)}`);
  const [id] = await came;
  await page.getByText(id).waitFor();
  await page.getByText('Ada is here').waitFor();

  const said = next(ada, 'chat');
  await page.fill('#text', 'hello');
  await page.click('button');
  assert.equal((await said)[0].text, 'hello');

  const drawn = next(ada, 'draw');
  const box = await page.locator('#board').boundingBox();
  await page.mouse.move(box.x + 10, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 20, box.y + 20);
  assert.equal((await drawn)[0].length, 2);

  const left = next(ada, 'user-left');
  await page.close();
  assert.equal((await left)[0], id, 'at once, not after a grace time');
  ada.close();
});
