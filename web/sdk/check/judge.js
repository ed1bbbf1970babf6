// What the observations of a check mean, and which one matters most. No browser objects, no clock.

import { RELAYS } from './ice.js';
/** @import { BrowserSeen, ClockSeen, DeviceSeen, DirectSeen, Finding, Level, Observations, PageSeen, RelaySeen, Samples, ServerSeen, Verdict } from './types.js' */

/** Beyond these, people talk at the same time, or hear gaps. */
const SLOW_RTT_MS = 400;
const UNSTEADY_MS = 60;
const LOSSY_PERCENT = 5;
/** Certificates and credentials that were issued just now seem to come from the future. */
const WRONG_CLOCK_MS = 120_000;

/** Of `icecandidateerror`: the browser's own code for "no answer"; those below are the relay's. */
const NO_ANSWER = 701;

/** @param {Observations} seen @returns {Verdict} */
export function judge(seen) {
  const findings = findingsIn(seen);
  return { verdict: verdictOf(seen, findings), findings };
}

/** @param {Observations} seen */
function findingsIn(seen) {
  /** @type {Verdict['findings']} */
  const findings = {};
  if (seen.page) findings.page = ofPage(seen.page);
  if (seen.browser) findings.browser = ofBrowser(seen.browser);
  if (seen.server) findings.server = ofServer(seen.server);
  if (seen.clock) findings.clock = ofClock(seen.clock);
  if (seen.direct) findings.direct = ofDirect(seen.direct, seen['relay-udp']);
  const works = RELAYS.some((relay) => seen[relay]?.reached === 'data');
  for (const relay of RELAYS) {
    const one = seen[relay];
    if (one) findings[relay] = ofRelay(one, { works, answer: seen.ice?.answer });
  }
  for (const device of /** @type {const} */ (['microphone', 'camera'])) {
    const one = seen[device];
    if (one) findings[device] = ofDevice(one);
  }
  return findings;
}

/** The first that applies: what comes later can't be helped before. @param {Observations} seen @param {Verdict['findings']} findings */
function verdictOf(seen, findings) {
  const { page, browser, server, clock, microphone, camera } = findings;
  const device = [microphone, camera].find((one) => one?.level === 'problem');
  return ofLevel('problem', browser)
    ?? (server?.code === 'unreachable' ? finding('problem', seen.page?.online === false ? 'offline' : server.code) : null)
    // Whoever gets a secure address has none of the troubles that follow.
    ?? ofLevel('problem', page) ?? ofLevel('problem', server)
    ?? blockedWay(seen, findings)
    ?? (device ? finding('problem', device === microphone ? 'microphone' : 'camera') : null)
    ?? narrowWay(seen, findings)
    ?? (isPoor(seen) ? finding('warning', 'poor') : null)
    ?? ofLevel('warning', clock) ?? ofLevel('warning', browser)
    ?? (microphone?.code === 'quiet' ? finding('warning', 'microphone-quiet') : null)
    ?? finding('good', 'good');
}

/** Why no sound and picture would arrive at all. @param {Observations} seen @param {Verdict['findings']} findings @returns {Finding | null} */
function blockedWay(seen, findings) {
  const relays = RELAYS.map((relay) => findings[relay]).filter((one) => one !== undefined && one.level !== 'unknown');
  if (relays.some((one) => one?.code === 'works' || one?.code === 'poor')) return null;
  const met = (/** @type {string} */ code) => relays.some((one) => one?.code === code);
  if (met('refused')) return finding('problem', 'relay-refused');
  if (met('no-path') || met('no-data')) return finding('problem', 'relay-broken');
  const udpPasses = findings.direct?.level === 'good';
  if (met('unreachable')) return udpPasses ? finding('warning', 'relay-unreachable') : finding('problem', 'all-blocked');
  const helpless = seen.ice?.answer === 'none' && findings.direct?.code === 'per-destination';
  return helpless ? finding('problem', 'strict-no-relay') : null;
}

/** What makes calls fail between some networks, or stutter. @param {Observations} seen @param {Verdict['findings']} findings @returns {Finding | null} */
function narrowWay(seen, findings) {
  const works = RELAYS.filter((relay) => seen[relay]?.reached === 'data');
  if (works.length > 0) {
    const blocked = works[0] !== 'relay-udp' && seen['relay-udp']?.url;
    return blocked ? finding('warning', works[0] === 'relay-tls' ? 'only-tls' : 'udp-blocked') : null;
  }
  if (seen.ice?.answer === 'failed') return finding('warning', 'relay-untold');
  if (findings.direct?.code === 'blocked') return finding('warning', 'udp-blocked-no-relay');
  return seen.ice ? finding('warning', 'no-relay') : null;
}

