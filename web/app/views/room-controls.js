// How the room is run, for those who run it; for the others, what holds.
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';

/** @typedef {import('./moderating.js').Moderating} Moderating */
/** @typedef {'locked' | 'waitingRoom' | 'muteOnEntry'} Rule */

/** @type {readonly Rule[]} */
const RULES = ['locked', 'waitingRoom', 'muteOnEntry'];

export class RoomControls {
  #moderating;
  /** @type {Map<Rule, HTMLInputElement>} */
  #switches = new Map();
  #muteAll;
  #end;

  /** @param {Moderating} moderating */
  constructor(moderating) {
    this.#moderating = moderating;
    this.#muteAll = h('button', { class: 'button small', type: 'button', 'data-testid': 'mute-all', onclick: () => void moderating.muteAll() }, icon('mic-off'), t('room.muteAll'));
    this.#end = h('button', { class: 'button small danger', type: 'button', 'data-testid': 'end-for-all', onclick: () => moderating.endForAll() }, icon('leave'), t('room.endForAll'));
    this.element = h('details', { class: 'room-controls', 'data-testid': 'room-controls', hidden: true },
      h('summary', {}, icon('shield'), h('span', {}, t('room.controls')), icon('chevron')),
      h('div', { class: 'room-controls-body' },
        ...RULES.map((rule) => this.#row(rule)),
        h('div', { class: 'button-row' }, this.#muteAll, this.#end)));
  }

  update() {
    const { may, owns, rules } = this.#moderating;
    this.element.hidden = !may;
    this.#end.hidden = !owns;
    for (const [rule, input] of this.#switches) input.checked = rules[rule];
  }

  /** @param {Rule} rule */
  #row(rule) {
    const input = h('input', {
      type: 'checkbox', role: 'switch', class: 'switch', 'data-testid': `rule-${rule}`,
      onchange: () => void this.#moderating.setRule(rule, input.checked),
    });
    this.#switches.set(rule, input);
    return h('label', { class: 'switch-row' },
      h('span', { class: 'switch-words' }, h('span', {}, t(`room.${rule}`)), h('span', { class: 'note' }, t(`room.${rule}Note`))), input);
  }
}
