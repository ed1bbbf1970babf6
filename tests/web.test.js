// What the port answers to plain HTTP: the app, the SDK, and what operators ask.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { http } from './harness/http.js';
import { startServer } from './harness/server.js';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

const ask = (path, options = {}) => http({ port: server.port, path, ...options });
const utf8 = ({ body }) => body.toString();

test('the front door and every room serve the app', async () => {
  const front = await ask('/');
  assert.equal(front.status, 200);
  assert.match(front.headers['content-type'], /^text\/html; ?charset=utf-8$/i);
  assert.match(utf8(front), /<script type="module" src="\/app\/main.js">/);
  for (const path of ['/room/standup', '/room/St%C3%BCbchen', '/room/a%20b']) {
    const room = await ask(path);
    assert.equal(room.status, 200, path);
    assert.equal(utf8(room), utf8(front), path);
  }
});

test('everything the app loads is there, with its type', async () => {
  const front = utf8(await ask('/'));
  const links = [...front.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
  assert.ok(links.length > 3, 'the front page names its files');
  const types = { js: /^(text|application)\/javascript/, css: /^text\/css/, svg: /^image\/svg\+xml/ };
  for (const path of [...links, '/sdk/parlor.js']) {
    const { status, headers } = await ask(path);
    assert.equal(status, 200, path);
    const expected = types[path.split('.').pop()];
    if (expected) assert.match(headers['content-type'], expected, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
  }
});

test('a file travels as the browser wants it: br, gzip or plain, and is the same', async () => {
  const plain = await ask('/sdk/parlor.js');
  assert.equal(plain.headers['content-encoding'], undefined);
  const packed = async (encoding) => {
    const answer = await ask('/sdk/parlor.js', { headers: { 'Accept-Encoding': encoding } });
    assert.match(answer.headers.vary ?? '', /accept-encoding/i);
    return answer;
  };
  const br = await packed('gzip, deflate, br');
  assert.equal(br.headers['content-encoding'], 'br');
  assert.deepEqual(brotliDecompressSync(br.body), plain.body);
  const gzip = await packed('gzip');
  assert.equal(gzip.headers['content-encoding'], 'gzip');
  assert.deepEqual(gunzipSync(gzip.body), plain.body);
  const refused = await packed('br;q=0, gzip;q=0');
  assert.equal(refused.headers['content-encoding'], undefined);
  assert.deepEqual(refused.body, plain.body);
});

test('what the browser has already is not sent again', async () => {
  for (const path of ['/', '/sdk/parlor.js']) {
    const first = await ask(path);
    assert.ok(first.headers.etag, `${path} has an ETag`);
    const again = await ask(path, { headers: { 'If-None-Match': first.headers.etag } });
    assert.equal(again.status, 304, path);
    assert.equal(again.body.length, 0);
    assert.equal(again.headers.etag, first.headers.etag);
    const other = await ask(path, { headers: { 'If-None-Match': '"something-else"' } });
    assert.equal(other.status, 200, path);
  }
});

test('HEAD has the headers of GET and no body', async () => {
  const [get, head] = [await ask('/'), await ask('/', { method: 'HEAD' })];
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  for (const name of ['content-type', 'content-length', 'etag', 'content-security-policy']) {
    assert.equal(head.headers[name], get.headers[name], name);
  }
});

test('what does not exist is a 404, what cannot be done a 405', async () => {
  for (const path of ['/nothing', '/app/nothing.js', '/sdk/', '/sdk/nothing.js', '/sdk/parlor.js/x', '/room/a/b']) {
    assert.equal((await ask(path)).status, 404, path);
  }
  for (const path of ['/', '/sdk/parlor.js', '/livez']) {
    assert.equal((await ask(path, { method: 'POST' })).status, 405, path);
  }
});

test('no path leads out of the web files', async () => {
  for (const prefix of ['/sdk/', '/app/', '/']) {
    for (const path of [
      '../Cargo.toml',
      '../../Cargo.toml',
      '..%2f..%2fCargo.toml',
      '%2e%2e/%2e%2e/etc/passwd',
      '..%5c..%5cetc%5cpasswd',
      '....//....//etc/passwd',
      '%00',
      'parlor.js%00.html',
      '/etc/passwd',
      '../test/package.json',
    ]) {
      const { status, body } = await ask(prefix + path);
      assert.ok(status === 404 || status === 400, `${prefix}${path} is a ${status}`);
      assert.doesNotMatch(body.toString(), /root:|\[workspace/);
    }
  }
});

test('the app runs only what comes from here, and nobody frames it', async () => {
  const { headers } = await ask('/room/standup');
  const policy = headers['content-security-policy'];
  assert.match(policy, /default-src 'self'/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.match(policy, /frame-ancestors/);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*[ ;]/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.ok(headers['referrer-policy'], 'a room name does not travel in a Referer');
  assert.doesNotMatch(headers['referrer-policy'], /unsafe-url|origin-when-cross-origin/);
});

test('pages of other origins may import the SDK, and nothing else', async () => {
  const headers = { Origin: 'https://app.example.org' };
  const sdk = await ask('/sdk/parlor.js', { headers });
  assert.equal(sdk.headers['access-control-allow-origin'], '*');
  const front = await ask('/', { headers });
  assert.equal(front.headers['access-control-allow-origin'], undefined);
});

test('operators see that it lives and that it is ready', async () => {
  for (const path of ['/livez', '/readyz']) {
    const { status, headers } = await ask(path);
    assert.equal(status, 200, path);
    assert.match(headers['cache-control'] ?? '', /no-store|no-cache/, path);
  }
});

test('a WebSocket path tells a plain request what it is for', async () => {
  const answer = await ask('/ws');
  assert.ok([400, 426].includes(answer.status), `${answer.status}`);
  assert.match(utf8(answer), /websocket/i);
});
