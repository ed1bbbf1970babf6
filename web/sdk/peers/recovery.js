// How far a connection with one peer got, when to restart its ICE, and when it failed. No browser objects, no clock.
/** @import { PeerState, Stage } from '../internal.js' */

/** From the first wish to a connection, with a slow TURN server on the way. */
const FIRST_PATIENCE = 12_000;
/** After a restart, doubling with each. */
const RESTART_PATIENCE = 4_000;
const MAX_RESTARTS = 3;
/** When it failed: a network may come back without a word. */
const FAILED_PAUSE = 30_000;
/** While the server is away a restart can't be negotiated: nothing is tried, nothing counted. */
const UNREACHABLE_PAUSE = 1_000;

export class Recovery {
  #patience;
  #dueAt;
  /** @type {PeerState} */ #state = 'connecting';
  #restarts = 0;
  #wasConnected = false;

  /** @param {{patience: number, now: number}} options how long `disconnected` may last: it often mends itself */
  constructor({ patience, now }) {
    this.#patience = patience;
    this.#dueAt = now + FIRST_PATIENCE;
  }

  get state() { return this.#state; }

  /** @param {RTCPeerConnectionState} state @param {number} now @returns {boolean} whether to restart ICE, as in the others */
  handleState(state, now) {
    if (state === 'connected') {
      this.#state = state;
      this.#wasConnected = true;
      this.#restarts = 0;
      this.#dueAt = Infinity;
    } else if (state === 'disconnected' && this.#state === 'connected') {
      this.#state = 'reconnecting';
      this.#dueAt = now + this.#patience;
    } else if (state === 'failed' && this.#state !== 'failed' && !this.#restarts) {
      return this.#restart(now);
    }
    return false;
  }

  /** Past failures say nothing any more. @param {number} now */
  handleNetworkChange(now) {
    this.#restarts = 0;
    return this.#state === 'connected' || this.#restart(now);
  }

  /** @param {number} now @param {boolean} reachable */
  handleTimeout(now, reachable) {
    if (now < this.#dueAt) return false;
    if (reachable) return this.#restart(now);
    this.#dueAt = now + UNREACHABLE_PAUSE;
    return false;
  }

  pollTimeout() { return this.#dueAt; }

  /** @param {number} now */
  #restart(now) {
    if (this.#restarts === MAX_RESTARTS) {
      const again = this.#state === 'failed';
      this.#state = 'failed';
      this.#dueAt = now + FAILED_PAUSE;
      return again;
    }
    this.#state = this.#wasConnected ? 'reconnecting' : 'connecting';
    this.#dueAt = now + RESTART_PATIENCE * 2 ** this.#restarts;
    this.#restarts += 1;
    return true;
  }
}

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
