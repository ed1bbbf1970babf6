// TLS from the client's side: what a handshake shows, how long it takes, and a question over it.

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { within } from './cleanup.js';

const ANSWER_TIMEOUT_MS = 10_000;

/** An open TLS connection; the certificate is looked at, not verified. */
export async function shakeHands({ port, name = 'localhost', protocols = ['http/1.1'] }) {
  const socket = connect({ port, host: '127.0.0.1', servername: name, ALPNProtocols: protocols, rejectUnauthorized: false });
  const failed = once(socket, 'close').then(() => Promise.reject(new Error('the handshake failed')));
  failed.catch(() => {});
  const done = once(socket, 'secureConnect');
  await within(ANSWER_TIMEOUT_MS, Promise.race([done, failed]), 'the handshake');
  socket.on('error', () => {});
  return socket;
}

export async function fingerprint(options) {
  const socket = await shakeHands(options);
  const { fingerprint256 } = socket.getPeerX509Certificate();
  socket.destroy();
  return fingerprint256;
}

export async function handshakeMs(options) {
  const started = performance.now();
  (await shakeHands(options)).destroy();
  return performance.now() - started;
}

/** One question over an open connection, which stays open. */
export async function ask(socket, path) {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [answer] = await within(ANSWER_TIMEOUT_MS, once(socket, 'data'), 'the answer');
  return answer.toString('latin1');
}

/** A question of somebody who verifies the certificate. */
export function https({ port, path = '/', name, ca, headers = {} }) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', path, servername: name, ca, agent: false, headers: { Host: `${name}:${port}`, ...headers } });
    outgoing.setTimeout(ANSWER_TIMEOUT_MS, () => outgoing.destroy(new Error(`${path} got no answer`)));
    outgoing.on('error', reject);
    outgoing.on('response', async (answer) => {
      const chunks = [];
      for await (const chunk of answer) chunks.push(chunk);
      resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString() });
    });
    outgoing.end();
  });
}

/** The same over HTTP/2, as many paths at once as there are. */
export async function http2({ paths, ...options }) {
  const session = openHttp2(options);
  const answers = await within(ANSWER_TIMEOUT_MS, Promise.all(paths.map((path) => stream(session, path))), 'the answers');
  const { alpnProtocol } = session;
  session.close();
  return { answers, alpnProtocol };
}

/** A connection for many requests; without `ca` the certificate is not verified. */
export function openHttp2({ port, name = 'localhost', ca }) {
  const createConnection = () => connect({ port, host: '127.0.0.1', servername: name, ca, ALPNProtocols: ['h2'], rejectUnauthorized: ca !== undefined });
  const session = connectHttp2(`https://${name}:${port}`, { createConnection });
  session.on('error', () => {});
  return session;
}

async function stream(session, path) {
  const asking = session.request({ ':path': path });
  const [headers] = await once(asking, 'response');
  let length = 0;
  for await (const chunk of asking) length += chunk.length;
  return { status: headers[':status'], headers, length };
}
