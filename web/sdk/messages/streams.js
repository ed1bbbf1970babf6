// Numbered messages over paths that break: nothing lost, nothing twice, in order. No channels, no timers.
/** @import { Item } from '../internal.js' */

/** What a receiver may leave unacknowledged. Beyond it the app is told, instead of eating its memory. */
const MAX_UNACKED = 1024;
const MAX_UNACKED_BYTES = 4 * 1024 * 1024;
/** Of one sender: one for each start of its page that may still be on its way. */
const MAX_STREAMS = 4;

/** To one member: kept until acknowledged, sent again on each change of path. */
export class Outgoing {
  #instance;
  /** @type {{n: number, item: Item}[]} */ #unacked = [];
  #epoch = 1;
  #last = 0;
  #bytes = 0;
  /** Of the first in `unacked` that the present path has not seen. */
  #cursor = 0;

  /** @param {string} instance random, one for each start of the SDK */
  constructor(instance) {
    this.#instance = instance;
  }

  get unacked() { return this.#unacked.length; }

  /** @param {Item} item */
  hasRoomFor(item) { return this.unacked < MAX_UNACKED && this.#bytes + item.bytes <= MAX_UNACKED_BYTES; }

  /** @param {Item} item */
  push(item) {
    this.#unacked.push({ n: ++this.#last, item });
    this.#bytes += item.bytes;
  }

  /** @returns {{item: Item, position: [epoch: number, n: number]} | undefined} what is to be sent next */
  peek() {
    const next = this.#unacked[this.#cursor];
    return next && { item: next.item, position: [this.#epoch, next.n] };
  }

  /** What `peek` returned was sent. */
  advance() { this.#cursor += 1; }

  /** Everything unacknowledged is to be sent again. */
  rewind() { this.#cursor = 0; }

  /** The receiver started anew and knows no numbers: a new stream begins with the rest of the old one. */
  restart() {
    this.#epoch += 1;
    this.#unacked.forEach((message, index) => { message.n = index + 1; });
    this.#last = this.unacked;
    this.#cursor = 0;
  }

  /** @param {string} stream @param {number} n @returns {boolean} whether it was news */
  handleAck(stream, n) {
    if (stream !== streamName(this.#instance, this.#epoch) || n > this.#last) return false;
    const rest = this.#unacked.findIndex((message) => message.n > n);
    const done = this.#unacked.splice(0, rest < 0 ? this.unacked : rest);
    for (const { item } of done) this.#bytes -= item.bytes;
    this.#cursor = Math.max(0, this.#cursor - done.length);
    return done.length > 0;
  }
}

/** From one member: put in order, doubles dropped. */
export class Incoming {
  /** @type {Map<string, {last: number, early: Map<number, unknown>, owed: number}>} */ #streams = new Map();

  /** @param {string} name @param {number} n @param {unknown} data @returns {unknown[]} what is now to be delivered */
  handleMessage(name, n, data) {
    const stream = this.#stream(name);
    stream.owed += 1;
    if (n <= stream.last || n > stream.last + MAX_UNACKED) return [];
    stream.early.set(n, data);
    const ready = [];
    for (let next = stream.last + 1; stream.early.has(next); next += 1) {
      ready.push(stream.early.get(next));
      stream.early.delete(next);
      stream.last = next;
    }
    return ready;
  }

  /** Messages since the last acknowledgement. */
  get owed() { return Math.max(0, ...[...this.#streams.values()].map(({ owed }) => owed)); }

  /** @returns {[stream: string, n: number][]} */
  takeAcks() {
    const due = [...this.#streams].filter(([, { owed }]) => owed);
    for (const [, stream] of due) stream.owed = 0;
    return due.map(([name, { last }]) => [name, last]);
  }

  /** @param {string} name */
  #stream(name) {
    const stream = this.#streams.get(name) ?? { last: 0, early: new Map(), owed: 0 };
    this.#streams.set(name, stream);
    const [oldest = ''] = this.#streams.keys();
    if (this.#streams.size > MAX_STREAMS) this.#streams.delete(oldest);
    return stream;
  }
}

/** @param {string} instance @param {number} epoch */
export function streamName(instance, epoch) { return `${instance}.${epoch}`; }
