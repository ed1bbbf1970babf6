// In front of a room whose door somebody has to open: says so, and lets go.
import { h } from '../dom.js';
import { t } from '../i18n.js';

export class WaitCard {
  #heading = h('h1', { tabindex: -1 }, t('wait.heading'));

  /** @param {{room: string, onCancel: () => void}} options */
  constructor({ room, onCancel }) {
    this.element = h('section', { class: 'wait-card', role: 'status', 'aria-live': 'polite', 'data-testid': 'waiting', hidden: true },
      h('span', { class: 'wait-door', 'aria-hidden': 'true' }),
      this.#heading,
      h('p', { class: 'join-room' }, h('bdi', {}, room)),
      h('p', {}, t('wait.text')),
      h('button', { class: 'button', type: 'button', 'data-testid': 'stop-waiting', onclick: onCancel }, t('wait.cancel')));
  }

  /** @param {boolean} waiting */
  show(waiting) {
    this.element.hidden = !waiting;
    if (waiting) this.#heading.focus();
  }
}
