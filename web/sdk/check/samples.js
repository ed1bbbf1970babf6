// What a row of round trips says: their middle, how they vary, how many are missing. No clock.
/** @import { Samples } from './types.js' */

/** @param {number} sent @param {number[]} times in ms, of those that came back @returns {Samples} */
export function summary(sent, times) {
  return {
    sent,
    rttMs: rounded(middle(times)),
    jitterMs: times.length > 1 ? rounded(variation(times)) : null,
    lossPercent: sent > 0 ? Math.round((100 * Math.max(sent - times.length, 0)) / sent) : 0,
  };
}

/** One late packet says nothing about the others, so not the mean. @param {number[]} times */
function middle(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** Between neighbours, as RFC 3550 does it, without its smoothing. @param {number[]} times */
function variation(times) {
  const steps = times.slice(1).map((time, index) => Math.abs(time - (times[index] ?? time)));
  return steps.reduce((sum, step) => sum + step, 0) / steps.length;
}

/** @param {number | null} ms */
function rounded(ms) {
  return ms === null ? null : Math.round(ms);
}
