// Tells speech from silence by a level over time, so that a ring does not flicker. No DOM.

/** -42 dBFS: the noise of a room stays below, speech at a normal distance above. */
const THRESHOLD = 0.3;
/** The pause between two words is shorter than this. */
const HOLD_MS = 700;

export class Speaking {
  #heardAt = Number.NEGATIVE_INFINITY;

  /**
   * @param {number} level 0 … 1
   * @param {number} now milliseconds
   * @returns {boolean} whether this is somebody who speaks
   */
  handleLevel(level, now) {
    if (level >= THRESHOLD) this.#heardAt = now;
    return now - this.#heardAt < HOLD_MS;
  }
}
