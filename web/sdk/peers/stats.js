// What getStats() says about one peer connection, in the few numbers that an app shows. Loaded when they are asked for.

/** @import { Counters, MemberRecord, Peer, PeerPath, PeerStats, Selected } from '../internal.js' */

/** Only these say how a relay is reached; worse ones last. */
const TRANSPORTS = /** @type {const} */ (['udp', 'tcp', 'tls']);

/**
 * @param {RTCStatsReport} report
 * @param {Counters} before
 * @returns {{sample: Omit<PeerStats, 'peer' | 'state'>, counters: Counters}}
 */
export function sampleOf(report, before) {
  const pair = selectedPair(report);
  const path = pathIn(report);
  const inbound = [...report.values()].filter(({ type }) => type === 'inbound-rtp');
  const counters = { at: pair?.timestamp ?? 0, sent: pair?.bytesSent ?? 0, received: pair?.bytesReceived ?? 0 };
  const sum = (/** @type {string} */ field) => inbound.reduce((total, one) => total + (one[field] ?? 0), 0);
  const sample = {
    path: path?.kind ?? /** @type {const} */ ('none'),
    protocol: path?.transport ?? '',
    rttMs: pair?.currentRoundTripTime === undefined ? null : Math.round(pair.currentRoundTripTime * 1000),
    sendKbps: kbps(before, counters, 'sent'),
    recvKbps: kbps(before, counters, 'received'),
    packetsLost: sum('packetsLost'),
    packetsReceived: sum('packetsReceived'),
    video: videoIn(inbound),
    audioLevel: inbound.find(({ kind }) => kind === 'audio')?.audioLevel ?? null,
  };
  return { sample, counters };
}

/** Of one member. @param {MemberRecord} record @param {Peer | undefined} peer @returns {Promise<PeerStats>} */
export async function statsOf(record, peer) {
  return { peer: record.id, state: record.peerState, ...(await peer?.stats().catch(() => null) ?? NOTHING) };
}

/** Of whom nothing is known. */
export const NOTHING = sampleOf(/** @type {any} */ (new Map()), { at: 0, sent: 0, received: 0 }).sample;

/**
 * How the packets travel. A browser knows its own way to a relay, seldom that of the other side.
 * @param {RTCStatsReport} report
 * @returns {PeerPath | null}
 */
export function pathIn(report) {
  const pair = selectedPair(report);
  if (!pair) return null;
  const ends = [pair.localCandidateId, pair.remoteCandidateId].map((id) => report.get(id) ?? {});
  const relays = ends.filter(({ candidateType }) => candidateType === 'relay');
  const names = relays.length ? relays.map(({ relayProtocol }) => relayProtocol) : [ends[0].protocol];
  const transport = TRANSPORTS.findLast((one) => names.includes(one)) ?? 'udp';
  return { kind: relays.length ? 'relayed' : 'direct', transport };
}

/**
 * What the server is told of a connection, and no more: the kind of this side's candidate, and how a relay is reached.
 * @param {RTCStatsReport} report
 * @returns {Selected | null}
 */
export function selectedIn(report) {
  const own = report.get(selectedPair(report)?.localCandidateId);
  if (!own) return null;
  return { type: own.candidateType, protocol: own.relayProtocol ?? own.protocol };
}

/** @param {RTCStatsReport} report @returns {any} */
function selectedPair(report) {
  const all = [...report.values()];
  const transport = all.find(({ selectedCandidatePairId }) => selectedCandidatePairId);
  return transport ? report.get(transport.selectedCandidatePairId) : all.find(({ selected }) => selected); // Firefox
}

/** @param {Counters} before @param {Counters} after @param {'sent' | 'received'} direction */
function kbps(before, after, direction) {
  const seconds = (after.at - before.at) / 1000;
  const bits = (after[direction] - before[direction]) * 8;
  return before.at > 0 && seconds > 0 && bits >= 0 ? Math.round(bits / seconds / 1000) : 0;
}

/** The largest picture: with a camera and a screen that is the screen. @param {any[]} inbound */
function videoIn(inbound) {
  const [best] = inbound.filter(({ kind, framesDecoded }) => kind === 'video' && framesDecoded > 0)
    .sort((a, b) => (b.frameWidth ?? 0) * (b.frameHeight ?? 0) - (a.frameWidth ?? 0) * (a.frameHeight ?? 0));
  if (!best) return null;
  const { frameWidth = 0, frameHeight = 0, framesPerSecond = 0, framesDecoded } = best;
  return { width: frameWidth, height: frameHeight, fps: framesPerSecond, framesDecoded };
}
