// How far the connection with a peer got, and how its packets travel.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageAfter } from '../sdk/peers/recovery.js';
import { NOTHING, pathIn, sampleOf, selectedIn } from '../sdk/peers/stats.js';
/** @import { Stage } from '../sdk/internal.js' */

/** @typedef {[described: boolean, ice: RTCIceConnectionState, connection: RTCPeerConnectionState]} Seen */

/** @param {Seen[]} seen @returns {Stage[]} */
function stages(seen) {
  /** @type {Stage} */
  let stage = 'signaling';
  return seen.map((one) => (stage = stageAfter(stage, ...one)));
}

test('a connection goes from stage to stage', () => {
  assert.deepEqual(stages([[false, 'new', 'new'], [true, 'new', 'new'], [true, 'checking', 'connecting'], [true, 'connected', 'connecting'], [true, 'connected', 'connected']]),
    ['signaling', 'connecting', 'connecting', 'securing', 'communicating']);
});

test('a failure leaves the stage where it got stuck', () => {
  assert.deepEqual(stages([[false, 'new', 'new'], [false, 'closed', 'closed']]), ['signaling', 'signaling']);
  assert.deepEqual(stages([[true, 'checking', 'connecting'], [true, 'failed', 'failed'], [true, 'new', 'connecting']]), ['connecting', 'connecting', 'connecting']);
  assert.deepEqual(stages([[true, 'completed', 'connecting'], [true, 'completed', 'failed'], [true, 'checking', 'connecting']]), ['securing', 'securing', 'securing']);
  assert.deepEqual(stages([[true, 'connected', 'connected'], [true, 'disconnected', 'disconnected'], [true, 'failed', 'failed']]),
    ['communicating', 'communicating', 'communicating']);
});

test('a path that breaks before it was secured was found all the same', () => {
  assert.deepEqual(stages([[true, 'disconnected', 'connecting']]), ['securing']);
});

/** @param {object} local @param {object} remote @param {{id: string}[]} [more] @returns {RTCStatsReport} */
function stats(local, remote, more = []) {
  const all = [{ id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
    { id: 'P', type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R', currentRoundTripTime: 0.0212, timestamp: 1000, bytesSent: 0, bytesReceived: 0 },
    { id: 'X', type: 'candidate-pair', localCandidateId: 'R', remoteCandidateId: 'R' }, { id: 'L', ...local }, { id: 'R', ...remote }, ...more];
  return /** @type {any} */ (new Map(all.map((one) => [one.id, one])));
}

const HOST = { candidateType: 'host', protocol: 'udp' };
/** @param {string} relayProtocol */
const relay = (relayProtocol) => ({ candidateType: 'relay', protocol: 'udp', relayProtocol });

test('without a relay on either side the path is direct, over what the candidates speak', () => {
  assert.deepEqual(pathIn(stats(HOST, { candidateType: 'prflx', protocol: 'udp' })), { kind: 'direct', transport: 'udp' });
  assert.deepEqual(pathIn(stats({ ...HOST, protocol: 'tcp' }, { ...HOST, protocol: 'tcp' })), { kind: 'direct', transport: 'tcp' });
});

test('a relay on one side makes the path relayed; of two ways to relays the worse is told', () => {
  for (const transport of ['udp', 'tcp', 'tls']) assert.deepEqual(pathIn(stats(relay(transport), HOST)), { kind: 'relayed', transport });
  assert.deepEqual(pathIn(stats(relay('udp'), relay('tls'))), { kind: 'relayed', transport: 'tls' });
  assert.deepEqual(pathIn(stats(relay('tcp'), relay('udp'))), { kind: 'relayed', transport: 'tcp' });
});

test('the server is told the kind of our own candidate, and nothing of an address', () => {
  assert.deepEqual(selectedIn(stats({ ...HOST, address: '192.0.2.1', port: 7 }, relay('tls'))), { type: 'host', protocol: 'udp' });
  assert.deepEqual(selectedIn(stats(relay('tls'), HOST)), { type: 'relay', protocol: 'tls' });
  assert.equal(selectedIn(/** @type {any} */ (new Map())), null);
});

test('how the other side reaches its relay is its own business', () => {
  assert.deepEqual(pathIn(stats(HOST, { candidateType: 'relay', protocol: 'udp' })), { kind: 'relayed', transport: 'udp' });
  assert.deepEqual(pathIn(stats({ ...HOST, protocol: 'tcp' }, { candidateType: 'relay', protocol: 'udp' })), { kind: 'relayed', transport: 'udp' });
});

test('Firefox marks the pair itself, and before any is selected there is no path', () => {
  const firefox = new Map(Object.entries({ P: { type: 'candidate-pair', selected: true, localCandidateId: 'L', remoteCandidateId: 'L' }, L: relay('tcp') }));
  assert.deepEqual(pathIn(/** @type {any} */ (firefox)), { kind: 'relayed', transport: 'tcp' });
  assert.equal(pathIn(/** @type {any} */ (new Map())), null);
});

test('a sample has the path, the round trip, and what was received and lost', () => {
  const inbound = [{ id: 'A', type: 'inbound-rtp', kind: 'audio', packetsLost: 2, packetsReceived: 98 }, { id: 'V', type: 'inbound-rtp', kind: 'video', packetsReceived: 300 }];
  const { sample } = sampleOf(stats(relay('tcp'), HOST, inbound), { at: 0, sent: 0, received: 0 });
  assert.deepEqual([sample.path, sample.protocol, sample.rttMs, sample.packetsLost, sample.packetsReceived], ['relayed', 'tcp', 21, 2, 398]);
  assert.deepEqual([NOTHING.path, NOTHING.protocol, NOTHING.rttMs, NOTHING.packetsReceived], ['none', '', null, 0]);
});
