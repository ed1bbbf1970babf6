// How long to wait before the next attempt to connect. No clock, no randomness of its own.

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5_000;
const FIRST_CONNECT_TIMEOUT = 4_000;
const LONGEST_CONNECT_TIMEOUT = 12_000;

/**
 * The first attempt is made at once; later ones are spread, so that a thousand clients
 * of a restarted server don't return in the same instant.
 * @param {number} attempt counted from 0
 * @param {number} random 0 ≤ random < 1
 */
export function retryDelay(attempt, random) {
  if (attempt === 0) return 0;
  const delay = Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY);
  return Math.round(delay * (0.5 + random / 2));
}

/**
 * A dead network swallows the first packets: give up soon at first, but let slow networks through in the end.
 * @param {number} attempt counted from 0
 */
export function connectTimeout(attempt) {
  return Math.min(FIRST_CONNECT_TIMEOUT + attempt * 2_000, LONGEST_CONNECT_TIMEOUT);
}
