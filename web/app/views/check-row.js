// One line of the check: what was looked at, what came out, and the details on demand.
import { fill, h, icon } from '../dom.js';
import { t } from '../i18n.js';

/** @typedef {'good' | 'warning' | 'problem' | 'unknown' | 'waiting' | 'running'} RowLevel */
/** @typedef {{level: RowLevel, words: string, facts: {name: string, value: string}[]}} RowLook */

const ICONS = /** @type {const} */ ({ good: 'check', warning: 'warning', problem: 'close', unknown: 'minus' });

export class CheckRow {
  #name;
  #shown = '';

  /** @param {import('../logic/check-words.js').Part} part */
  constructor(part) {
    this.#name = t(`check.step.${part}`);
    this.element = h('li', { class: 'check-row', 'data-check': part });
    this.show({ level: 'waiting', words: '', facts: [] });
  }

  /** @param {RowLook} look */
  show(look) {
    const shown = JSON.stringify(look);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const open = this.element.querySelector('details')?.open ?? false;
    const focused = this.element.contains(document.activeElement);
    this.element.dataset['level'] = look.level;
    fill(this.element, look.facts.length > 0 ? this.#withDetails(look, open) : h('div', { class: 'check-line' }, ...this.#line(look)));
    if (focused) this.element.querySelector('summary')?.focus();
  }

  /** @param {RowLook} look @param {boolean} open */
  #withDetails(look, open) {
    return h('details', { open },
      h('summary', { class: 'check-line' }, ...this.#line(look), icon('chevron')),
      h('dl', { class: 'check-facts' }, ...look.facts.flatMap(({ name, value }) => [h('dt', {}, name), h('dd', {}, h('bdi', {}, value))])));
  }

  /** @param {RowLook} look */
  #line({ level, words }) {
    return [
      h('span', { class: 'check-mark' },
        level === 'running' ? h('span', { class: 'spinner', 'aria-hidden': 'true' }) : level === 'waiting' ? null : icon(ICONS[level]),
        h('span', { class: 'visually-hidden' }, `${t(`check.status.${level}`)}: `)),
      h('span', { class: 'check-words' }, h('span', { class: 'check-name' }, this.#name), words !== '' && h('span', { class: 'check-said' }, words)),
    ];
  }
}
