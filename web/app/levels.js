// Listens to everybody's level and tells who is speaking.
import { Speaking } from './logic/speaking.js';
import { Meter } from './meter.js';

const EVERY_MS = 100;

export class Levels {
  /** @type {Map<string, {trackId: string, meter: Meter, speaking: Speaking}>} */
  #watched = new Map();
  #timer;

  /** @param {(id: string, speaking: boolean) => void} onSpeaking */
  constructor(onSpeaking) {
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const [id, { meter, speaking }] of this.#watched) onSpeaking(id, speaking.handleLevel(meter.level, now));
    }, EVERY_MS);
  }

  /**
   * @param {string} id
   * @param {MediaStream | null} stream
   * @param {(id: string, speaking: boolean) => void} [onSilent] told once when there is nothing more to listen to
   */
  watch(id, stream, onSilent) {
    const track = stream?.getAudioTracks().find((candidate) => candidate.readyState === 'live');
    const known = this.#watched.get(id);
    if (known?.trackId === track?.id) return;
    known?.meter.stop();
    this.#watched.delete(id);
    if (stream && track) this.#watched.set(id, { trackId: track.id, meter: new Meter(stream), speaking: new Speaking() });
    else onSilent?.(id, false);
  }

  close() {
    clearInterval(this.#timer);
    for (const { meter } of this.#watched.values()) meter.stop();
    this.#watched.clear();
  }
}
