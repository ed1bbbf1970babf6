// One timer for whoever is due, at a time that a pure module named. Infinity is never.

/** @param {number} at by performance.now() @param {() => void} run */
export function runAt(at, run) {
  return at === Infinity ? 0 : setTimeout(run, Math.max(at - performance.now(), 1));
}
