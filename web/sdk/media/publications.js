// What this member shares with the others: tracks by source, muted or not, and the attributes that announce them.

import { ParlorError } from '../errors.js';
/** @import { PublishOptions, Slot, Publication, Source } from '../internal.js' */

/** @type {Record<Source, string>} */
const ATTRIBUTES = { microphone: 'mic', camera: 'camera', screen: 'screen' };

export class Publications {
  /** @type {Map<Source, Publication>} */ #published = new Map();
  // The ids of these streams tell the others which track is which, so they stay the same for the whole stay.
  #media;
  #screen;
  #onEnded;

  /**
   * @param {boolean} rtc whether there will be peer connections
   * @param {(source: Source) => void} onEnded a track ended by itself: unplugged, or stopped in the browser's own bar
   */
  constructor(rtc, onEnded) {
    this.#media = rtc ? new MediaStream() : null;
    this.#screen = rtc ? new MediaStream() : null;
    this.#onEnded = onEnded;
  }

  /** @param {Source} source @param {MediaStream} stream @param {PublishOptions} [options] */
  publish(source, stream, { muted = this.#published.get(source)?.muted ?? false } = {}) {
    const tracks = tracksFor(source, stream);
    this.unpublish(source);
    const publication = { tracks, muted };
    this.#published.set(source, publication);
    for (const track of tracks) {
      track.enabled = !muted;
      this.#groupOf(source)?.addTrack(track);
      track.addEventListener('ended', () => {
        if (this.#published.get(source) === publication) this.#onEnded(source);
      });
    }
  }

  /** @param {Source} source */
  unpublish(source) {
    for (const track of this.#published.get(source)?.tracks ?? []) this.#groupOf(source)?.removeTrack(track);
    this.#published.delete(source);
  }

  /** @param {Source} source @param {boolean} muted */
  setMuted(source, muted) {
    const publication = this.#published.get(source);
    if (!publication) throw new ParlorError('bad-argument', { message: `No ${source} is published` });
    publication.muted = muted;
    for (const track of publication.tracks) track.enabled = !muted;
  }

  /** @returns {Map<string, Slot>} */
  slots() {
    const slots = new Map();
    for (const [source, { tracks }] of this.#published) {
      for (const track of tracks) slots.set(`${source}/${track.kind}`, { track, stream: this.#groupOf(source) });
    }
    return slots;
  }

  /** By which the others know the tracks. @returns {Record<string, string>} */
  streamAttributes() {
    return this.#media && this.#screen ? { 'media-stream': this.#media.id, 'screen-stream': this.#screen.id } : {};
  }

  /** @returns {Record<string, string | null>} null: to be removed */
  sourceAttributes() {
    return Object.fromEntries(Object.entries(ATTRIBUTES).map(([source, attribute]) => {
      const publication = this.#published.get(/** @type {Source} */ (source));
      return [attribute, publication ? (publication.muted ? 'muted' : 'on') : null];
    }));
  }

  /** @param {Source} source */
  #groupOf(source) {
    return source === 'screen' ? this.#screen : this.#media;
  }
}

/**
 * @param {Readonly<Record<string, string>>} attributes
 * @returns {Readonly<Record<Source, import('../types.js').SourceState>>}
 */
export function sourcesIn(attributes) {
  const state = (/** @type {Source} */ source) => {
    const value = attributes[ATTRIBUTES[source]];
    return value === 'on' || value === 'muted' ? value : 'off';
  };
  return { microphone: state('microphone'), camera: state('camera'), screen: state('screen') };
}

/** @param {Source} source @param {MediaStream} stream */
function tracksFor(source, stream) {
  if (!(source in ATTRIBUTES)) throw new ParlorError('bad-argument', { message: `No such source: ${source}` });
  const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
  const wanted = source === 'microphone' ? [audio] : source === 'camera' ? [video] : [video, audio];
  const tracks = wanted.filter((track) => track !== undefined);
  if (!tracks.length) throw new ParlorError('bad-argument', { message: `The stream has no track for ${source}` });
  return tracks;
}
