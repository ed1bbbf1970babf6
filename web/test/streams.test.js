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
    const out = new Outgoing('a');
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
  const out = new Outgoing('a');
  for (const number of [1, 2, 3]) out.push(item(number));
  assert.equal(out.handleAck(streamName('a', 1), 1), true);
  out.restart();
  /** @type {{name: string, n: number, json: string}[]} */
  const frames = [];
  flush(out, frames);
  assert.deepEqual(frames, [{ name: 'a.2', n: 1, json: '2' }, { name: 'a.2', n: 2, json: '3' }]);
  assert.equal(out.handleAck(streamName('a', 1), 3), false, 'an acknowledgement of the old stream says nothing');
});

test('what is retained is bounded in number and in bytes', () => {
  const out = new Outgoing('a');
  for (let number = 0; number < 1024; number += 1) out.push(item(number));
  assert.equal(out.hasRoomFor(item(0)), false);
  out.handleAck('a.1', 1);
  assert.equal(out.hasRoomFor(item(0)), true);
  assert.equal(out.hasRoomFor({ json: '', bytes: 5 * 1024 * 1024 }), false);
});

test('numbers far ahead of what a sender may have open are not kept', () => {
  const incoming = new Incoming();
  assert.deepEqual(incoming.handleMessage('a.1', 5_000, 'far'), []);
  assert.deepEqual(incoming.handleMessage('a.1', 1, 'first'), ['first']);
});

test('an acknowledgement names each stream once, with the last number in order', () => {
  const incoming = new Incoming();
  for (const n of [1, 2, 4]) incoming.handleMessage('a.1', n, n);
  assert.equal(incoming.owed, 3);
  assert.deepEqual(incoming.takeAcks(), [['a.1', 2]]);
  assert.deepEqual(incoming.takeAcks(), []);
});

/** @param {Outgoing} out @param {{name: string, n: number, json: string}[]} flying */
function flush(out, flying) {
  for (let next = out.peek(); next; next = out.peek()) {
    const [epoch, n] = next.position;
    flying.push({ name: streamName('a', epoch), n, json: next.item.json });
    out.advance();
  }
}
