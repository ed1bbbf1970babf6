// What holds for the moment and wants an eye on it: blocked sound, my shared screen, talking by the space bar.
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';

export class Banners {
  #startAudio;
  #sharing;
  #talking = h('div', { class: 'banner talking', role: 'status', hidden: true }, icon('mic'), h('p', {}, t('call.talking')));

  #missing = h('p', {});
  #missingBanner = h('div', { class: 'banner', role: 'status', 'data-testid': 'missing', hidden: true }, icon('sound'), this.#missing);

  /** @param {{onStartAudio: () => void, onStopSharing: () => void}} options */
  constructor({ onStartAudio, onStopSharing }) {
    this.#startAudio = h('div', { class: 'banner', hidden: true },
      h('button', { class: 'button primary', type: 'button', 'data-testid': 'start-audio', onclick: onStartAudio }, icon('sound'), t('call.startAudio')),
      h('p', {}, t('call.startAudioWhy')));
    this.#sharing = h('div', { class: 'banner', hidden: true },
      h('p', {}, t('call.sharing')),
      h('button', { class: 'button small', type: 'button', onclick: onStopSharing }, t('call.stopSharing')));
    this.element = h('div', { class: 'banners' }, this.#startAudio, this.#missingBanner, this.#sharing, this.#talking);
  }

  /** @param {boolean} blocked */
  showSoundBlocked(blocked) {
    this.#startAudio.hidden = !blocked;
  }

  /** @param {boolean} sharing */
  showSharing(sharing) {
    this.#sharing.hidden = !sharing;
  }

  /** @param {string} words why buttons are missing; empty: none are */
  showMissing(words) {
    this.#missingBanner.hidden = words === '';
    if (this.#missing.textContent !== words) this.#missing.textContent = words;
  }

  /** @param {boolean} talking */
  showTalking(talking) {
    this.#talking.hidden = !talking;
  }
}
