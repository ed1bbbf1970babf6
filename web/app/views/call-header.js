// The line above the stage: where am I, does it work, whom can I ask to come.
import { h, icon, wordmark } from '../dom.js';
import { t } from '../i18n.js';
import { stateWord } from '../logic/wording.js';

export class CallHeader {
  #words = h('span', {});
  #state = h('p', { class: 'connection', role: 'status', 'data-testid': 'connection-state' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), this.#words);

  #locked = h('p', { class: 'room-locked', 'data-testid': 'room-locked', title: t('call.lockedTip'), hidden: true }, icon('lock'), h('span', {}, t('call.locked')));

  /** @param {{room: string, onCopyLink: () => void, onSettings: () => void, onHelp: () => void}} options */
  constructor({ room, onCopyLink, onSettings, onHelp }) {
    this.heading = h('h1', { tabindex: -1, title: room }, h('span', { class: 'visually-hidden' }, `${t('prejoin.room')} `), h('bdi', {}, room));
    this.element = h('header', { class: 'call-header' },
      wordmark(t('app.name')),
      h('div', { class: 'call-title' }, this.heading, h('div', { class: 'call-states' }, this.#state, this.#locked)),
      h('button', { class: 'button dark copy', type: 'button', 'data-testid': 'copy-link', 'aria-label': t('call.copyLink'), title: t('call.copyLink'), onclick: onCopyLink }, icon('link'), h('span', { class: 'wide-only' }, t('call.copyLink'))),
      h('button', { class: 'icon-button help-button', type: 'button', 'aria-label': t('call.help'), title: `${t('call.help')} (?)`, onclick: onHelp }, icon('keyboard')),
      h('button', { class: 'icon-button', type: 'button', 'data-testid': 'settings', 'aria-label': t('call.settings'), title: t('call.settings'), onclick: onSettings }, icon('settings')));
  }

  /** @param {boolean} locked */
  showLocked(locked) {
    this.#locked.hidden = !locked;
  }

  /** @param {string} state */
  showState(state) {
    const words = stateWord(state);
    if (this.#words.textContent !== words) this.#words.textContent = words;
    this.#state.dataset['state'] = state;
  }
}
