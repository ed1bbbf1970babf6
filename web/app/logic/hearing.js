// Whether a microphone hears anything. No clock.

/** Of a LevelMeter: a voice at arm's length is about 0.5, a quiet room below 0.15. */
const HEARD = 0.25;
/** Long enough to read that one should say something, and to do it. */
const QUIET_AFTER_MS = 8_000;

export class Hearing {
  #since = -1;
  #heard = false;

  /** @param {number} level @param {number} now @returns {'waiting' | 'works' | 'quiet'} */
  handleLevel(level, now) {
    if (this.#since < 0) this.#since = now;
    this.#heard ||= level >= HEARD;
    if (this.#heard) return 'works';
    return now - this.#since >= QUIET_AFTER_MS ? 'quiet' : 'waiting';
  }
}
