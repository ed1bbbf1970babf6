// The short moment after a reload, until the call is back.
import { join } from '../../sdk/parlor.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { invited } from '../invitation.js';
import { explain } from '../logic/wording.js';
import { settings } from '../settings.js';
import { WaitCard } from './wait-card.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').ParlorError} ParlorError */
/** @typedef {import('../local-media.js').LocalMedia} LocalMedia */

export class RejoinView {
  #options;
  #stop = new AbortController();
  #handedOver = false;
  #words;
  #wait;

  /** @param {{room: string, media: LocalMedia, onJoined: (room: Room, media: LocalMedia) => void, onFailed: (reason: string) => void, onCancel: () => void}} options */
  constructor(options) {
    this.#options = options;
    this.heading = h('h1', { tabindex: -1 }, t('rejoin.heading', { room: options.room }));
    this.#wait = new WaitCard({ room: options.room, onCancel: options.onCancel });
    this.#words = h('div', { class: 'waiting-words', role: 'status' }, h('span', { class: 'spinner', 'aria-hidden': 'true' }), this.heading);
    this.element = h('div', { class: 'waiting' }, h('main', {}, this.#words, this.#wait.element));
    void this.#rejoin();
  }

  close() {
    this.#stop.abort();
    if (!this.#handedOver) this.#options.media.close();
  }

  async #rejoin() {
    const { room: name, media, onJoined, onFailed } = this.#options;
    try {
      const room = await join({ ...invited(name), name: settings.values.name, signal: this.#stop.signal, onWaiting: () => this.#waits() });
      this.#handedOver = true;
      onJoined(room, media);
      if (settings.values.microphoneOn) void media.setMicrophone(true);
      if (settings.values.cameraOn) void media.setCamera(true);
    } catch (error) {
      if (!this.#stop.signal.aborted) onFailed(explain(/** @type {ParlorError} */ (error)));
    }
  }

  #waits() {
    this.#words.hidden = true;
    this.#wait.show(true);
    document.title = t('wait.title', { room: this.#options.room });
  }
}
