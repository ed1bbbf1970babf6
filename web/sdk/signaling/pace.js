// How fast requests may follow each other: some at once, then evenly. No clock.

/** Staying below the server's limit leaves room for pings and acks. */
const SHARE = 0.75;

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
