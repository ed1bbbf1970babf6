// When something is due: an attempt to connect, the next request, a timer.

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5_000;
const FIRST_TIMEOUT = 4_000;
const LONGEST_TIMEOUT = 12_000;
/** Staying below the server's limit leaves room for pings and acks. */
const SHARE = 0.75;

/**
 * Spread, so that the clients of a restarted server don't all return at once.
 * @param {number} attempt counted from 0, which is made at once
 * @param {number} random 0 ≤ random < 1
 */
export function retryDelay(attempt, random) {
  if (attempt === 0) return 0;
  return Math.round(Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY) * (0.5 + random / 2));
}

/** A dead network is noticed soon, a slow one gets its time in the end. @param {number} attempt */
export function connectTimeout(attempt) {
  return Math.min(FIRST_TIMEOUT + attempt * 2_000, LONGEST_TIMEOUT);
}

/** How fast requests may follow each other: some at once, then evenly. No clock. */
export class Pace {
  #interval = 0;
  #allowance = 0;
  /** When the last request would be due if all had been even. */
  #dueAt = 0;

  /** What the server grants to a new connection. @param {{messagesPerSecond: number, burst: number}} limits */
  start({ messagesPerSecond, burst }) {
    this.#interval = 1000 / (messagesPerSecond * SHARE);
    this.#allowance = this.#interval * burst * SHARE;
    this.#dueAt = 0;
  }

  /** @param {number} until */
  pause(until) {
    this.#dueAt = until + this.#allowance;
  }

  nextAt() {
    return this.#dueAt - this.#allowance;
  }

  /** @param {number} now @returns {boolean} whether one more may be sent */
  take(now) {
    if (now < this.nextAt()) return false;
    this.#dueAt = Math.max(this.#dueAt, now) + this.#interval;
    return true;
  }
}

/** One timer for whoever is due, at a time that a pure module named. Infinity is never. @param {number} at by performance.now() @param {() => void} run */
export function runAt(at, run) {
  return at === Infinity ? 0 : setTimeout(run, Math.max(at - performance.now(), 1));
}
