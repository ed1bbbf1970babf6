// What getStats() says about one peer connection, in the few numbers that an app shows. Loaded when they are asked for.

/** @import { Counters, PeerStats } from '../internal.js' */

/**
 * @param {RTCStatsReport} report
 * @param {any} pair the selected one of its candidate pairs
 * @param {Counters} before
 * @returns {{sample: Omit<PeerStats, 'peer' | 'state' | 'path'>, counters: Counters}}
 */
export function sampleOf(report, pair, before) {
  const inbound = [...report.values()].filter(({ type }) => type === 'inbound-rtp');
  const counters = { at: pair?.timestamp ?? 0, sent: pair?.bytesSent ?? 0, received: pair?.bytesReceived ?? 0 };
  const local = pair && report.get(pair.localCandidateId);
  const sample = {
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
