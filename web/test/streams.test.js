// App messages over two paths that lose, delay and double: exactly once, in order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Incoming, Outgoing, streamName } from '../sdk/messages/streams.js';
import { forSeeds, seeded } from './helpers.js';

/** @param {number} number */
const item = (number) => ({ json: String(number), bytes: 10 });

test('whatever breaks and however often the path changes, each message arrives once and in order', () => {
  forSeeds(300, (seed) => {
    const random = seeded(seed);
    const out = new Outgoing('a', 'b');
    const incoming = new Incoming();
    /** @type {{name: string, n: number, json: string}[]} */
    let flying = [];
    /** @type {[string, number][]} */
    let acks = [];
    /** @type {unknown[]} */
    const got = [];
    let sent = 0;
    const deliver = (/** @type {number} */ index) => {
      const [frame] = flying.splice(index, 1);
      if (frame) got.push(...incoming.handleMessage(frame.name, frame.n, Number(frame.json)));
    };
    const step = () => {
      const dice = random();
      if (dice < 0.3 && sent < 200) out.push(item(++sent));
      else if (dice < 0.6) flush(out, flying);
      else if (dice < 0.85) deliver(Math.floor(random() * flying.length)); // Two paths overtake each other.
      else if (dice < 0.9) acks.push(...incoming.takeAcks());
      else if (dice < 0.96) for (const [name, n] of acks.splice(0)) out.handleAck(name, n);
      else { // The path breaks: some of what was on it is lost, and the other one begins.
        flying = flying.filter(() => random() < 0.5);
        acks = acks.filter(() => random() < 0.5);
        out.rewind();
      }
    };
    for (let steps = 0; steps < 3000; steps += 1) step();
    out.rewind();
    flush(out, flying);
    while (flying.length) deliver(0);
    assert.deepEqual(got, Array.from({ length: sent }, (_, index) => index + 1));
  });
});

test('a receiver that started anew gets what it had not acknowledged, numbered from one', () => {
  const out = new Outgoing('a', 'b');
  for (const number of [1, 2, 3]) out.push(item(number));
  assert.equal(out.handleAck(streamName('a', 'b'), 1), true);
  out.readdress('c');
  /** @type {{name: string, n: number, json: string}[]} */
  const frames = [];
  flush(out, frames);
  assert.deepEqual(frames, [{ name: 'a.c', n: 1, json: '2' }, { name: 'a.c', n: 2, json: '3' }]);
  assert.equal(out.handleAck(streamName('a', 'b'), 3), false, 'an acknowledgement of the old stream says nothing');
});

test('a receiver that is the same page under another id or incarnation goes on counting', () => {
  const out = new Outgoing('a', 'b');
  const incoming = new Incoming();
  /** @type {{name: string, n: number, json: string}[]} */
  const frames = [];
  for (const number of [1, 2, 3]) out.push(item(number));
  flush(out, frames);
  out.rewind();
  out.readdress('b');
  out.push(item(4));
  flush(out, frames);
  assert.deepEqual(frames.map(({ n }) => n), [1, 2, 3, 1, 2, 3, 4]);
  assert.deepEqual(frames.flatMap(({ name, n, json }) => incoming.handleMessage(name, n, Number(json))), [1, 2, 3, 4]);
});

test('the receiver reloads while messages flow: each page gets each once and in order, the new one all that the old one did not acknowledge', () => {
  forSeeds(300, (seed) => {
    const random = seeded(seed);
    const talk = new Talk(random);
    for (let steps = 0; steps < 2000; steps += 1) talk.step();
    talk.finish();
    for (const { got, acknowledgedBefore } of talk.pages) {
      assert.deepEqual(got, got.map((_, index) => acknowledgedBefore + 1 + index));
    }
    const { got = [], acknowledgedBefore = 0 } = talk.pages.at(-1) ?? {};
    assert.equal(acknowledgedBefore + got.length, talk.sent);
  });
});

