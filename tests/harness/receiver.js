// Somebody who is told by webhooks what happens: takes it, refuses it, breaks off, keeps silent, goes away and comes back.

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { endWithFile } from './cleanup.js';
import { freePort } from './server.js';
import { eventually } from './wait.js';

export const SECRET = 'a secret of the tests, long enough';

/** What the documentation tells receivers to do: the body is the server's, and new. */
export function isSigned({ header, body, secret = SECRET, now = Date.now() / 1_000, toleranceSeconds = 300 }) {
  const parts = String(header).split(',').map((part) => part.split('='));
  const time = parts.find(([name]) => name === 't')?.[1];
  if (!time || Math.abs(now - Number(time)) > toleranceSeconds) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
  return parts.some(([name, value]) => name === 'v1' && value === expected);
}

export class Receiver {
  /** All that was asked for, also what was refused: `{ event, status, headers, body }`. */
  requests = [];
  /** What to answer: a status, `reset`, `silence`, or a number of milliseconds to wait for before 200. By event, if a function. */
  behaviour = 200;
  #server = null;
  #sockets = new Set();
  #tls;

  constructor(port, tls) {
    this.port = port;
    this.#tls = tls;
  }

  get url() {
    return `${this.#tls ? 'https' : 'http'}://localhost:${this.port}/hook`;
  }

  /** What was taken, in its order. */
  get events() {
    return this.requests.filter(({ status }) => status === 200).map(({ event }) => event);
  }

  /** Taken for the first time, in its order: what a receiver works with that knows repetitions by their id. */
  get news() {
    const seen = new Set();
    return this.events.filter(({ id }) => !seen.has(id) && seen.add(id));
  }

  async listen() {
    const handle = (request, response) => this.#handle(request, response);
    this.#server = this.#tls ? createTlsServer(this.#tls, handle) : createServer(handle);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.listen(this.port, 'localhost');
    await once(this.#server, 'listening');
    endWithFile(() => this.leave());
    return this;
  }

  /** Gone at once: whoever asks is refused by the system. */
  async leave() {
    if (!this.#server?.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  async #handle(request, response) {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    const event = JSON.parse(body.toString());
    const behaviour = typeof this.behaviour === 'function' ? this.behaviour(event) : this.behaviour;
    const { headers, method, url } = request;
    const seen = { event, headers, body, method, url, status: typeof behaviour === 'number' && behaviour < 600 ? behaviour : behaviour > 600 ? 200 : 0 };
    if (behaviour === 'reset') {
      this.requests.push(seen);
      return request.socket.resetAndDestroy();
    }
    if (behaviour === 'silence') return this.requests.push(seen);
    if (behaviour > 600) await new Promise((resolve) => setTimeout(resolve, behaviour));
    this.requests.push(seen);
    response.writeHead(seen.status, seen.status === 302 ? { Location: '/elsewhere' } : {}).end();
  }

  /** Waits for the first event that fits and was taken. */
  event(type, fits = () => true, timeoutMs) {
    return eventually(`the event ${type}`, () => this.events.find((event) => event.type === type && fits(event)), timeoutMs);
  }
}

export async function startReceiver({ tls } = {}) {
  return new Receiver(await freePort(), tls).listen();
}

/** Settings of a server that tells these receivers, and does not wait long to try again. */
export function toldBy(receivers, more = []) {
  const urls = receivers.flatMap(({ url }) => ['--webhooks-url', url]);
  return [...urls, '--webhooks-secret', SECRET, '--webhooks-first-retry', '50ms', '--webhooks-longest-retry', '200ms', ...more];
}

/** For each life of a room the numbers that were taken, each once. */
export function sequences(events) {
  const lives = new Map();
  for (const { room, sequence } of events.filter((event) => event.room)) lives.set(room.id, [...(lives.get(room.id) ?? []), sequence]);
  return lives;
}
