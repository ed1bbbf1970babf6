// What is in deploy/ fits the program: its settings exist, its times fit each other, its ports and signals are right.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { renderChart } from './harness/chart.js';
import { binary, freePort, runParlor, startServer } from './harness/server.js';

const run = promisify(execFile);
const deploy = new URL('../deploy/', import.meta.url);
const read = (path) => readFile(new URL(path, deploy), 'utf8');

let folder;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'parlor-deploy-')); });
after(() => rm(folder, { recursive: true, force: true }));

/** What is in force with these variables; fails if there is a mistake in them. */
async function settings(env, args = []) {
  const exit = await runParlor([...args, '--check-config'], { env });
  assert.equal(exit.code, 0, exit.stderr);
  const value = (section, key) => new RegExp(`^${key} = "?([^"\n]*?)"?(?:  #.*)?$`, 'm').exec(exit.stdout.split(`[${section}]`)[1])[1];
  const [drain, grace] = [seconds(value('drain', 'timeout')), seconds(value('limits', 'shutdown_grace'))];
  return { drain, grace, text: exit.stdout };
}

function seconds(text) {
  const [, number, unit] = /^(\d+)(ms|s|m|h)?$/.exec(text);
  return Number(number) * { ms: 0.001, s: 1, m: 60, h: 3_600 }[unit ?? 's'];
}

/** One second is for clients that poll. */
const assertTimeEnough = (given, { drain, grace }) => assert.ok(given > drain + 1 + grace, `${given} s for ${drain} s and ${grace} s`);

/** Directives of a unit, each with all its values. */
function unitOf(text) {
  const unit = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name) (unit[name] ??= []).push(value);
  }
  return unit;
}

test('the systemd unit starts, reloads and drains the program, and gives it the time for it', async () => {
  const unit = unitOf(await read('systemd/parlor.service'));
  assert.deepEqual(unit.ExecReload, ['/bin/kill -HUP $MAINPID']);
  assert.deepEqual(unit.KillSignal, ['SIGTERM']);
  for (const command of [...unit.ExecStart, ...unit.ExecStartPre]) {
    const [program, ...args] = command.split(' ');
    assert.equal(program, '/usr/local/bin/parlor');
    const config = join(folder, 'parlor.toml');
    await writeFile(config, 'domain = "meet.example.org"\nopen_rooms = true\n');
    const exit = await runParlor([...args.map((arg) => (arg === '/etc/parlor.toml' ? config : arg)), ...(args.includes('--check-config') ? [] : ['--check-config'])]);
    assert.equal(exit.code, 0, exit.stderr);
  }
  assertTimeEnough(seconds(`${unit.TimeoutStopSec[0]}s`), await settings({}));
  const wrong = await runParlor(['--log', 'loud']);
  assert.deepEqual(unit.RestartPreventExitStatus, [String(wrong.code)]);
});

test('systemd finds nothing wrong with the unit, and little that could be closed further', async (t) => {
  const found = await run('systemd-analyze', ['--version']).catch(() => null);
  if (!found) return t.diagnostic('systemd is not on this machine');
  const path = join(folder, 'parlor.service');
  const program = join(folder, 'parlor');
  await copyFile(binary, program);
  await writeFile(path, (await read('systemd/parlor.service')).replaceAll('/usr/local/bin/parlor', program));
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', path]);
  assert.equal(stderr.split('\n').filter((line) => line.includes('parlor.service')).join('\n'), '');
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', path]).catch((failed) => failed);
  const [, exposure] = /Overall exposure level for parlor\.service: ([\d.]+)/.exec(stdout);
  t.diagnostic(`exposure ${exposure} of 10`);
  assert.ok(Number(exposure) < 2.5, stdout);
});

test('the image runs the program under nobody\'s name, with settings that exist, and asks it whether it is well', async () => {
  const text = (await read('docker/Dockerfile')).replaceAll('\\\n', ' ');
  const lines = text.split('\n').filter((line) => /^[A-Z]+ /.test(line)).map((line) => line.split(/\s+(.*)/s));
  const of = (name) => lines.filter(([found]) => found === name).map(([, rest]) => rest);
  const env = Object.fromEntries(of('ENV')[0].trim().split(/\s+/).map((pair) => pair.split(/=(.*)/s)));
  assert.match((await settings({ ...env, PARLOR_OPEN_ROOMS: 'true' })).text, /state_dir = "\/state"/);
  assert.deepEqual(of('USER'), ['65532:65532']);
  assert.deepEqual(of('STOPSIGNAL'), ['SIGTERM']);
  const [, port] = /:(\d+)/.exec(env.PARLOR_LISTEN);
  assert.deepEqual(of('EXPOSE'), [`${port}/tcp ${port}/udp`]);
  assertTimeEnough(10, await settings({}));
  const health = JSON.parse(/CMD (\[.*\])/.exec(of('HEALTHCHECK')[0])[1]);
  assert.deepEqual(health, ['/parlor', 'health']);
});

