// What every answer says to a browser, whichever address it is asked at and however it is asked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { http } from './harness/http.js';
import { startServer } from './harness/server.js';
import { serveFiles } from './harness/site.js';

const CONTACT = 'mailto:security@example.org';
const PAGES = ['/', '/room/standup', '/check', '/app/index.html'];
const OTHERS = [
  '/livez', '/readyz', '/sdk/parlor.js', '/app/main.js', '/app/none.js', '/nothing', '/socket.io/?EIO=4&transport=polling', '/socket.io/socket.io.js',
  '/socket.io/', '/peerjs', '/peerjs/peerjs/id', '/peerjs/peerjs/peers', '/.well-known/security.txt', '/ws', '/signaling',
  '/api/v1/ice-servers', '/api/v1/rooms/standup', '/api/v1/rooms/standup/events?name=Ada&wait=0', '/api/v1/nothing', '/metrics',
];

let server;
let browser;
before(async () => { [server, browser] = await Promise.all([startServer({ args: ['--security-contact', CONTACT] }), launchBrowser()]); });
after(async () => {
  await browser.close();
  await server.stop();
});

const ask = (path, method = 'GET', port = server.port) => http({ port, path, method });

function assertGuarded({ headers }, where) {
  assert.equal(headers['x-content-type-options'], 'nosniff', where);
  assert.equal(headers['referrer-policy'], 'no-referrer', where);
  assert.match(headers['content-security-policy'] ?? '', /^(default|script)-src 'self';.*frame-ancestors/, where);
  assert.ok(!/unsafe/.test(headers['content-security-policy']), where);
}

test('pages allow nothing but what they need', async () => {
  for (const path of PAGES) {
    const answer = await ask(path);
    assert.equal(answer.status, 200, path);
    assertGuarded(answer, path);
    const { headers } = answer;
    assert.match(headers['content-security-policy'], /^default-src 'self'; .*require-trusted-types-for 'script'; trusted-types 'none'/, path);
    assert.match(headers['content-security-policy'], /frame-ancestors 'self'/, path);
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN', path);
    assert.match(headers['permissions-policy'], /^camera=\(self\), microphone=\(self\), display-capture=\(self\),/, path);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path);
    assert.equal(headers['strict-transport-security'], undefined, 'nothing is promised without TLS');
  }
});

test('what is no page is framed by nobody, whatever it answers and however it is asked', async () => {
  for (const path of OTHERS) {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']) {
      if (method === 'HEAD' && path.includes('EIO=4')) continue; // It would wait for messages.
      const answer = await ask(path, method);
      assertGuarded(answer, `${method} ${path} (${answer.status})`);
      assert.match(answer.headers['content-security-policy'], /frame-ancestors 'none'/, `${method} ${path}`);
      assert.equal(answer.headers['x-frame-options'], 'DENY', `${method} ${path}`);
      assert.ok(answer.status < 500, `${method} ${path}: ${answer.status}`);
    }
  }
});

test('security.txt says whom to tell, if anybody is named', async () => {
  const text = String((await ask('/.well-known/security.txt')).body);
  assert.match(text, new RegExp(`^Contact: ${CONTACT}\nExpires: `));
  const expires = Date.parse(/Expires: (.*)/.exec(text)[1]);
  assert.ok(expires > Date.now() && expires < Date.now() + 366 * 86_400_000);
  const silent = await startServer();
  assert.equal((await ask('/.well-known/security.txt', 'GET', silent.port)).status, 404);
  await silent.stop();
});

/** Whether a page of another origin shows the app in a frame that has a camera. */
async function framedBy(site, port) {
  const context = await browser.person();
  const page = await context.newPage();
  await page.goto(`${site.url}/page.html`);
  await page.evaluate((src) => {
    const frame = document.createElement('iframe');
    Object.assign(frame, { src, allow: 'camera; microphone' });
    document.body.append(frame);
  }, `http://localhost:${port}/room/framed`);
  const frame = page.frameLocator('iframe');
  const shown = await frame.getByTestId('name-input').waitFor({ timeout: 5_000 }).then(() => true, () => false);
  await context.close();
  return shown;
}

test('a browser shows the app in frames of those who are named, and of nobody else', { timeout: 60_000 }, async () => {
  const site = await serveFiles(new URL('./harness/', import.meta.url));
  assert.equal(await framedBy(site, server.port), false);
  const friendly = await startServer({ args: ['--frame-ancestor', site.url] });
  assert.equal(await framedBy(site, friendly.port), true);
  const { headers } = await ask('/', 'GET', friendly.port);
  assert.equal(headers['x-frame-options'], undefined, 'it has no word for a list');
  assert.match(headers['permissions-policy'], /camera=\(self "http:/);
  await friendly.stop();
  await site.close();
});

test('a string that becomes markup is stopped by the browser', async () => {
  const page = await (await browser.person()).newPage();
  await page.goto(server.url);
  const outcome = await page.evaluate(() => {
    try {
      document.body.insertAdjacentHTML('beforeend', '<b>x</b>');
      return 'inserted';
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(outcome, 'TypeError');
  assert.ok(await until(page, () => document.readyState === 'complete'));
});
