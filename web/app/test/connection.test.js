// What the tiles say of a connection.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionIcon, connectionWords, lossPercent, Patience, stageMarks } from '../logic/connection.js';
import { Hearing } from '../logic/hearing.js';

/** @param {'direct' | 'relayed'} kind @param {'udp' | 'tcp' | 'tls'} transport */
const connected = (kind, transport) => ({ stage: /** @type {const} */ ('communicating'), path: { kind, transport } });

test('a connection is told by its path and transport, and only while there is one', () => {
  assert.equal(connectionWords('connected', connected('direct', 'udp')), 'direct, over UDP');
  assert.equal(connectionWords('connected', connected('relayed', 'tls')), 'relayed over TLS');
  assert.equal(connectionWords('connected', { stage: 'communicating', path: null }), '');
  assert.equal(connectionWords('reconnecting', connected('direct', 'udp')), '');
  assert.equal(connectionWords('failed', null), 'no connection');
  assert.deepEqual([connectionIcon('connected', connected('relayed', 'tcp')), connectionIcon('connecting', null), connectionIcon('failed', null), connectionIcon('none', null)],
    ['relayed', null, 'warning', null]);
});

test('the stages show what is done, where it is or got stuck, and what is still to come', () => {
  const marks = (/** @type {Parameters<typeof stageMarks>} */ ...input) => stageMarks(...input).map(({ mark }) => mark);
  assert.deepEqual(marks('connecting', 'signaling'), ['running', 'ahead', 'ahead', 'ahead']);
  assert.deepEqual(marks('failed', 'connecting'), ['done', 'stuck', 'ahead', 'ahead']);
  assert.deepEqual(marks('failed', 'communicating'), ['done', 'done', 'done', 'stuck']);
  assert.deepEqual(marks('connected', 'communicating'), ['done', 'done', 'done', 'done']);
});

test('loss is counted since the sample before', () => {
  assert.equal(lossPercent(undefined, { packetsLost: 0, packetsReceived: 0 }), null);
  assert.equal(lossPercent(undefined, { packetsLost: 1, packetsReceived: 99 }), 1);
  assert.equal(lossPercent({ packetsLost: 50, packetsReceived: 50 }, { packetsLost: 50, packetsReceived: 150 }), 0);
  assert.equal(lossPercent({ packetsLost: 5, packetsReceived: 50 }, { packetsLost: 0, packetsReceived: 60 }), 0);
});

test('who connects for longer than usual gets a word, once for each wait', () => {
  const patience = new Patience();
  assert.equal(patience.pollTimeout(0), Infinity);
  assert.equal(patience.handleState('ada', 'connecting', 1000), false);
  assert.equal(patience.pollTimeout(1000), 7000);
  assert.equal(patience.handleState('ada', 'connecting', 7000), true);
  assert.equal(patience.pollTimeout(7000), Infinity);
  assert.equal(patience.handleState('ada', 'connected', 8000), false);
  assert.equal(patience.handleState('ada', 'connecting', 9000), false);
  patience.forget('ada');
  assert.equal(patience.pollTimeout(9000), Infinity);
});

test('a microphone works once it heard somebody, and is quiet when nobody could be heard for a while', () => {
  const hearing = new Hearing();
  assert.deepEqual([hearing.handleLevel(0.1, 100), hearing.handleLevel(0.1, 8000), hearing.handleLevel(0.1, 8100), hearing.handleLevel(0.5, 8200), hearing.handleLevel(0, 20000)],
    ['waiting', 'waiting', 'quiet', 'works', 'works']);
});
