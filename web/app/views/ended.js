// After the call: why it ended, and the way back.
import { h, icon, wordmark } from '../dom.js';
import { t } from '../i18n.js';
import { checkLink } from './check-link.js';

/** @typedef {'left' | 'replaced' | 'removed' | 'ended' | 'expired' | 'failed'} Why */

/** A way back would lead nowhere. @type {ReadonlySet<Why>} */
const FINAL = new Set(['removed', 'ended', 'expired']);

export class EndedView {
  /** @param {{why: Why, reason: string, onRejoin: () => void, onHome: () => void, onCheck: () => void}} options */
  constructor({ why, reason, onRejoin, onHome, onCheck }) {
    this.heading = h('h1', { tabindex: -1 }, t(`ended.${why}`));
    this.element = h('div', { class: 'entry ended' },
      h('header', { class: 'entry-header' }, wordmark(t('app.name'))),
      h('main', { class: 'ended-main', 'data-testid': 'ended', 'data-why': why },
        h('div', { class: 'ended-card' },
          this.heading,
          h('p', {}, t(`ended.${why}Text`, { reason })),
          h('div', { class: 'button-row' },
            !FINAL.has(why) && h('button', { class: 'button primary', type: 'button', 'data-testid': 'rejoin', onclick: onRejoin }, icon('retry'), t(why === 'replaced' ? 'ended.useHere' : 'ended.rejoin')),
            h('button', { class: 'button', type: 'button', 'data-testid': 'home', onclick: onHome }, t('ended.home'))),
          why === 'failed' && checkLink(onCheck))));
  }

  close() {}
}
