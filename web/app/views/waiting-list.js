// Those who wait to be let in, on top of the people panel.
import { fill, h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { avatar } from './avatar.js';
import { KeyedList } from './keyed-list.js';

/** @typedef {import('./moderating.js').Moderating} Moderating */
/** @typedef {import('./moderating.js').Knocker} Knocker */

export class WaitingList {
  #moderating;
  #title = h('h3', { class: 'people-title' });
  #all;
  #list;

  /** @param {Moderating} moderating */
  constructor(moderating) {
    this.#moderating = moderating;
    const list = h('ul', { class: 'waiting-list', 'data-testid': 'waiting-list' });
    this.#all = h('button', { class: 'button small', type: 'button', 'data-testid': 'admit-all', onclick: () => void moderating.admitAll() }, t('waiting.admitAll'));
    this.#list = new KeyedList({ element: list, keyOf: (/** @type {Knocker} */ knocker) => knocker.id, make: (knocker) => this.#row(knocker) });
    this.element = h('section', { class: 'people-section waiting-section', hidden: true },
      h('div', { class: 'people-section-head' }, this.#title, this.#all), list);
  }

  update() {
    const { waiting } = this.#moderating;
    this.element.hidden = waiting.length === 0;
    this.#all.hidden = waiting.length < 2;
    this.#title.textContent = t('waiting.heading', { count: waiting.length });
    this.#list.update(waiting);
  }

  /** @param {Knocker} knocker @returns {import('./keyed-list.js').Row<Knocker>} */
  #row(knocker) {
    const { name } = knocker;
    const admit = h('button', { class: 'button small primary', type: 'button', 'data-testid': 'admit', 'aria-label': t('waiting.admitOne', { name }), onclick: () => void this.#moderating.admit(knocker) }, t('waiting.admit'));
    const deny = h('button', { class: 'button small', type: 'button', 'data-testid': 'deny', 'aria-label': t('waiting.denyOne', { name }), onclick: () => void this.#moderating.deny(knocker) }, t('waiting.deny'));
    const element = h('li', { class: 'person-row', 'data-waiting': knocker.id }, avatar(name),
      h('div', { class: 'person-words' }, h('p', { class: 'person-name' }, h('bdi', {}, name)), knocker.identity && h('p', { class: 'person-state' }, h('bdi', {}, knocker.identity))),
      h('div', { class: 'waiting-buttons' }, admit, deny));
    return { element, update: () => undefined };
  }
}

/** The same, in one line above the toolbar: for whoever has the panel closed. */
export class KnockBanner {
  #moderating;
  #onSee;
  #words = h('p', {});
  #buttons = h('div', { class: 'button-row' });
  #shown = '';

  /** @param {{moderating: Moderating, onSee: () => void}} options */
  constructor({ moderating, onSee }) {
    this.#moderating = moderating;
    this.#onSee = onSee;
    this.element = h('section', { class: 'banner knock', 'aria-label': t('waiting.region'), 'data-testid': 'knock', hidden: true },
      icon('door'), h('div', { class: 'knock-words', role: 'status', 'aria-live': 'polite' }, this.#words), this.#buttons);
  }

  /** @param {boolean} panelIsOpen it says the same */
  update(panelIsOpen) {
    const { waiting } = this.#moderating;
    const [first] = waiting;
    const hadFocus = this.element.contains(document.activeElement);
    this.element.hidden = first === undefined || panelIsOpen;
    const shown = waiting.map(({ id }) => id).join();
    if (shown === this.#shown || first === undefined) { this.#shown = shown; return; }
    this.#shown = shown;
    this.#words.textContent = waiting.length === 1 ? t('waiting.knocks', { name: first.name }) : t('waiting.knocksMany', { count: waiting.length, name: first.name });
    const one = waiting.length === 1;
    fill(this.#buttons,
      one && h('button', { class: 'button small primary', type: 'button', 'data-testid': 'knock-admit', 'aria-label': t('waiting.admitOne', { name: first.name }), onclick: () => void this.#moderating.admit(first) }, t('waiting.admit')),
      one && h('button', { class: 'button small', type: 'button', 'data-testid': 'knock-deny', 'aria-label': t('waiting.denyOne', { name: first.name }), onclick: () => void this.#moderating.deny(first) }, t('waiting.deny')),
      !one && h('button', { class: 'button small primary', type: 'button', 'data-testid': 'knock-see', onclick: this.#onSee }, t('waiting.see')));
    if (hadFocus) this.#buttons.querySelector('button')?.focus();
  }
}
