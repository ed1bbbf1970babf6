// Which pages may open a WebSocket: by handshakes with every Origin that a page, or somebody who imitates one, sends.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from './harness/server.js';
import { handshake } from './harness/ws.js';

const LET_IN = [
  'http://localhost',
  'http://localhost:3000',
  'https://localhost:8443',
  'http://LOCALHOST:5173',
  'http://127.0.0.1:8080',
  'http://127.0.0.1',
  'http://127.1.2.3:9000',
  'http://[::1]:8080',
  'https://[::1]',
  'http://app.localhost:8080',
  'file://',
  'null',
  undefined,
];

const TURNED_AWAY = [
  'https://evil.example',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'http://evil-localhost',
  'http://notlocalhost:8080',
  'http://localhost@evil.example',
  'http://localhost:80@evil.example',
  'http://evil.example#localhost',
  'http://evil.example/localhost',
  'http://evil.example?localhost',
  'http://[::2]',
  'http://[::1].evil.example',
  'http://[::ffff:8.8.8.8]',
  'http://128.0.0.1',
  'http://0.0.0.0:8080',
  'http://192.168.1.10:8080',
  'http://169.254.169.254',
  'chrome-extension://abcdefghijklmnop',
  'nullx',
  'localhost',
  'http://',
  '//localhost',
  'javascript:localhost',
];

/** Each door has its own route to the same check. */
const DOORS = ['/', '/ws'];

let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

const knock = (origin, path, port = server.port) => handshake({ port, path, headers: { Origin: origin } });

for (const path of DOORS) {
  test(`pages of this machine, local files and programs are let in at ${path}`, async () => {
    for (const origin of LET_IN) {
      const { status, socket } = await knock(origin, path);
      assert.equal(status, 101, `Origin: ${origin}`);
      socket.destroy();
    }
  });

  test(`every other page is turned away at ${path}, and told what to configure`, async () => {
    for (const origin of TURNED_AWAY) {
      const { status, body } = await knock(origin, path);
      assert.equal(status, 403, `Origin: ${origin}`);
      assert.match(body, /allow_origins/, `Origin: ${origin}`);
    }
  });
}

test('a configured origin is let in, its look-alikes are not', async () => {
  const open = await startServer({
    args: ['--allow-origin', 'https://meet.example.org', '--allow-origin', 'http://intranet.example:8000'],
  });
  const status = async (origin) => {
    const answer = await knock(origin, '/ws', open.port);
    answer.socket?.destroy();
    return answer.status;
  };
  assert.equal(await status('https://meet.example.org'), 101);
  assert.equal(await status('http://intranet.example:8000'), 101);
  assert.equal(await status('http://localhost:3000'), 101);
  for (const other of [
    'http://meet.example.org',
    'https://meet.example.org:8443',
    'https://meet.example.org.evil.example',
    'https://xmeet.example.org',
    'https://a.meet.example.org',
    'http://intranet.example',
    'http://intranet.example:8001',
  ]) {
    assert.equal(await status(other), 403, other);
  }
  await open.stop();
});

test('the answer to a forbidden origin does not repeat what it sent', async () => {
  const { body } = await knock('https://<script>alert(1)</script>.example', '/ws');
  assert.doesNotMatch(body, /<script>/);
});
