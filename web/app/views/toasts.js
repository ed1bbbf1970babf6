// Short words that come and go. Read aloud by screen readers.
import { fill, h, icon } from '../dom.js';
import { t } from '../i18n.js';

/** @typedef {{text: string, title?: string, kind?: 'info' | 'good' | 'warning' | 'problem', key?: string, lasting?: boolean, action?: {label: string, run: () => void}}} Toast */

/** Long enough to find it and to read it slowly. */
const STAY_MS = 4500;
const STAY_MS_PER_CHARACTER = 60;
const MOST = 4;
const ICONS = /** @type {const} */ ({ info: null, good: 'check', warning: 'retry', problem: 'warning' });

export class Toasts {
  /** @type {Map<string, {element: HTMLElement, timer: number}>} */
  #shown = new Map();
  #count = 0;

  constructor() {
    this.element = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
  }

  /** A toast with the key of another one takes its place. @param {Toast} toast */
  show(toast) {
    const key = toast.key ?? `toast-${this.#count += 1}`;
    const kind = toast.kind ?? 'info';
    const symbol = ICONS[kind];
    const known = this.#shown.get(key);
    const element = known?.element ?? h('div', { onmouseenter: () => this.#hold(key), onfocusin: () => this.#hold(key), onmouseleave: () => this.#release(key, toast) });
    element.className = `toast ${kind}`;
    fill(element,
      symbol && icon(symbol),
      h('div', { class: 'toast-text' }, toast.title && h('p', { class: 'toast-title' }, toast.title), h('p', { dir: 'auto' }, toast.text)),
      toast.action && h('button', { class: 'button small', type: 'button', onclick: () => { toast.action?.run(); this.dismiss(key); } }, toast.action.label),
      h('button', { class: 'icon-button small', type: 'button', 'aria-label': t('toast.dismiss'), onclick: () => this.dismiss(key) }, icon('close')));
    if (!known) this.element.append(element);
    clearTimeout(known?.timer);
    this.#shown.set(key, { element, timer: 0 });
    this.#release(key, toast);
    this.#trim();
  }

  /** @param {string} key */
  dismiss(key) {
    const shown = this.#shown.get(key);
    clearTimeout(shown?.timer);
    shown?.element.remove();
    this.#shown.delete(key);
  }

  close() {
    for (const key of [...this.#shown.keys()]) this.dismiss(key);
  }

  /** Who reads it keeps it. @param {string} key */
  #hold(key) {
    clearTimeout(this.#shown.get(key)?.timer);
  }

  /** @param {string} key @param {Toast} toast */
  #release(key, toast) {
    const shown = this.#shown.get(key);
    if (!shown || toast.lasting || toast.kind === 'problem') return;
    clearTimeout(shown.timer);
    shown.timer = window.setTimeout(() => this.dismiss(key), STAY_MS + toast.text.length * STAY_MS_PER_CHARACTER);
  }

  #trim() {
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > MOST && oldest !== undefined) this.dismiss(oldest);
  }
}
