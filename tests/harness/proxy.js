// A TCP proxy that breaks what passes through it, by plan or by a seeded chance.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { endWithFile } from './cleanup.js';

/** A small seeded generator of numbers in [0, 1), so that a failure can be had again (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function startProxy({ to }) {
  const proxy = new Proxy({ to });
  await proxy.listen();
  return proxy;
}

/** @typedef {{ toServer?: number, toClient?: number }} Cut after how many bytes in a direction a connection is reset */

class Proxy {
  #to;
  #listener;
  #links = new Set();
  #held = new Set();
  #cuts = [];
  #frozen = false;
  #refusing = false;

  constructor({ to }) {
    this.#to = to;
    this.#listener = createServer((client) => this.#accept(client));
    this.accepted = 0;
    this.broken = 0;
    endWithFile(() => this.#end());
  }

  async listen() {
    this.#listener.listen(0, 'localhost');
    await once(this.#listener, 'listening');
    this.port = this.#listener.address().port;
    this.webSocketUrl = `ws://localhost:${this.port}/ws`;
  }

  async close() {
    const closed = once(this.#listener, 'close');
    this.#end();
    await closed;
  }

  #end() {
    this.#listener.close();
    this.killAll();
  }

  /** The next connection is reset after so many bytes; called several times: the one after it, and so on. */
  cutNext(/** @type {Cut} */ cut) {
    this.#cuts.push(cut);
  }

  get cutsLeft() {
    return this.#cuts.length;
  }

  /** Nothing passes any more, and nobody is told: a cable pulled out. Data waits for `thaw`, as TCP would send it again. */
  freeze() {
    this.#frozen = true;
    for (const link of this.#links) link.pause();
  }

  thaw() {
    this.#frozen = false;
    for (const link of this.#links) link.resume();
    for (const client of this.#held) this.#connect(client);
    this.#held.clear();
  }

  /** New connections are reset at once. */
  refuse(refusing) {
    this.#refusing = refusing;
  }

  killAll() {
    for (const link of this.#links) this.#kill(link);
    for (const client of this.#held) client.resetAndDestroy();
    this.#held.clear();
  }

  /** Resets each connection with this chance. */
  killSome(fraction, random) {
    for (const link of this.#links) if (random() < fraction) this.#kill(link);
  }

  get connections() {
    return this.#links.size;
  }

  #kill(link) {
    this.broken += 1;
    link.reset();
  }

  #accept(client) {
    client.on('error', () => {});
    if (this.#refusing) return client.resetAndDestroy();
    if (!this.#frozen) return this.#connect(client);
    client.pause();
    this.#held.add(client);
  }

  #connect(client) {
    this.accepted += 1;
    const server = connect({ port: this.#to, host: 'localhost', noDelay: true });
    client.setNoDelay(true);
    const link = new Link({ client, server, cut: this.#cuts.shift() ?? {} });
    this.#links.add(link);
    link.onBroken = () => (this.broken += 1);
    link.onEnd = () => this.#links.delete(link);
  }
}

class Link {
  #client;
  #server;
  #isPaused = false;
  #isCut = false;
  onBroken = () => {};
  onEnd = () => {};

  constructor({ client, server, cut }) {
    this.#client = client;
    this.#server = server;
    this.#forward(client, server, cut.toServer ?? Infinity);
    this.#forward(server, client, cut.toClient ?? Infinity);
  }

  #forward(from, to, limit) {
    let left = limit;
    from.on('error', () => {});
    from.on('data', (bytes) => {
      const passed = bytes.subarray(0, Math.min(left, bytes.length));
      left -= passed.length;
      if (passed.length > 0 && !to.write(passed)) from.pause();
      if (left === 0) this.#cut(to);
    });
    to.on('drain', () => this.#isPaused || from.resume());
    from.on('end', () => to.end());
    from.on('close', () => {
      to.destroy();
      this.onEnd();
    });
  }

  /** What passed before the cut arrives; then both ends see a broken connection. */
  #cut(receiver) {
    if (this.#isCut) return;
    this.#isCut = true;
    this.onBroken();
    receiver.end(() => this.reset());
  }

  pause() {
    this.#isPaused = true;
    this.#client.pause();
    this.#server.pause();
  }

  resume() {
    this.#isPaused = false;
    this.#client.resume();
    this.#server.resume();
  }

  reset() {
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }
}
