// A level meter that also works on a page which nobody has clicked yet.
import { LevelMeter } from '../sdk/media/level.js';

export class Meter {
  #stream;
  #meter;
  #stop = new AbortController();

  /** @param {MediaStream} stream */
  constructor(stream) {
    this.#stream = stream;
    this.#meter = new LevelMeter(stream);
    if (navigator.userActivation?.hasBeenActive !== false) return;
    // A browser keeps the sound of an untouched page asleep, and does not wake it by itself.
    for (const type of ['pointerup', 'keydown']) addEventListener(type, () => this.#restart(), { signal: this.#stop.signal });
  }

  /** 0 … 1 */
  get level() {
    return this.#meter.level;
  }

  stop() {
    this.#stop.abort();
    this.#meter.stop();
  }

  #restart() {
    if (!navigator.userActivation.hasBeenActive) return;
    this.#stop.abort();
    this.#meter.stop();
    this.#meter = new LevelMeter(this.#stream);
  }
}
