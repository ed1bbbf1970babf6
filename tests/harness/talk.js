// Members who talk all the time, by the native protocol and by Socket.IO, and write down what was acknowledged and what
// they heard: for what happens when the server goes away under them.

import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { endWithFile } from './cleanup.js';

/** Fast enough that something is always on its way. */
const PAUSE_MS = 5;
const ANSWER_TIMEOUT_MS = 5_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Says numbers in the chat without waiting for the answers, until its connection is closed. */
export class NativeTalker {
  joined = false;
  peer = '';
  acknowledged = [];
  refused = [];
  /** By peer, in the order of coming. */
  heard = {};
  leaving = null;
  closed = null;
  #socket;
  #said = 0;

  constructor({ port, room, name }) {
    this.name = name;
    this.#socket = new WebSocket(`ws://localhost:${port}/ws`);
    this.ended = new Promise((resolve) => {
      this.#socket.on('close', (code, reason) => {
        this.closed = { code, reason: String(reason) };
        resolve();
      });
    });
    this.#socket.on('error', () => {});
    this.#socket.on('message', (text) => this.#hear(JSON.parse(String(text))));
    this.#socket.once('open', () => this.#send({ type: 'join', id: 1, protocol: 1, room, name }));
    endWithFile(() => this.#socket.terminate());
  }

  async talk() {
    while (!this.closed) {
      this.#said += 1;
      this.#send({ type: 'chat', id: this.#said + 1, text: String(this.#said) });
      await pause(PAUSE_MS);
    }
  }

  #send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #hear(message) {
    switch (message.type) {
      case 'joined': [this.joined, this.peer] = [true, message.peer]; break;
      case 'ok': this.acknowledged.push(message.id - 1); break;
      case 'error': this.refused.push(message); break;
      case 'going-away': this.leaving = message; break;
      case 'chat': (this.heard[message.from] ??= []).push(Number(message.text)); break;
    }
  }
}

/** Says numbers, each until it is acknowledged; comes back by itself as the client of Socket.IO does. */
export class SocketIoTalker {
  heard = {};
  said = 0;
  connects = 0;
  recoveries = 0;
  #socket;
  #joined = false;
  #talking = true;

  constructor({ url, room, name, transports }) {
    this.name = name;
    this.#socket = io(url, { forceNew: true, transports, reconnectionDelay: 100, reconnectionDelayMax: 500 });
    this.#socket.on('connect', () => this.#enter(room));
    this.#socket.on('disconnect', () => { this.#joined = false; });
    this.#socket.on('say', ({ by, n }) => (this.heard[by] ??= []).push(n));
    endWithFile(() => this.#socket.close());
  }

  get joined() { return this.#joined; }

  async talk() {
    while (this.#talking) {
      if (this.#joined && await this.#say(this.said)) this.said += 1;
      await pause(PAUSE_MS);
    }
  }

  hush() { this.#talking = false; }

  async #enter(room) {
    this.connects += 1;
    if (this.#socket.recovered) this.recoveries += 1;
    const answer = await this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck('join-room', room, this.name).catch(() => null);
    if (answer?.ok) this.#joined = true;
    // The old server begins no new rooms any more: the next one does.
    else if (answer?.code === 'draining') setTimeout(() => this.#enter(room), ANSWER_TIMEOUT_MS / 10);
  }

  async #say(n) {
    const answer = await this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck('say', { by: this.name, n }).catch(() => null);
    return answer?.ok === true;
  }
}
