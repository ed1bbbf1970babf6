// When ICE is restarted, and when the app is told that it failed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recovery } from '../sdk/peers/recovery.js';

test('a short disconnection mends itself', () => {
  const recovery = new Recovery({ patience: 2_000, now: 0 });
  recovery.handleState('connected', 100);
  assert.equal(recovery.handleState('disconnected', 1_000), false);
  assert.equal(recovery.state, 'reconnecting');
  assert.equal(recovery.handleTimeout(2_999, true), false);
  recovery.handleState('connected', 2_999);
  assert.deepEqual([recovery.state, recovery.pollTimeout()], ['connected', Infinity]);
});

test('three restarts with growing pauses, then it failed and is tried now and then; another network begins anew', () => {
  const recovery = new Recovery({ patience: 2_000, now: 0 });
  recovery.handleState('connected', 0);
  assert.equal(recovery.handleState('failed', 0), true);
  const restarts = [];
  for (let now = 0; now < 100_000; now += 100) if (recovery.handleTimeout(now, true)) restarts.push(now);
  assert.deepEqual(restarts, [4_000, 12_000, 58_000, 88_000]);
  assert.equal(recovery.state, 'failed');
  assert.equal(recovery.handleNetworkChange(100_000), true);
  assert.equal(recovery.state, 'reconnecting');
});

test('while the server is away nothing is tried, and nothing counted', () => {
  const recovery = new Recovery({ patience: 2_000, now: 0 });
  recovery.handleState('connected', 0);
  recovery.handleState('disconnected', 0);
  for (let now = 0; now < 60_000; now += 500) assert.equal(recovery.handleTimeout(now, false), false);
  assert.equal(recovery.handleTimeout(61_000, true), true);
  assert.equal(recovery.state, 'reconnecting');
});