test('what is retained is bounded in number and in bytes', () => {
  const out = new Outgoing('a', 'b');
  for (let number = 0; number < 1024; number += 1) out.push(item(number));
  assert.equal(out.hasRoomFor(item(0)), false);
  out.handleAck('a.b', 1);
  assert.equal(out.hasRoomFor(item(0)), true);
  assert.equal(out.hasRoomFor({ json: '', bytes: 5 * 1024 * 1024 }), false);
});

test('numbers far ahead of what a sender may have open are not kept', () => {
  const incoming = new Incoming();
  assert.deepEqual(incoming.handleMessage('a.b', 5_000, 'far'), []);
  assert.deepEqual(incoming.handleMessage('a.b', 1, 'first'), ['first']);
});

test('an acknowledgement names each stream once, with the last number in order', () => {
  const incoming = new Incoming();
  for (const n of [1, 2, 4]) incoming.handleMessage('a.b', n, n);
  assert.equal(incoming.owed, 3);
  assert.deepEqual(incoming.takeAcks(), [['a.b', 2]]);
  assert.deepEqual(incoming.takeAcks(), []);
});

/** @param {Outgoing} out @param {{name: string, n: number, json: string}[]} flying */
function flush(out, flying) {
  for (let next = out.peek(); next; next = out.peek()) {
    const [receiver, n] = next.position;
    flying.push({ name: streamName('a', receiver), n, json: next.item.json });
    out.advance();
  }
}

/** One sender, and a receiver that now and then reloads or joins again; the news of it arrives some time later. */
class Talk {
  out = new Outgoing('a', 'page0');
  sent = 0;
  /** @type {{incoming: Incoming, got: number[], acknowledgedBefore: number}[]} */ pages = [];
  #acknowledged = 0;
  #addressed = 'page0';
  /** @type {{name: string, n: number, json: string}[]} */ #flying = [];
  /** @type {[string, number][]} */ #acks = [];
  /** @type {string[]} what the sender is yet to hear */ #news = [];

  /** @param {() => number} random */
  constructor(random) {
    this.random = random;
    this.#open();
  }

  step() {
    const dice = this.random();
    if (dice < 0.3) this.out.push(item(++this.sent));
    else if (dice < 0.55) flush(this.out, this.#flying);
    else if (dice < 0.8) this.#deliver(Math.floor(this.random() * this.#flying.length));
    else if (dice < 0.87) this.#acks.push(...this.#page.incoming.takeAcks());
    else if (dice < 0.95) this.#hearAcks();
    else if (dice < 0.975) this.#hearNews();
    else if (dice < 0.985) this.#reload();
    else this.#news.push(this.#name); // Its first `joined` was lost: another incarnation of this same page.
  }

  /** Until nothing is on its way any more. */
  finish() {
    while (this.#news.length) this.#hearNews();
    this.out.rewind();
    flush(this.out, this.#flying);
    while (this.#flying.length) this.#deliver(0);
  }

  get #page() { return this.pages.at(-1) ?? assert.fail('no page'); }
  get #name() { return `page${this.pages.length - 1}`; }

  #open() { this.pages.push({ incoming: new Incoming(), got: [], acknowledgedBefore: 0 }); }

  #reload() {
    this.#open();
    // What the connection of the old page had is lost or still on its way.
    this.#flying = this.#flying.filter(() => this.random() < 0.5);
    this.#news.push(this.#name);
  }

  #hearNews() {
    const receiver = this.#news.shift();
    if (!receiver) return;
    const page = this.pages[Number(receiver.slice('page'.length))];
    if (page && receiver !== this.#addressed) page.acknowledgedBefore = this.#acknowledged;
    this.#addressed = receiver;
    this.out.rewind();
    this.out.readdress(receiver);
  }

  #hearAcks() {
    for (const [name, n] of this.#acks.splice(0)) {
      const before = this.out.unacked;
      this.out.handleAck(name, n);
      this.#acknowledged += before - this.out.unacked;
    }
  }

  /** @param {number} index */
  #deliver(index) {
    const [frame] = this.#flying.splice(index, 1);
    if (frame?.name !== streamName('a', this.#name)) return;
    this.#page.got.push(.../** @type {number[]} */ (this.#page.incoming.handleMessage(frame.name, frame.n, Number(frame.json))));
  }
}
