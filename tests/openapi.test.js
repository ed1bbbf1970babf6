// The description of the API is one, says what the server does, and the server does nothing else: independent programs
// judge it. They are Python's, in a virtual environment of their own.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pathOf, startAdministered, TOKEN, WITH_TOKENS } from './harness/api.js';
import { http } from './harness/http.js';
import { joinNative } from './harness/native.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('./output/schemathesis', import.meta.url));
const python = `${folder}/bin/python`;
const PACKAGES = ['schemathesis==4.*', 'openapi-spec-validator==0.7.*'];
/** When a run makes no further requests. */
const MAX_SECONDS = '40';
/** For the whole of one run, on a machine that is busy with others. */
const RUN_TIMEOUT_MS = 150_000;
/** Where requests go that are not answered at once, or not as this API answers. */
const EVERY_METHOD = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'TRACE'];

let server;
let api;
let stop;
before(async () => {
  ({ server, api, stop } = await startAdministered({ args: WITH_TOKENS }));
  if (existsSync(`${folder}/ready-2`)) return;
  await run('python3', ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]);
  await run('touch', [`${folder}/ready-2`]);
}, { timeout: 240_000 });
after(() => stop());

const described = async () => JSON.parse((await http({ port: server.port, path: '/api/openapi.json' })).body);

test('everybody may read the description, and it is the one in the repository', async () => {
  const answer = await http({ port: server.port, path: '/api/openapi.json' });
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/json']);
  const again = await http({ port: server.port, path: '/api/openapi.json', headers: { 'If-None-Match': answer.headers.etag } });
  assert.equal(again.status, 304);
  assert.deepEqual(JSON.parse(answer.body), JSON.parse(await readFile(new URL('../docs/openapi.json', import.meta.url))));
});

test('it is a valid description', { timeout: 60_000 }, async () => {
  const file = `${folder}/openapi.json`;
  await writeFile(file, JSON.stringify(await described()));
  const { stdout } = await run(python, ['-m', 'openapi_spec_validator', file]);
  assert.match(stdout, /OK/);
});

test('what it lists is answered, and no other method is', async () => {
  const { paths } = await described();
  for (const [path, item] of Object.entries(paths)) {
    const address = path.replace('/api/v1', '').replace('{room}', 'nowhere').replace('{peer}', 'A'.repeat(22)).replace('{jti}', 'none');
    for (const method of EVERY_METHOD.filter((method) => method !== 'TRACE')) {
      const answer = await api.ask(method, address);
      const listed = method.toLowerCase() in item;
      assert.equal(answer.status !== 405, listed, `${method} ${path}: ${answer.status}`);
      if (listed) assert.ok(String(answer.status) in item[method.toLowerCase()].responses, `${method} ${path}: ${answer.status}`);
      else assert.deepEqual(answer.headers.get('allow').toLowerCase().split(',').filter((name) => name !== 'head').sort(), Object.keys(item).sort());
    }
  }
});

/**
 * Random requests by the description; each answer is held against it. What is deleted may be made again,
 * bans outlive their room, and a repeated key is answered as the first time although the room is gone by now.
 */
async function storm(name, { lines = [], args = [] }) {
  const config = `${folder}/${name}.toml`;
  await writeFile(config, [
    'request-timeout = 10.0',
    // Who asks for another version than the current one is told so, however well the request is formed.
    '[checks]',
    'positive_data_acceptance.expected-statuses = [200, 201, 204, 304, 401, 403, 404, 409, 412, 422]',
    // Without a condition nothing is changed.
    'missing_required_header.expected-statuses = [400, 401, 403, 422, 428]',
    ...lines,
  ].join('\n'));
  const command = ['--config-file', config, 'run', `${server.url}/api/openapi.json`, '--checks', 'all', '--exclude-checks', 'use_after_free,ensure_resource_availability', '--header', `Authorization: Bearer ${TOKEN}`,
    '--generation-deterministic', '--max-time', MAX_SECONDS, '--no-color', '--output-sanitize', 'false', ...args];
  const done = await run(`${folder}/bin/st`, command, { cwd: folder, timeout: RUN_TIMEOUT_MS, maxBuffer: 64 << 20 }).catch((error) => error);
  assert.equal(done.code ?? 0, 0, `${done.stdout}\n${done.stderr}`.slice(-12_000));
  const [, generated] = /Test cases:\s+(\d+) generated/.exec(done.stdout);
  return { generated: Number(generated) };
}

test('no request, however odd, gets an answer that is not described', { timeout: RUN_TIMEOUT_MS + 10_000 }, async () => {
  const { generated } = await storm('anything', { args: ['--max-examples', '15'] });
  assert.ok(generated > 200, `${generated} requests`);
  assert.ok(server.isAlive());
});

test('nor does one to a room that is there, with somebody in it', { timeout: RUN_TIMEOUT_MS + 10_000 }, async () => {
  const room = 'standup';
  const ada = await joinNative({ port: server.port, room, name: 'Ada' });
  const lines = ['[parameters]', `"path.room" = "${room}"`, `"path.peer" = "${ada.peer}"`, '"header.If-Match" = "*"'];
  const { generated } = await storm('somewhere', { lines, args: ['--max-examples', '15', '--exclude-method', 'DELETE', '--phases', 'examples,fuzzing'] });
  assert.ok(generated > 100, `${generated} requests`);
  assert.equal((await api.get(pathOf('rooms', room))).body.members, 1);
  ada.socket.destroy();
});
