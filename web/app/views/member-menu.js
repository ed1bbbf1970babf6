// What can be done to one member: a menu beside the button that opens it, worked by keyboard like every menu.
import { fill, h, icon } from '../dom.js';
import { t } from '../i18n.js';

/** @typedef {import('../logic/moderation.js').Action} Action */
/** @typedef {import('../dom.js').IconName} IconName */

const GAP = 6;

/** @type {Readonly<Record<Action, IconName>>} */
const ICONS = {
  'mute-microphone': 'mic-off', 'mute-camera': 'camera-off', 'mute-screen': 'share', 'lower-hand': 'hand',
  'make-owner': 'crown', 'make-moderator': 'shield', 'make-speaker': 'mic', 'make-listener': 'sound', 'remove': 'remove', 'ban': 'ban',
};
const GRAVE = new Set(['remove', 'ban']);

export class MemberMenu {
  #onAction;
  /** @type {HTMLElement | null} */ #anchor = null;
  #memberId = '';

  /** @param {{onAction: (action: Action, memberId: string) => void}} options */
  constructor({ onAction }) {
    this.#onAction = onAction;
    this.element = h('div', {
      class: 'menu', popover: 'auto', role: 'menu', 'data-testid': 'member-menu', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
    });
    this.element.addEventListener('toggle', (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === 'closed') this.#closed();
    });
  }

  /** @param {{id: string, name: string}} member @param {readonly Action[]} actions @param {HTMLElement} anchor the button */
  open(member, actions, anchor) {
    this.element.hidePopover();
    this.#memberId = member.id;
    this.#anchor = anchor;
    this.element.setAttribute('aria-label', t('member.menu', { name: member.name }));
    fill(this.element, ...actions.map((action) => this.#item(action)));
    anchor.setAttribute('aria-expanded', 'true');
    this.element.showPopover();
    this.#place(anchor);
    this.#items()[0]?.focus();
  }

  /** The member has gone, or may not be acted upon any more. @param {(id: string) => boolean} isThere */
  update(isThere) {
    if (this.#anchor && !isThere(this.#memberId)) this.element.hidePopover();
  }

  /** @param {Action} action */
  #item(action) {
    return h('button', {
      type: 'button', role: 'menuitem', tabindex: -1, class: `menu-item ${GRAVE.has(action) ? 'grave' : ''}`, 'data-action': action,
      onclick: () => this.#chosen(action),
    }, icon(ICONS[action]), h('span', {}, t(`member.${action}`)));
  }

  /** @param {Action} action */
  #chosen(action) {
    const id = this.#memberId;
    this.element.hidePopover();
    this.#onAction(action, id);
  }

  #closed() {
    if (this.element.matches(':popover-open')) return;
    const anchor = this.#anchor;
    this.#anchor = null;
    anchor?.setAttribute('aria-expanded', 'false');
    const nowhere = document.activeElement === document.body || this.element.contains(document.activeElement);
    if (nowhere && anchor?.isConnected) anchor.focus();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const items = this.#items();
    const at = items.findIndex((item) => item === document.activeElement);
    const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === 'Tab') return this.element.hidePopover();
    if (goal === undefined) return;
    event.preventDefault();
    items.at(goal % items.length)?.focus();
  }

  /** @returns {HTMLElement[]} */
  #items() {
    return [...this.element.querySelectorAll('button')];
  }

  /** Below the button, or above it where there is no room. @param {HTMLElement} anchor */
  #place(anchor) {
    const box = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const x = Math.max(GAP, Math.min(box.right - width, innerWidth - width - GAP));
    const below = box.bottom + GAP;
    const y = below + height <= innerHeight - GAP ? below : Math.max(GAP, box.top - height - GAP);
    this.element.style.setProperty('--x', `${x}px`);
    this.element.style.setProperty('--y', `${y}px`);
  }
}