/** @param {Observations} seen */
function isPoor(seen) {
  const used = RELAYS.map((relay) => seen[relay]).find((relay) => relay?.reached === 'data');
  return [used, seen.server].some((samples) => samples && isSlowOrLossy(samples));
}

/** @param {PageSeen} page */
function ofPage({ secure }) {
  return secure ? finding('good', 'secure') : finding('problem', 'insecure');
}

/** @param {BrowserSeen} browser @returns {Finding} */
function ofBrowser({ missing }) {
  if (missing.includes('webrtc')) return finding('problem', 'no-webrtc');
  if (missing.includes('websocket')) return finding('problem', 'no-websocket');
  return missing.includes('devices') ? finding('warning', 'no-devices') : finding('good', 'complete');
}

/** @param {ServerSeen} server @returns {Finding} */
function ofServer(server) {
  switch (server.reached) {
    case 'nothing': return finding('problem', 'unreachable');
    case 'http': return finding('problem', server.refused ? 'origin-refused' : 'websocket-blocked');
    case 'websocket': return finding('problem', 'silent');
    case 'hello': return isSlowOrLossy(server) ? finding('warning', 'slow') : finding('good', 'reached');
    default: return /** @satisfies {never} */ (server.reached);
  }
}

/** @param {ClockSeen} clock */
function ofClock({ aheadMs }) {
  if (aheadMs === null) return finding('unknown', 'untold');
  return Math.abs(aheadMs) > WRONG_CLOCK_MS ? finding('warning', 'wrong') : finding('good', 'right');
}

/** @param {DirectSeen} direct @param {RelaySeen | undefined} relay over UDP @returns {Finding} */
function ofDirect({ stunServers, ports }, relay) {
  if (ports === 'found') return finding('good', 'mapped');
  if (ports === 'per-destination') return finding('warning', 'per-destination');
  if (stunServers === 0) return finding('unknown', 'not-offered');
  // A browser is silent about a public address that is its own. A refusal came through, too.
  return relay && (relay.reached !== 'nothing' || isRefusal(relay)) ? finding('good', 'open') : finding('warning', 'blocked');
}

/** @param {RelaySeen} relay @param {{works: boolean, answer: 'some' | 'none' | 'failed' | undefined}} around works: one of the relays does @returns {Finding} */
function ofRelay(relay, { works, answer }) {
  if (relay.url === null) return finding('unknown', answer === 'failed' ? 'untold' : 'not-offered');
  const failed = works ? 'warning' : 'problem';
  switch (relay.reached) {
    case 'nothing': return finding(failed, isRefusal(relay) ? 'refused' : 'unreachable');
    case 'address': return finding(failed, 'no-path');
    case 'path': return finding(failed, 'no-data');
    case 'data': return isSlowOrLossy(relay) ? finding('warning', 'poor') : finding('good', 'works');
    default: return /** @satisfies {never} */ (relay.reached);
  }
}

/** @param {RelaySeen} relay */
function isRefusal({ errorCode }) {
  return errorCode !== null && errorCode < NO_ANSWER;
}

/** @param {DeviceSeen} device @returns {Finding} */
function ofDevice({ state }) {
  switch (state) {
    case 'untested': return finding('unknown', state);
    case 'waiting': case 'works': return finding('good', state);
    case 'quiet': return finding('warning', state);
    case 'failed': return finding('problem', state);
    default: return /** @satisfies {never} */ (state);
  }
}

/** @param {Samples} samples */
function isSlowOrLossy({ rttMs, jitterMs, lossPercent }) {
  return (rttMs ?? 0) > SLOW_RTT_MS || (jitterMs ?? 0) > UNSTEADY_MS || lossPercent >= LOSSY_PERCENT;
}

/** @param {Level} level @param {Finding | undefined} one @returns {Finding | null} */
function ofLevel(level, one) {
  return one?.level === level ? one : null;
}

/** @param {Level} level @param {string} code @returns {Finding} */
function finding(level, code) {
  return { level, code };
}
