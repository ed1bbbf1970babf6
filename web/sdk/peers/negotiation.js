// Perfect negotiation with one peer: what to do about the next wish, offer, answer or candidate. No browser objects, no clock.
/** @import { Candidate, NegotiationAction } from '../internal.js' */

/** A peer trickles a few dozen. */
const MAX_EARLY_CANDIDATES = 256;
/** An answer takes a round trip; after so long it, or the offer, was lost. */
const ANSWER_PATIENCE = 8_000;
const MAX_REPEATS = 3;

/**
 * Its driver carries out all actions of one input before the next: so `offering` (an own offer is out
 * and unanswered) is all there is to know of the signaling state.
 */
export class Negotiation {
  #polite;
  #waitUntil;
  #repeatAt = Infinity;
  #repeats = 0;
  #offering = false;
  #wanted = false;
  #described = false;
  #remoteId = '';
  /** @type {Candidate[]} */ #early = [];

  /** @param {{polite: () => boolean, waitUntil: number}} options the other side is expected to offer until then */
  constructor({ polite, waitUntil }) {
    this.#polite = polite;
    this.#waitUntil = waitUntil;
  }

  /** Whether the other side has described itself. */
  get described() { return this.#described; }

  /** @param {number} now @returns {NegotiationAction[]} */
  handleNeeded(now) {
    this.#wanted = true;
    return this.#offerIfFree(now);
  }

  /** @param {string} sdp @returns {NegotiationAction[]} */
  handleOffer(sdp) {
    if (this.#offering && !this.#polite()) return [];
    this.#waitUntil = 0;
    this.#offering = false;
    this.#wanted = false; // What the answer leaves open, the browser asks for again.
    const id = originOf(sdp);
    if (this.#remoteId && id !== this.#remoteId) return [{ kind: 'start-over', sdp }];
    this.#remoteId = id;
    return [{ kind: 'accept-offer', sdp }, ...this.#remoteDescribed()];
  }

  /** @param {string} sdp @returns {NegotiationAction[]} */
  handleAnswer(sdp) {
    if (!this.#offering) return []; // To an offer that was taken back.
    this.#offering = false;
    this.#remoteId = originOf(sdp);
    return [{ kind: 'accept-answer', sdp }, ...this.#remoteDescribed()];
  }

  /** @param {Candidate} candidate @returns {NegotiationAction[]} */
  handleCandidate(candidate) {
    if (this.#described) return [{ kind: 'add-candidate', candidate }];
    if (this.#early.length < MAX_EARLY_CANDIDATES) this.#early.push(candidate);
    return [];
  }

  /** Frames may have been lost. @param {number} now @returns {NegotiationAction[]} */
  handleDoubt(now) {
    if (!this.#offering) return [];
    this.#repeatAt = now + ANSWER_PATIENCE;
    return [{ kind: 'repeat-offer' }];
  }

  /** What was to be done failed. */
  handleFailure() { this.#offering = false; }

  /** @param {number} now @returns {NegotiationAction[]} */
  handleTimeout(now) {
    if (now < this.pollTimeout()) return [];
    if (!this.#waitUntil) {
      this.#repeats += 1;
      return this.handleDoubt(now);
    }
    this.#waitUntil = 0;
    return this.#offerIfFree(now);
  }

  pollTimeout() {
    return this.#waitUntil || (this.#offering && this.#repeats < MAX_REPEATS ? this.#repeatAt : Infinity);
  }

  /** @param {number} now @returns {NegotiationAction[]} */
  #offerIfFree(now) {
    if (!this.#wanted || this.#offering || this.#waitUntil) return [];
    this.#wanted = false;
    this.#offering = true;
    this.#repeats = 0;
    this.#repeatAt = now + ANSWER_PATIENCE;
    return [{ kind: this.#polite() ? 'propose' : 'offer' }];
  }

  /** @returns {NegotiationAction[]} */
  #remoteDescribed() {
    this.#described = true;
    return this.#early.splice(0).map((candidate) => ({ kind: 'add-candidate', candidate }));
  }
}

/** The session id of `o=` stays as long as the other side keeps its connection (RFC 8829, 5.2.1). @param {string} sdp */
function originOf(sdp) {
  return /^o=\S+ (\d+)/m.exec(sdp)?.[1] ?? '';
}
