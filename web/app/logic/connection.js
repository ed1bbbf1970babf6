// How the connection with a peer is told: its path, how far it got, what gets lost. No DOM, no clock.
import { t } from '../i18n.js';

/** @typedef {import('../../sdk/parlor.js').PeerConnection} PeerConnection */
/** @typedef {import('../../sdk/parlor.js').PeerStats} PeerStats */
/** @typedef {PeerConnection['stage']} Stage */
/** @typedef {'none' | 'connecting' | 'connected' | 'reconnecting' | 'failed'} PeerState */
/** @typedef {{packetsLost: number, packetsReceived: number}} Counters */

/** Most connections stand within two seconds; who waits longer wants to know for what. */
const SLOW_AFTER_MS = 6_000;

/** @type {readonly Stage[]} */
export const STAGES = ['signaling', 'connecting', 'securing', 'communicating'];

/**
 * In few words, such as "relayed over TCP"; empty while there is none.
 * @param {PeerState} state
 * @param {PeerConnection | null} connection
 */
export function connectionWords(state, connection) {
  if (state === 'failed') return t('peer.how.failed');
  if (state !== 'connected' || !connection?.path) return '';
  const { kind, transport } = connection.path;
  return t(`peer.how.${kind}`, { transport: transport.toUpperCase() });
}

/**
 * What a tile shows of it. Nothing while its words already cover the tile, or where there is none.
 * @param {PeerState} state
 * @param {PeerConnection | null} connection
 * @returns {'direct' | 'relayed' | 'warning' | null} the icon
 */
export function connectionIcon(state, connection) {
  if (state === 'failed') return 'warning';
  return state === 'connected' ? (connection?.path?.kind ?? null) : null;
}

/**
 * Where it stands, or got stuck.
 * @param {PeerState} state
 * @param {Stage} stage the furthest
 * @returns {{stage: Stage, mark: 'done' | 'running' | 'stuck' | 'ahead'}[]}
 */
export function stageMarks(state, stage) {
  const reached = STAGES.indexOf(stage);
  return STAGES.map((one, index) => {
    if (index < reached || (index === reached && state === 'connected')) return { stage: one, mark: 'done' };
    if (index > reached) return { stage: one, mark: 'ahead' };
    return { stage: one, mark: state === 'failed' ? 'stuck' : 'running' };
  });
}

/**
 * Of what was sent to me between two samples; null when nothing was.
 * @param {Counters | undefined} before
 * @param {Counters} now
 */
export function lossPercent(before, now) {
  const lost = Math.max(now.packetsLost - (before?.packetsLost ?? 0), 0);
  const received = Math.max(now.packetsReceived - (before?.packetsReceived ?? 0), 0);
  return lost + received === 0 ? null : Math.round((100 * lost) / (lost + received));
}

/** Who has been connecting for so long that it wants a word. */
export class Patience {
  /** @type {Map<string, number>} */
  #since = new Map();

  /** @param {string} id @param {PeerState} state @param {number} now @returns {boolean} whether it takes long */
  handleState(id, state, now) {
    if (state !== 'connecting') this.#since.delete(id);
    else if (!this.#since.has(id)) this.#since.set(id, now);
    return now - (this.#since.get(id) ?? now) >= SLOW_AFTER_MS;
  }

  /** @param {string} id */
  forget(id) {
    this.#since.delete(id);
  }

  /** When the next one takes long. @param {number} now */
  pollTimeout(now) {
    return Math.min(...[...this.#since.values()].map((since) => since + SLOW_AFTER_MS).filter((at) => at > now));
  }
}
