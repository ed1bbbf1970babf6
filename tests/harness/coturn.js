// A TURN server that nobody here wrote, on loopback: coturn, as Debian has it (package `coturn`).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithFile } from './cleanup.js';
import { freePort } from './server.js';

const START_TIMEOUT_MS = 10_000;
const USER = { username: 'ada', credential: 'secret' };

/**
 * Starts one that answers on every port when this returns. `certificate`: for TLS; `peers`: whether it may send to loopback
 * addresses, its own among them.
 */
export async function startCoturn({ certificate = null, peers = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'coturn-'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const child = spawn('turnserver', [
    '-n', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`, '--lt-cred-mech',
    `--user=${USER.username}:${USER.credential}`, '--realm=test', '--no-cli', '--no-dtls', '--log-file=stdout',
    `--pidfile=${join(folder, 'pid')}`, `--userdb=${join(folder, 'db')}`, ...(peers ? ['--allow-loopback-peers'] : []),
    ...(certificate
      ? [`--tls-listening-port=${tlsPort}`, `--cert=${certificate.certificatePath}`, `--pkey=${certificate.keyPath}`]
      : ['--no-tls']),
  ], { stdio: 'ignore' });
  const exited = new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
  const end = () => {
    // Asked politely, it may wait for clients that are gone.
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const ended = endWithFile(end);
  await Promise.all((certificate ? [port, tlsPort] : [port]).map((each) => answers(each, exited)));
  return {
    user: `${USER.username}:${USER.credential}`,
    udp: `turn:127.0.0.1:${port}?transport=udp`,
    tcp: `turn:127.0.0.1:${port}?transport=tcp`,
    tls: `turns:127.0.0.1:${tlsPort}?transport=tcp`,
    /** As `GET /api/v1/ice-servers` has it. */
    iceServers: (...transports) => [
      { urls: [`stun:127.0.0.1:${port}`] },
      { urls: transports.map((transport) => `turn:127.0.0.1:${port}?transport=${transport}`), ...USER },
    ],
    async stop() {
      end();
      await exited;
      ended();
    },
  };
}

async function answers(port, exited) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let gone = false;
  exited.then(() => (gone = true));
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    const open = await Promise.race([
      once(socket, 'connect').then(() => true, () => false),
      exited.then(() => false),
    ]);
    socket.destroy();
    if (open) return;
    if (gone) throw new Error('turnserver has ended');
    if (Date.now() > deadline) throw new Error(`turnserver does not answer on port ${port}`);
  }
}
