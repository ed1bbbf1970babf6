// How loud a stream is.

/** Speech at a normal distance is about -30 dBFS, silence in a room below -60. */
const QUIETEST_DB = -60;

/** How loud a stream is, for the bars beside a microphone. */
export class LevelMeter {
  #context;
  #analyser;
  #samples;

  /** @param {MediaStream} stream with an audio track */
  constructor(stream) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 512;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    // Suspended until the first click on the page: the level is 0 until then.
    this.#context.resume().catch(() => {});
  }

  /** 0 to 1, linear in decibels, as ears are. */
  get level() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    const decibels = 10 * Math.log10(power);
    return Math.max(0, Math.min(1, 1 - decibels / QUIETEST_DB));
  }

  stop() {
    this.#context.close().catch(() => {});
  }
}
