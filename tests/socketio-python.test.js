// python-socketio, a client that nobody of Socket.IO wrote: in a virtual environment of its own.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer } from './harness/server.js';
import { join, next } from './harness/socketio.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('./output/python-socketio', import.meta.url));
const python = `${folder}/bin/python`;

let server;
before(async () => {
  server = await startServer();
  if (existsSync(`${folder}/ready`)) return;
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', 'python-socketio[client]==5.*']);
  await run('touch', [`${folder}/ready`]);
}, { timeout: 180_000 });
after(() => server.stop());

for (const transports of ['polling', 'websocket', 'polling,websocket']) {
  test(`python-socketio by ${transports} and socket.io-client hear each other`, { timeout: 60_000 }, async () => {
    const room = `python-${transports}`;
    const ada = await join(server.url, { room, name: 'Ada' });
    const script = fileURLToPath(new URL('./harness/python_client.py', import.meta.url));
    const client = spawn(python, [script, server.url, transports, room], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
    const heard = async () => JSON.parse((await lines.next()).value);

    const arrived = next(ada, 'user-joined', 20_000);
    const [kind, ok, id] = await heard();
    assert.deepEqual([kind, ok], ['joined', true]);
    assert.deepEqual((await arrived).slice(0, 2), [id, 'Guido']);

    const echoed = next(ada, 'echoed');
    ada.emit('draw', { x: 1.5, label: 'é😀' }, Buffer.from([0, 127, 255]));
    assert.deepEqual(await heard(), ['draw', { x: 1.5, label: 'é😀' }, [0, 127, 255]]);
    const [shape, ink] = await echoed;
    assert.deepEqual([shape, Buffer.from(ink)], [{ x: 1.5, label: 'é😀' }, Buffer.from([0, 127, 255])]);

    const gone = ada.id;
    ada.close();
    assert.deepEqual(await heard(), ['left', gone]);
    const [code] = await once(client, 'exit');
    assert.equal(code, 0);
  });
}
