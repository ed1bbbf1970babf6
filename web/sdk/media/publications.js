// What this member shares with the others: tracks by source, muted or not, the streams that they travel in, and what the server knows of it.

import { ParlorError } from '../errors.js';
/** @import { PublicationHooks, PublishOptions, Slot, Publication, Source, SourceState } from '../internal.js' */

export const SOURCES = /** @type {const} */ (['microphone', 'camera', 'screen']);

export class Publications {
  /** @type {Map<Source, Publication>} */ #published = new Map();
  // The ids of these streams tell the others which track is which, so they stay the same for the whole stay.
  #media;
  #screen;
  #hooks;
  /** What the server was told of each source. @type {Partial<Record<Source, SourceState>>} */ #said = {};
  #unanswered = 0;

  /** @param {boolean} rtc whether there will be peer connections @param {PublicationHooks} hooks */
  constructor(rtc, hooks) {
    this.#media = rtc ? new MediaStream() : null;
    this.#screen = rtc ? new MediaStream() : null;
    this.#hooks = hooks;
  }

  /** @param {Source} source @param {MediaStream} stream @param {PublishOptions} [options] */
  publish(source, stream, { muted = this.#published.get(source)?.muted ?? false } = {}) {
    const tracks = tracksFor(source, stream);
    this.#remove(source);
    const publication = { tracks, muted };
    this.#published.set(source, publication);
    for (const track of tracks) {
      track.enabled = !muted;
      this.#groupOf(source)?.addTrack(track);
      track.addEventListener('ended', () => {
        if (this.#published.get(source) !== publication) return;
        this.unpublish(source);
        this.#hooks.onEnded(source);
      });
    }
    this.#announce();
  }

  /** @param {Source} source */
  unpublish(source) {
    this.#remove(source);
    this.#announce();
  }

  /** @param {Source} source @param {boolean} muted */
  setMuted(source, muted) {
    this.#mute(source, muted);
    this.#announce();
  }

  /** Whatever was said before: the server knows what it says of me. */
  tell() {
    this.#said = { ...this.#hooks.me()?.face.sources };
    this.#announce();
  }

  /** What was muted or forbidden here by others. */
  obey() {
    const me = this.#hooks.me();
    if (!me || this.#unanswered) return;
    for (const source of SOURCES) {
      const state = me.state(source);
      if (state === this.state(source)) continue;
      this.#said[source] = state;
      if (state === 'off') this.#remove(source);
      else this.#mute(source, state === 'muted');
      this.#hooks.onChange();
    }
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

  /** @param {Source} source @returns {SourceState} */
  state(source) { return stateOf(this.#published.get(source)); }

  #announce() {
    this.#hooks.onChange();
    for (const source of SOURCES) {
      const state = this.state(source);
      if (state === this.#said[source]) continue;
      this.#said[source] = state;
      this.#unanswered += 1;
      this.#hooks.request(state === 'off' ? { type: 'unpublish', source } : { type: 'publish', source, muted: state === 'muted' })
        .catch(() => {}).finally(() => { this.#unanswered -= 1; this.obey(); });
    }
  }

  /** @param {Source} source */
  #remove(source) {
    for (const track of this.#published.get(source)?.tracks ?? []) this.#groupOf(source)?.removeTrack(track);
    this.#published.delete(source);
  }

  /** @param {Source} source @param {boolean} muted */
  #mute(source, muted) {
    const publication = this.#published.get(source);
    if (!publication) throw new ParlorError('bad-argument', { message: `No ${source} is published` });
    publication.muted = muted;
    for (const track of publication.tracks) track.enabled = !muted;
  }

  /** @param {Source} source */
  #groupOf(source) {
    return source === 'screen' ? this.#screen : this.#media;
  }
}

/** @param {{muted: boolean} | undefined} published @returns {SourceState} */
export function stateOf(published) {
  return published ? (published.muted ? 'muted' : 'on') : 'off';
}

/** @param {Source} source @param {MediaStream} stream */
function tracksFor(source, stream) {
  if (!SOURCES.includes(source)) throw new ParlorError('bad-argument', { message: `No such source: ${source}` });
  const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
  const wanted = source === 'microphone' ? [audio] : source === 'camera' ? [video] : [video, audio];
  const tracks = wanted.filter((track) => track !== undefined);
  if (!tracks.length) throw new ParlorError('bad-argument', { message: `The stream has no track for ${source}` });
  return tracks;
}
