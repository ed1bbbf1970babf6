// App messages: numbered, so that over paths that break nothing is lost, nothing comes twice or out of order; and how they are written,
// on a data channel and through the server alike. No channels, no timers.

import { ParlorError } from '../errors.js';
/** @import { Content, Item } from '../internal.js' */

/** What a receiver may leave unacknowledged. Beyond it the app is told, instead of eating its memory. */
const MAX_UNACKED = 1024;
const MAX_UNACKED_BYTES = 4 * 1024 * 1024;
/** Of one sender: one for each start of its page that may still be on its way. */
const MAX_STREAMS = 4;
/** The server takes 64 KiB; the envelope needs some of it. */
const MAX_DATA = 64 * 1024;
const MAX_BYTES = 63 * 1024;
const MAX_TARGETS = 64;
/** `"<22 characters>":["<22 characters>",<n>],` */
const BYTES_PER_TARGET = 64;
/** The server takes 64 levels. */
const MAX_DEPTH = 60;

/** To one member: kept until acknowledged, sent again on each change of path. */
export class Outgoing {
  #instance;
  #receiver;
  /** @type {{n: number, item: Item}[]} */ #unacked = [];
  #last = 0;
  #bytes = 0;
  /** Of the first in `unacked` that the present path has not seen. */
  #cursor = 0;

  /** @param {string} instance random, one for each start of the SDK @param {string} receiver theirs */
  constructor(instance, receiver) {
    this.#instance = instance;
    this.#receiver = receiver;
  }

  get unacked() { return this.#unacked.length; }

  /** @param {Item} item */
  hasRoomFor(item) { return this.unacked < MAX_UNACKED && this.#bytes + item.bytes <= MAX_UNACKED_BYTES; }

  /** @param {Item} item */
  push(item) {
    this.#unacked.push({ n: ++this.#last, item });
    this.#bytes += item.bytes;
  }

  /** @returns {{item: Item, position: [receiver: string, n: number]} | undefined} what is to be sent next */
  peek() {
    const next = this.#unacked[this.#cursor];
    return next && { item: next.item, position: [this.#receiver, next.n] };
  }

  /** What `peek` returned was sent. */
  advance() { this.#cursor += 1; }

  /** Everything unacknowledged is to be sent again. */
  rewind() { this.#cursor = 0; }

  /** Another start of theirs has none of it, and knows no numbers: a new stream begins with the rest of the old one. @param {string} receiver */
  readdress(receiver) {
    if (receiver === this.#receiver) return;
    this.#receiver = receiver;
    this.#unacked.forEach((message, index) => { message.n = index + 1; });
    this.#last = this.unacked;
    this.#cursor = 0;
  }

  /** @param {string} stream @param {number} n @returns {boolean} whether it was news */
  handleAck(stream, n) {
    if (stream !== streamName(this.#instance, this.#receiver) || n > this.#last) return false;
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

/** From one start of the SDK to one start of another: numbers mean nothing to a third. @param {string} instance @param {string} receiver */
export function streamName(instance, receiver) { return `${instance}.${receiver}`; }

/** @param {unknown} data @returns {Item} */
export function itemOf(data) {
  const json = encode(data);
  const bytes = new TextEncoder().encode(json).length;
  if (bytes > MAX_BYTES || depthOf(json) > MAX_DEPTH) throw new ParlorError('too-large');
  return { json, bytes };
}

/** How many members one frame through the server can address. @param {Item} item */
export function targetsPerFrame({ bytes }) {
  return Math.min(MAX_TARGETS, Math.floor((MAX_DATA - bytes - 100) / BYTES_PER_TARGET));
}

/** @param {string} instance @param {[string, number]} position @param {Item} item */
export function channelText(instance, position, { json }) {
  return `{"parlor":1,"s":"${instance}","m":${JSON.stringify(position)},"d":${json}}`;
}

/** @param {string} instance @param {Record<string, [string, number]>} targets @param {Item} item */
export const serverData = (instance, targets, { json }) => ({ parlor: 1, s: instance, t: targets, d: JSON.parse(json) });
/** @param {Item} item */
export const volatileData = ({ json }) => ({ parlor: 1, v: JSON.parse(json) });
/** @param {[string, number][]} acks */
export const ackData = (acks) => ({ parlor: 1, a: acks });

/** It may come from anybody. @param {any} data @param {string} me my id @param {string} instance @returns {Content} */
export function read(data, me, instance) {
  if (data?.parlor !== 1) return { kind: 'plain', data };
  if ('v' in data) return { kind: 'volatile', data: data.v };
  if ('d' in data && isToken(data.s)) {
    const position = data.m ?? (data.t && Object.hasOwn(data.t, me) ? data.t[me] : null);
    // The page that was here before has what was sent to it, or its sender will send it again.
    if (!isNumbered(position) || position[0] !== instance) return { kind: 'other' };
    return { kind: 'message', stream: streamName(data.s, instance), n: position[1], data: data.d };
  }
  if (Array.isArray(data.a)) return { kind: 'ack', acks: data.a.filter(isNumbered) };
  if (Array.isArray(data.rejoined) && data.rejoined.every(isToken)) {
    return { kind: 'rejoined', id: data.rejoined[0], challenge: data.rejoined[1] };
  }
  return isToken(data.proof) ? { kind: 'proof', challenge: data.proof } : { kind: 'other' };
}

/** @param {unknown} data */
function encode(data) {
  let cause;
  try {
    const json = JSON.stringify(data);
    if (json) return json;
  } catch (error) {
    cause = error;
  }
  throw new ParlorError('bad-argument', { message: 'The data is not JSON', cause });
}

/** @param {string} json */
function depthOf(json) {
  let [depth, deepest] = [0, 0];
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth);
    else if (token === ']' || token === '}') depth -= 1;
  }
  return deepest;
}

/** @param {any} value @returns {value is [string, number]} */
function isNumbered(value) { return Array.isArray(value) && isToken(value[0]) && Number.isSafeInteger(value[1]) && value[1] >= 0; }

/** @param {any} value @returns {value is string} */
function isToken(value) { return typeof value === 'string' && value.length <= 128; }
