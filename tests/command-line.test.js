// The program as a person at a terminal, or a service manager, meets it: flags, configuration, mistakes, stopping.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { joinNative, NativeMember } from './harness/native.js';
import { freePort, runParlor, startServer } from './harness/server.js';
import { openSocket } from './harness/ws.js';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlor-config-'));
});
after(() => rm(folder, { recursive: true }));

async function configFile(text) {
  const path = join(folder, 'parlor.toml');
  await writeFile(path, text);
  return path;
}

/** A mistake of the user is told in words, not as a crash. */
function assertRefused({ code, signal, stderr }, ...said) {
  assert.equal(signal, null);
  assert.ok(code !== 0 && code !== null, `exit code ${code}`);
  assert.notEqual(code, 101, 'a panic');
  assert.doesNotMatch(stderr, /panicked|backtrace|RUST_BACKTRACE/i);
  for (const words of said) assert.match(stderr, words);
}

test('a port in use is one clear line', async () => {
  const server = await startServer();
  const second = await runParlor(['--listen', `localhost:${server.port}`]);
  assertRefused(second, new RegExp(`${server.port}`), /in use/i);
  assert.equal(second.stderr.trim().split('\n').length, 1, second.stderr);
  assert.ok(server.isAlive());
  await server.stop();
});

test('an unknown flag is refused, and the one that was meant is named', async () => {
  assertRefused(await runParlor(['--lisen', 'localhost:1']), /--lisen/, /--listen/);
});

test('--help and --version answer and succeed', async () => {
  const help = await runParlor(['--help']);
  assert.equal(help.code, 0);
  for (const flag of ['--listen', '--config', '--check-config', '--open-rooms', '--allow-origin']) {
    assert.ok(help.stdout.includes(flag), flag);
  }
  const version = await runParlor(['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^parlor \d+\.\d+\.\d+/);
});

test('an unknown key in the file is refused, and the one that was meant is named', async () => {
  const config = await configFile('[limits]\nmax_room = 5\n');
  assertRefused(await runParlor(['--config', config]), /max_room\b/, /max_rooms/);
});

test('all mistakes are told at once, from every source', async () => {
  const config = await configFile('log_format = "loud"\n[limits]\nmax_members = "many"\nchat_bytes = -1\n');
  const env = { PARLOR_ROOMS_GRACE: 'soon' };
  const exit = await runParlor(['--config', config, '--limits-burst', 'x'], { env });
  assertRefused(exit, /log_format/, /max_members/, /chat_bytes/, /PARLOR_ROOMS_GRACE/, /--limits-burst/);
});

test('--check-config says whether the configuration is right, and starts nothing', async () => {
  const port = await freePort();
  const good = await configFile(`listen = ["localhost:${port}"]\n[rooms]\ngrace = "40s"\n`);
  assert.equal((await runParlor(['--config', good, '--check-config'])).code, 0);
  const bad = await configFile('listen = ["localhost:99999"]\n');
  assertRefused(await runParlor(['--config', bad, '--check-config']), /99999/);
});

test('flags win over variables, variables over the file', async () => {
  const config = await configFile('[limits]\nmax_members = 2\n');
  const server = await startServer({ args: ['--config', config], env: { PARLOR_LIMITS_MAX_MEMBERS: '3' } });
  const { port } = server;
  const answers = [];
  for (const name of ['Ada', 'Grace', 'Alan', 'Barbara']) {
    const member = new NativeMember(await openSocket({ port }));
    answers.push(await member.join({ room: 'small', name }));
  }
  assert.deepEqual(answers.map(({ type, code }) => code ?? type), ['joined', 'joined', 'joined', 'room-full']);
  await server.stop();
});

test('a file that is not there is named', async () => {
  assertRefused(await runParlor(['--config', join(folder, 'missing.toml')]), /missing\.toml/);
});

test('other machines are let in only when that is said, and the answer says how', async () => {
  const exit = await runParlor(['--listen', `0.0.0.0:${await freePort()}`]);
  assertRefused(exit, /--open-rooms/, /--listen/);
});

test('the first line on standard output is the address to open', async () => {
  const server = await startServer();
  assert.match(server.output, new RegExp(`http://localhost:${server.port}`));
  await server.stop();
});

test('SIGTERM tells every client that the server is stopping, and is a success', async () => {
  const server = await startServer();
  const { port } = server;
  const member = await joinNative({ port, room: 'standup', name: 'Ada' });
  const stranger = await openSocket({ port });
  const tutorial = await openSocket({ port, path: '/' });
  const exit = await server.stop();
  for (const socket of [member.socket, stranger, tutorial]) {
    assert.deepEqual(await socket.closed(), { code: 1001, reason: 'server-stopping' });
  }
  assert.deepEqual({ code: exit.code, signal: exit.signal }, { code: 0, signal: null });
});

test('SIGTERM does not wait for ever for a client that says nothing', async () => {
  const server = await startServer({ args: ['--limits-shutdown-grace', '1s'] });
  const member = await joinNative({ port: server.port, room: 'standup', name: 'Ada' });
  member.socket.pause();
  const { code, signal } = await server.stop();
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  member.socket.destroy();
});
