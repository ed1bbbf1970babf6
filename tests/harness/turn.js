// Programs and packets of STUN and TURN that nobody here wrote: coturn's own client and echo, and a Binding request by hand.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { endWithFile, within } from './cleanup.js';

const PATIENCE_MS = 60_000;

/** Each message has so many bytes: no multiple of four, so that wrong padding shows. */
const LENGTH = 170;

/**
 * Runs coturn's client to its end.
 * @returns {Promise<{ code: number, sent: number, received: number, output: string }>}
 */
export async function runUclient({ port, args, clients = 2, messages = 20, host = '127.0.0.1' }) {
  const load = ['-m', clients, '-n', messages, '-z', 5, '-l', LENGTH];
  const child = spawn('turnutils_uclient', [...load, ...args, '-p', port, host].map(String));
  const ended = endWithFile(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  // An end without its output, as of a program that is not there, is an error of its own.
  const [code] = await within(PATIENCE_MS, once(child, 'close'), `the end of turnutils_uclient ${args.join(' ')}`);
  ended();
  const counts = [...output.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1) ?? [];
  return { code, sent: Number(counts[1]), received: Number(counts[2]), output };
}

/** Coturn's echo, for peers that are not clients of the server. It is there when this returns. */
export async function startEcho({ host = '127.0.0.1' } = {}) {
  const port = await freeUdpPort(host);
  const child = spawn('turnutils_peer', ['-L', host, '-p', String(port)], { stdio: 'ignore' });
  const ended = endWithFile(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(0, host);
  await once(socket, 'listening');
  const answered = once(socket, 'message');
  const asking = setInterval(() => socket.send('are you there?', port, host), 50);
  await within(PATIENCE_MS, answered, 'an echo').finally(() => clearInterval(asking));
  socket.close();
  return { port, host, stop: () => (ended(), child.kill('SIGKILL')) };
}

async function freeUdpPort(host) {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

export const BINDING = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');

/** Whether this answers a Binding request: success, and the same transaction. */
export function isBindingSuccess(answer) {
  return answer.readUInt16BE(0) === 0x0101 && answer.subarray(4, 20).equals(BINDING.subarray(4, 20));
}

/** Sends datagrams to a port and returns the first answer and who gave it. */
export async function askByUdp({ port, host = '127.0.0.1', datagrams }) {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const answered = once(socket, 'message');
  for (const datagram of datagrams) socket.send(datagram, port, host);
  const [answer, from] = await within(5_000, answered, 'an answer by UDP').finally(() => socket.close());
  return { answer, from };
}
