// The pauses between attempts to connect.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectTimeout, retryDelay } from '../sdk/timing.js';

test('the first attempt is made at once, the later ones double from 250 ms to 5 s', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => retryDelay(attempt, 0.999999));
  assert.deepEqual(longest, [0, 250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
});

test('a thousand clients are spread over half of the pause', () => {
  assert.equal(retryDelay(6, 0), 2500);
  assert.equal(retryDelay(6, 0.5), 3750);
});

test('slow networks get more time with every attempt', () => {
  assert.deepEqual([0, 1, 10].map(connectTimeout), [4000, 6000, 12000]);
});
