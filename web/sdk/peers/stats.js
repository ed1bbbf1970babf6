// What getStats() says about one peer connection, in the few numbers that an app shows.

/** @import { Counters, Path, PeerStats } from '../internal.js' */

/** @param {RTCStatsReport} report @returns {Path | undefined} */
export function pathIn(report) {
  const pair = selectedPair(report);
  if (!pair) return undefined;
  const ends = [report.get(pair.localCandidateId), report.get(pair.remoteCandidateId)];
  return ends.some((candidate) => candidate?.candidateType === 'relay') ? 'relayed' : 'direct';
}

/**
 * @param {RTCStatsReport} report
 * @param {Counters} before
 * @returns {{sample: Omit<PeerStats, 'peer' | 'state'>, counters: Counters}}
 */
export function sampleOf(report, before) {
  const pair = selectedPair(report);
  const inbound = [...report.values()].filter(({ type }) => type === 'inbound-rtp');
  const counters = { at: pair?.timestamp ?? 0, sent: pair?.bytesSent ?? 0, received: pair?.bytesReceived ?? 0 };
  const local = pair && report.get(pair.localCandidateId);
  const sample = {
    path: pathIn(report) ?? /** @type {const} */ ('none'),
    protocol: local?.relayProtocol ?? local?.protocol ?? '',
    rttMs: pair?.currentRoundTripTime === undefined ? null : Math.round(pair.currentRoundTripTime * 1000),
    sendKbps: kbps(before, counters, 'sent'),
    recvKbps: kbps(before, counters, 'received'),
    packetsLost: inbound.reduce((sum, { packetsLost = 0 }) => sum + packetsLost, 0),
    video: videoIn(inbound),
    audioLevel: inbound.find(({ kind }) => kind === 'audio')?.audioLevel ?? null,
  };
  return { sample, counters };
}

/** @param {RTCStatsReport} report */
function selectedPair(report) {
  const all = [...report.values()];
  const transport = all.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId);
  if (transport) return report.get(transport.selectedCandidatePairId);
  return all.find(({ type, selected }) => type === 'candidate-pair' && selected); // Firefox
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