test('the program tells by itself whether it is well', async () => {
  const port = await freePort();
  const env = { PARLOR_LISTEN: `0.0.0.0:${port}`, PARLOR_OPEN_ROOMS: 'true' };
  const ask = async (...more) => (await runParlor(['health', ...more], { env })).code;
  assert.equal(await ask(), 1, 'nobody is there');
  const server = await startServer({ port, args: ['--open-rooms'], env: { PARLOR_DRAIN_TIMEOUT: '1h' } });
  assert.deepEqual([await ask(), await ask('--live')], [0, 0]);
  await server.kill();
  assert.equal((await runParlor(['health', '--nonsense'], { env })).code, 2);
});

test('the compose file gives the image settings that exist, one port and enough time', async () => {
  const { services: { parlor } } = parse(await read('docker/compose.yaml'));
  const filled = Object.fromEntries(Object.entries(parlor.environment).map(([name, value]) =>
    [name, value.replace(/^\$\{PARLOR_DOMAIN:.*\}$/, 'meet.example.org').replace(/^\$\{PARLOR_EXTERNAL_ADDRESSES:.*\}$/, '203.0.113.7')]));
  const given = await settings({ ...filled, PARLOR_STATE_DIR: '/state' });
  assertTimeEnough(seconds(parlor.stop_grace_period), given);
  const [, port] = /:(\d+)/.exec(filled.PARLOR_LISTEN);
  assert.deepEqual(parlor.ports, [`${port}:${port}/tcp`, `${port}:${port}/udp`]);
  assert.deepEqual([parlor.cap_drop, parlor.read_only, parlor.volumes], [['ALL'], true, ['state:/state']]);
  await readFile(new URL(`docker/${parlor.build.context}/${parlor.build.dockerfile}`, deploy));
});

test('the chart renders to a deployment of one, whose settings exist and whose times fit', async () => {
  const chart = new URL('helm/parlor/', deploy);
  const { ConfigMap, Deployment, Service } = await renderChart(chart, { release: 'meet' });
  const given = await settings(ConfigMap.data);
  const { spec } = Deployment.spec.template;
  const [container] = spec.containers;
  assert.deepEqual([Deployment.spec.replicas, Deployment.spec.strategy.type], [1, 'Recreate']);
  assertTimeEnough(spec.terminationGracePeriodSeconds, given);
  assert.deepEqual(container.envFrom, [{ configMapRef: { name: ConfigMap.metadata.name } }]);
  assert.deepEqual(Deployment.spec.selector.matchLabels, Deployment.spec.template.metadata.labels);
  assert.deepEqual(Service.spec.selector, Deployment.spec.selector.matchLabels);
  const ports = container.ports.map(({ containerPort, protocol }) => [containerPort, protocol]);
  assert.deepEqual(Service.spec.ports.map(({ port, protocol }) => [port, protocol]), ports);
  assert.ok(ConfigMap.data.PARLOR_LISTEN.includes(`:${ports[0][0]}`));
  assert.deepEqual(container.readinessProbe.exec.command, ['/parlor', 'health']);
  assert.equal(container.securityContext.readOnlyRootFilesystem && spec.securityContext.runAsNonRoot, true);
});

test('the chart takes a certificate from a secret, and settings too', async () => {
  const chart = new URL('helm/parlor/', deploy);
  const values = { tls: { secretName: 'meet-tls' }, settingsFrom: ['one', 'two'], service: { annotations: { a: 'b' } } };
  const { ConfigMap, Deployment, Service } = await renderChart(chart, { release: 'meet', values });
  const { spec } = Deployment.spec.template;
  assert.equal(ConfigMap.data.PARLOR_TLS_CERTIFICATE, '/tls/tls.crt');
  assert.deepEqual(spec.volumes.map(({ name }) => name), ['state', 'tls']);
  assert.deepEqual(spec.containers[0].volumeMounts.map(({ mountPath }) => mountPath), ['/state', '/tls']);
  assert.deepEqual(spec.containers[0].envFrom.slice(1).map(({ secretRef }) => secretRef.name), ['one', 'two']);
  assert.deepEqual(Service.metadata.annotations, { a: 'b' });
});
