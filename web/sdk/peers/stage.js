// How far a connection with one peer got. No browser objects, no clock.
/** @import { Stage } from '../internal.js' */

const STAGES = /** @type {const} */ (['signaling', 'connecting', 'securing', 'communicating']);

/**
 * The furthest counts: it says where a connection got stuck, also when the browser has given up since.
 * @param {Stage} before
 * @param {boolean} described whether the other side has described itself
 * @param {RTCIceConnectionState} ice `disconnected` is a path that was found before
 * @param {RTCPeerConnectionState} connection
 * @returns {Stage}
 */
export function stageAfter(before, described, ice, connection) {
  const reached = connection === 'connected' ? 3 : /connected|completed/.test(ice) ? 2 : Number(described);
  return STAGES[Math.max(reached, STAGES.indexOf(before))] ?? before;
}
