// The short moment after a reload, until the call is back.
import { join } from '../../sdk/parlor.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { explain } from '../logic/wording.js';
import { settings } from '../settings.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').ParlorError} ParlorError */
/** @typedef {import('../local-media.js').LocalMedia} LocalMedia */

export class RejoinView {
  #options;
  #stop = new AbortController();
  #handedOver = false;

  /** @param {{room: string, media: LocalMedia, onJoined: (room: Room, media: LocalMedia) => void, onFailed: (reason: string) => void}} options */
  constructor(options) {
    this.#options = options;
    this.heading = h('h1', { tabindex: -1 }, t('rejoin.heading', { room: options.room }));
    this.element = h('div', { class: 'waiting' }, h('main', { role: 'status' }, h('span', { class: 'spinner', 'aria-hidden': 'true' }), this.heading));
    void this.#rejoin();
  }

  close() {
    this.#stop.abort();
    if (!this.#handedOver) this.#options.media.close();
  }

  async #rejoin() {
    const { room: name, media, onJoined, onFailed } = this.#options;
    try {
      const room = await join({ room: name, name: settings.values.name, signal: this.#stop.signal });
      this.#handedOver = true;
      onJoined(room, media);
      if (settings.values.microphoneOn) void media.setMicrophone(true);
      if (settings.values.cameraOn) void media.setCamera(true);
    } catch (error) {
      if (!this.#stop.signal.aborted) onFailed(explain(/** @type {ParlorError} */ (error)));
    }
  }
}
