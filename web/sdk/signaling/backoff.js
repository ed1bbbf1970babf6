// How long to wait before an attempt to connect, and for it.

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5_000;
const FIRST_TIMEOUT = 4_000;
const LONGEST_TIMEOUT = 12_000;

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
