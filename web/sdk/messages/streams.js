// Numbered messages between two members over paths that break: nothing lost, nothing twice, in order. No channels, no timers.

/** What a peer may leave unacknowledged. Beyond it the app is told to slow down, instead of eating its memory. */
const MAX_UNACKED = 1024;
const MAX_UNACKED_BYTES = 4 * 1024 * 1024;
/** Streams of one sender: one for each start of its page that may still be on its way. */
const MAX_STREAMS = 4;

/** @typedef {{json: string, bytes: number}} Item one message, shared by all whom it is for */

/** What I send to one member. Retained until acknowledged, and sent again on each change of path. */
export class Outgoing {
  /** @type {{n: number, item: Item}[]} */ #unacked = [];
  #instance;
  #epoch = 1;
  #last = 0;
  #bytes = 0;
  /** Index in `unacked` of the first message that the present path has not seen. */
  #cursor = 0;

  /** @param {string} instance random, one for each start of the SDK */
  constructor(instance) {
    this.#instance = instance;
  }

  get unacked() { return this.#unacked.length; }

  /** @param {Item} item */
  hasRoomFor(item) {
    return this.#unacked.length < MAX_UNACKED && this.#bytes + item.bytes <= MAX_UNACKED_BYTES;
  }

  /** @param {Item} item */
  push(item) {
    this.#unacked.push({ n: ++this.#last, item });
    this.#bytes += item.bytes;
  }

  /** @returns {{item: Item, position: [epoch: number, n: number]} | null} what is to be sent next */
  peek() {
    const next = this.#unacked[this.#cursor];
    return next ? { item: next.item, position: [this.#epoch, next.n] } : null;
  }

  /** What `peek` returned was sent. */
  advance() { this.#cursor += 1; }

  /** Another path, or doubts about this one: everything unacknowledged is sent again. */
  rewind() { this.#cursor = 0; }

  /** The receiver started anew and knows no numbers: a new stream begins with what is left of the old one. */
  restart() {
    this.#epoch += 1;
    this.#unacked.forEach((message, index) => { message.n = index + 1; });
    this.#last = this.#unacked.length;
    this.#cursor = 0;
  }

  /** @param {string} stream @param {number} n @returns {boolean} whether it was news */
  handleAck(stream, n) {
    if (stream !== streamName(this.#instance, this.#epoch) || n > this.#last) return false;
    const before = this.#unacked.length;
    while (this.#unacked[0] && this.#unacked[0].n <= n) {
      this.#bytes -= this.#unacked.shift()?.item.bytes ?? 0;
    }
    const gone = before - this.#unacked.length;
    this.#cursor = Math.max(0, this.#cursor - gone);
    return gone > 0;
  }
}

/** What one member sends to me: put in order, doubles dropped. */
export class Incoming {
  /** @type {Map<string, {last: number, early: Map<number, unknown>, owed: number}>} */ #streams = new Map();

  /**
   * @param {string} name
   * @param {number} n
   * @param {unknown} data
   * @returns {unknown[]} what is now to be delivered, in order
   */
  handleMessage(name, n, data) {
    const stream = this.#stream(name);
    stream.owed += 1;
    if (n <= stream.last || n > stream.last + MAX_UNACKED) return [];
    stream.early.set(n, data);
    const ready = [];
    while (stream.early.has(stream.last + 1)) {
      stream.last += 1;
      ready.push(stream.early.get(stream.last));
      stream.early.delete(stream.last);
    }
    return ready;
  }

  /** How many messages came since the last acknowledgement. */
  get owed() {
    return Math.max(0, ...[...this.#streams.values()].map(({ owed }) => owed));
  }

  /** @returns {[stream: string, n: number][]} */
  takeAcks() {
    const due = [...this.#streams].filter(([, { owed }]) => owed > 0);
    for (const [, stream] of due) stream.owed = 0;
    return due.map(([name, { last }]) => [name, last]);
  }

  /** @param {string} name */
  #stream(name) {
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = { last: 0, early: new Map(), owed: 0 };
      this.#streams.set(name, stream);
      const [oldest] = this.#streams.keys();
      if (this.#streams.size > MAX_STREAMS && oldest !== undefined) this.#streams.delete(oldest);
    }
    return stream;
  }
}

/** @param {string} instance @param {number} epoch */
export function streamName(instance, epoch) {
  return `${instance}.${epoch}`;
}
