// A button that is on or off: microphone, camera, and everything of that kind.
import { h, icon, setIcon } from '../dom.js';

/**
 * @typedef {object} ToggleOptions
 * @property {string} testid
 * @property {import('../dom.js').IconName} icon
 * @property {import('../dom.js').IconName} [iconOff]
 * @property {string} label the whole name, which stays the same: `aria-pressed` says the state
 * @property {string} [short] what is written below the icon: the beginning of the name, for who speaks to the computer
 * @property {string} [className]
 * @property {() => void} onPress
 */

export class ToggleButton {
  #options;
  #icon;
  #badge = h('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });

  /** @param {ToggleOptions} options */
  constructor(options) {
    this.#options = options;
    this.#icon = icon(options.icon);
    this.element = h('button', {
      type: 'button', class: `tool ${options.className ?? ''}`, 'data-testid': options.testid,
      'aria-label': options.label, 'aria-pressed': 'false',
      // A mouse click leaves the focus where it was: the space bar stays free for talking.
      onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
      onclick: () => options.onPress(),
    }, h('span', { class: 'tool-icon' }, this.#icon), h('span', { class: 'tool-label' }, options.short ?? options.label), ' ', this.#badge);
  }

  /** @param {{pressed: boolean, tip: string, busy?: boolean, trouble?: boolean}} state */
  update({ pressed, tip, busy = false, trouble = false }) {
    this.element.setAttribute('aria-pressed', String(pressed));
    this.element.title = tip;
    this.element.classList.toggle('busy', busy);
    this.element.classList.toggle('trouble', trouble);
    setIcon(this.#icon, pressed ? this.#options.icon : (this.#options.iconOff ?? this.#options.icon));
  }

  /** @param {string} text @param {string} label the whole name, badge included */
  setBadge(text, label) {
    this.#badge.textContent = text;
    this.#badge.hidden = text === '';
    this.element.setAttribute('aria-label', label);
  }
}
