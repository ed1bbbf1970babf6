// Who has raised a hand, in the order in which they did.
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { avatar } from './avatar.js';
import { KeyedList } from './keyed-list.js';

/** @typedef {import('../../sdk/parlor.js').Member} Member */
/** @typedef {import('./moderating.js').Moderating} Moderating */

export class HandList {
  #moderating;
  #list;

  /** @param {Moderating} moderating */
  constructor(moderating) {
    this.#moderating = moderating;
    const list = h('ol', { class: 'hand-list', 'data-testid': 'hand-list' });
    this.#list = new KeyedList({ element: list, keyOf: (/** @type {Member} */ member) => member.id, make: (member) => this.#row(member) });
    this.element = h('section', { class: 'people-section', hidden: true },
      h('div', { class: 'people-section-head' }, h('h3', { class: 'people-title' }, t('hand.heading'))), list);
  }

  update() {
    const { hands } = this.#moderating;
    this.element.hidden = hands.length === 0;
    this.#list.update(hands);
  }

  /** @param {Member} member @returns {import('./keyed-list.js').Row<Member>} */
  #row(member) {
    const place = h('span', { class: 'hand-place', 'aria-hidden': 'true' });
    const name = h('bdi', {});
    const lower = h('button', { class: 'icon-button small', type: 'button', 'data-testid': 'lower-hand', title: t('member.lower-hand'), onclick: () => void this.#moderating.lowerHand(member) }, icon('close'));
    const element = h('li', { class: 'person-row', 'data-hand': member.id }, place, avatar(member.name), h('p', { class: 'person-words person-name' }, name), lower);
    return {
      element,
      update: (now, index) => {
        place.textContent = String(index + 1);
        name.textContent = now.isMe ? t('call.nameYou', { name: now.name }) : now.name;
        lower.hidden = !now.isMe && !this.#moderating.standingTo(now).isAbove;
        lower.setAttribute('aria-label', t('hand.lowerOf', { name: now.name }));
      },
    };
  }
}
