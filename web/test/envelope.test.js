// What is written for a member is read by them, and nothing that others write is taken for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as envelope from '../sdk/messages/streams.js';

test('a message reads the same from a data channel and from the server', () => {
  const item = envelope.itemOf({ parlor: 1, text: 'an app may use the same word' });
  const expected = { kind: 'message', stream: 'me.page', n: 7, data: { parlor: 1, text: 'an app may use the same word' } };
  assert.deepEqual(envelope.read(JSON.parse(envelope.channelText('me', ['page', 7], item)), 'you', 'page'), expected);
  const frame = envelope.serverData('me', { you: ['page', 7] }, item);
  assert.deepEqual(envelope.read(frame, 'you', 'page'), expected);
  assert.deepEqual(envelope.read(frame, 'somebody', 'page'), { kind: 'other' });
});

test('a message to the page that was here before a reload is not for this one', () => {
  const item = envelope.itemOf('for the page before');
  for (const data of [JSON.parse(envelope.channelText('me', ['before', 7], item)), envelope.serverData('me', { you: ['before', 7] }, item)]) {
    assert.deepEqual(envelope.read(data, 'you', 'page'), { kind: 'other' });
  }
});

test('whatever another client sends is its own message, or nothing', () => {
  for (const data of [null, 1, 'text', [], {}, { parlor: 2 }, { s: 'x', m: ['page', 1], d: 1 }]) {
    assert.deepEqual(envelope.read(data, 'you', 'page'), { kind: 'plain', data });
  }
  for (const rest of [{}, { s: 1, m: ['page', 1], d: 1 }, { s: 'x', m: ['page', -1], d: 1 }, { s: 'x', m: ['page', 1e300], d: 1 }, { s: 'x', m: [1, 1], d: 1 },
    { s: 'x', t: { you: 'page' }, d: 1 }, { s: 'x', t: null, d: 1 }, { rejoined: [1, 2] }, { proof: {} }]) {
    assert.deepEqual(envelope.read({ parlor: 1, ...rest }, 'you', 'page'), { kind: 'other' }, JSON.stringify(rest));
  }
  assert.deepEqual(envelope.read({ parlor: 1, a: [['x', 1], null, ['y'], 3] }, 'you', 'page'), { kind: 'ack', acks: [['x', 1]] });
});

test('what the server would refuse is refused before it is sent', () => {
  const refused = (/** @type {unknown} */ data) => {
    try {
      envelope.itemOf(data);
      return 'taken';
    } catch (error) {
      return /** @type {{code: string}} */ (error).code;
    }
  };
  const nested = (/** @type {number} */ depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  assert.deepEqual(['x'.repeat(63 * 1024 - 2), 'x'.repeat(64 * 1024), nested(60), nested(61), '[{'.repeat(99), undefined, 1n].map(refused),
    ['taken', 'too-large', 'taken', 'too-large', 'taken', 'bad-argument', 'bad-argument']);
});

test('a frame through the server never outgrows what it takes', () => {
  for (const size of [1, 1_000, 62_000, 63 * 1024 - 2]) {
    const item = envelope.itemOf('x'.repeat(size));
    const targets = Array.from({ length: envelope.targetsPerFrame(item) }, (_, index) => [String(index).padEnd(22, 'x'), ['z'.repeat(22), 9_999_999]]);
    const bytes = JSON.stringify(envelope.serverData('y'.repeat(22), Object.fromEntries(targets), item)).length;
    assert.ok(bytes <= 64 * 1024, `${bytes} bytes for ${targets.length} targets`);
  }
});
