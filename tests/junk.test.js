// 10,000 pieces of junk per second from one address, while two people at another address are in a call: each kind beside
// the same call without it, in one run.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endWithFile } from './harness/cleanup.js';
import { SERVER_ADDRESS, startNetwork } from './harness/network.js';
import { binary, environment } from './harness/server.js';

const PORTS = { plain: 8080, tls: 8443 };
const RATE = 10_000;
const SECONDS = 6;
const CALM_MS = 4_000;
/** Attacker, server and callers share this machine: only who waits in line behind the junk waits longer than this. */
const SLOWDOWN = 20;
const NOISE_MS = 250;

let network;
let folder;
const servers = {};
const calls = {};
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parlor-junk-'));
  network = await startNetwork({ clients: ['accept', 'accept'], serverPort: `{ ${Object.values(PORTS).join(', ')} }` });
  for (const [how, port] of Object.entries(PORTS)) {
    const tls = how === 'tls' ? ['--tls-self-signed', '--state-dir', folder] : [];
    servers[how] = await network.server.start(binary, '--listen', `${SERVER_ADDRESS}:${port}`, '--open-rooms', '--drain-timeout', '0s', ...tls);
    await servers[how].says('relay at');
    calls[how] = await startCall(network.clients[1], `${how === 'tls' ? 'wss' : 'ws'}://${SERVER_ADDRESS}:${port}/ws`);
  }
});
after(async () => {
  for (const how of Object.keys(PORTS)) {
    await calls[how]?.stop();
    assert.equal(await servers[how]?.stop(), 0, 'the server has stood all of it');
  }
  await network?.close();
  await rm(folder, { recursive: true, force: true });
});

const KINDS = {
  'requests over HTTP': { kind: 'http', how: 'plain' },
  'connections that become WebSockets and say what is no frame': { kind: 'frames', how: 'plain' },
  'datagrams that want a relayed address': { kind: 'stun', how: 'plain' },
  'TLS handshakes that are never finished': { kind: 'tls', how: 'tls' },
};

for (const [what, { kind, how }] of Object.entries(KINDS)) {
  test(`${what}: people at another address go on talking`, { timeout: 60_000 }, async (t) => {
    const call = calls[how];
    const calm = await call.during(() => new Promise((resolve) => setTimeout(resolve, CALM_MS)));
    let junk;
    const seen = await call.during(async () => { junk = await sendJunk({ kind, port: PORTS[how] }); });
    const shown = ({ count, p50, p99, max, freezes }) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms, ${freezes} freezes of ${count}`;
    t.diagnostic(`${Math.round(junk.perSecond)} per second, ${junk.cut} cut; call: ${shown(seen)}; without: ${shown(calm)}`);
    assert.ok(junk.perSecond > RATE / 4, 'the junk was much');
    assert.ok(seen.count > (SECONDS * 1_000) / NOISE_MS, 'the call was one');
    assert.ok(seen.p99 < Math.max(calm.p99 * SLOWDOWN, NOISE_MS), `a word takes ${seen.p99} ms`);
    assert.ok(seen.freezes <= calm.freezes, 'nobody stands still');
  });
}

test('who floods is held back, and others at the same time are not', { timeout: 60_000 }, async (t) => {
  const flooding = sendJunk({ kind: 'http', port: PORTS.plain });
  const statuses = {};
  const deadline = Date.now() + (SECONDS * 1_000) / 2;
  while (Date.now() < deadline) {
    for (const [index, client] of network.clients.entries()) {
      const { stdout } = await client.run('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '5', `http://${SERVER_ADDRESS}:${PORTS.plain}/livez`).catch(({ code }) => ({ stdout: `curl ${code}` }));
      ((statuses[index] ??= {})[stdout] ??= []).push(1);
    }
  }
  const { cut } = await flooding;
  const shown = Object.values(statuses).map((by) => Object.entries(by).map(([status, all]) => `${all.length} × ${status}`).join(', '));
  t.diagnostic(`${cut} connections of the flood were cut; at its address: ${shown[0]}; at another: ${shown[1]}`);
  assert.ok(cut > 1_000, 'the flood is held back');
  assert.deepEqual(Object.keys(statuses[1]), ['200'], 'nobody else is');
});

async function sendJunk({ kind, port }) {
  const args = ['loadtest', 'junk', `${SERVER_ADDRESS}:${port}`, '--kind', kind, '--rate', RATE, '--seconds', SECONDS, '--json'];
  // The attacker's own work is not to take the processor from those who are attacked.
  const { stdout } = await network.clients[0].run('nice', '-n', '10', binary, ...args.map(String));
  return JSON.parse(stdout);
}

async function startCall(host, url) {
  const script = fileURLToPath(new URL('./harness/distant-call.js', import.meta.url));
  const child = spawn('ip', ['netns', 'exec', host.space, process.execPath, script, url], { env: environment(), stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = endWithFile(() => child.kill('SIGKILL'));
  const gone = once(child, 'exit').finally(ended);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await Promise.race([lines.next(), gone.then(() => ({ done: true }))]);
    assert.ok(!done, 'the call has ended');
    return JSON.parse(value);
  };
  const ask = async () => {
    child.stdin.write('\n');
    return next();
  };
  assert.equal(await next(), 'ready');
  return {
    async during(meanwhile) {
      await ask();
      await meanwhile();
      return ask();
    },
    async stop() {
      child.stdin.end('stop\n');
      await gone;
    },
  };
}
