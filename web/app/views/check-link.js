// The way to the page that checks the connection. During a call it opens beside it.
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';

/** @param {() => void} [onFollow] without it: in a tab of its own */
export function checkLink(onFollow) {
  return h('a', {
    class: 'check-link', href: '/check', 'data-testid': 'check-link', ...(onFollow ? {} : { target: '_blank', rel: 'noopener' }),
    onclick: (/** @type {MouseEvent} */ event) => {
      if (!onFollow || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      onFollow();
    },
  }, icon('pulse'), t('check.link'));
}
