// Perfect negotiation with one peer: what to do with the next wish, offer, answer or candidate. No browser objects, no clock.

/** @import { NegotiationAction as Action } from '../internal.js' */
/** @import { Candidate } from '../wire.js' */

/** A peer trickles a few dozen; more is no honest peer. */
const MAX_EARLY_CANDIDATES = 256;
/** An answer takes a round trip; after this the offer or the answer was lost. */
const ANSWER_PATIENCE = 8_000;
const MAX_REPEATS = 3;

/**
 * Its driver carries out the actions of one input before it passes the next, so that `offering`
 * (an own offer is out and unanswered) is all there is to know about the signaling state.
 */
export class Negotiation {
  #polite;
  /** @type {number | null} the other side is expected to offer until then */ #waitUntil;
  /** @type {number | null} */ #repeatAt = null;
  #repeats = 0;
  #offering = false;
  #wanted = false;
  #described = false;
  /** @type {string | null} */ #remoteId = null;
  /** @type {Candidate[]} */ #early = [];

  /**
   * @param {{polite: () => boolean, waitUntil: number | null}} options of two that offer at once the polite one gives way
   */
  constructor({ polite, waitUntil }) {
    this.#polite = polite;
    this.#waitUntil = waitUntil;
  }

  /** Whether the other side has described itself yet. */
  get described() { return this.#described; }

  /** Something is to be negotiated. @param {number} now @returns {Action[]} */
  handleNeeded(now) {
    this.#wanted = true;
    return this.#offerIfFree(now);
  }

  /** @param {string} sdp @returns {Action[]} */
  handleOffer(sdp) {
    if (this.#offering && !this.#polite()) return [];
    this.#waitUntil = null;
    this.#offering = false;
    this.#wanted = false; // What the answer leaves open, the browser asks for again.
    const id = originOf(sdp);
    if (this.#remoteId !== null && id !== this.#remoteId) return [{ kind: 'start-over', sdp }];
    this.#remoteId = id;
    return [{ kind: 'accept-offer', sdp }, ...this.#remoteDescribed()];
  }

  /** @param {string} sdp @returns {Action[]} */
  handleAnswer(sdp) {
    if (!this.#offering) return []; // It answers an offer that was taken back.
    this.#offering = false;
    this.#remoteId = originOf(sdp);
    return [{ kind: 'accept-answer', sdp }, ...this.#remoteDescribed()];
  }

  /** @param {Candidate} candidate @returns {Action[]} */
  handleCandidate(candidate) {
    if (this.#described) return [{ kind: 'add-candidate', candidate }];
    if (this.#early.length < MAX_EARLY_CANDIDATES) this.#early.push(candidate);
    return [];
  }

  /** Frames may have been lost: what waits for an answer is said again. @param {number} now @returns {Action[]} */
  handleDoubt(now) {
    if (!this.#offering) return [];
    this.#repeatAt = now + ANSWER_PATIENCE;
    return [{ kind: 'repeat-offer' }];
  }

  /** The offer could not be made, or what came could not be applied. */
  handleFailure() {
    this.#offering = false;
  }

  /** @param {number} now @returns {Action[]} */
  handleTimeout(now) {
    if (this.#waitUntil !== null && now >= this.#waitUntil) {
      this.#waitUntil = null;
      return this.#offerIfFree(now);
    }
    const due = this.pollTimeout();
    if (due === null || now < due || this.#waitUntil !== null) return [];
    this.#repeats += 1;
    return this.handleDoubt(now);
  }

  /** @returns {number | null} */
  pollTimeout() {
    if (this.#waitUntil !== null) return this.#waitUntil;
    return this.#offering && this.#repeats < MAX_REPEATS ? this.#repeatAt : null;
  }

  /** @param {number} now @returns {Action[]} */
  #offerIfFree(now) {
    if (!this.#wanted || this.#offering || this.#waitUntil !== null) return [];
    this.#wanted = false;
    this.#offering = true;
    this.#repeats = 0;
    this.#repeatAt = now + ANSWER_PATIENCE;
    return [{ kind: 'offer' }];
  }

  /** @returns {Action[]} */
  #remoteDescribed() {
    this.#described = true;
    return this.#early.splice(0).map((candidate) => ({ kind: 'add-candidate', candidate }));
  }
}

/**
 * The session id of the `o=` line: the same as long as the other side keeps its connection (RFC 8829, 5.2.1).
 * @param {string} sdp
 */
function originOf(sdp) {
  return /^o=\S+ (\d+)/m.exec(sdp)?.[1] ?? '';
}
