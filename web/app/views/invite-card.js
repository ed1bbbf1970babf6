// What somebody alone in a room sees beside their own picture: the link, ready to be sent.
import { h, icon, uniqueId } from '../dom.js';
import { t } from '../i18n.js';

export class InviteCard {
  /** @param {{link: string, onCopy: () => void}} options */
  constructor({ link, onCopy }) {
    const id = uniqueId('link');
    const field = h('input', { id, type: 'text', readonly: true, value: link, dir: 'ltr', onfocus: () => field.select() });
    const canShare = 'share' in navigator && matchMedia('(pointer: coarse)').matches;
    this.element = h('section', { class: 'tile invite', 'data-testid': 'invite' },
      h('div', { class: 'invite-inner' },
        h('h2', {}, t('alone.heading')),
        h('p', {}, t('alone.text')),
        h('label', { for: id, class: 'visually-hidden' }, t('alone.link')),
        h('div', { class: 'field-row' }, field,
          h('button', { class: 'button primary', type: 'button', 'data-testid': 'invite-copy', onclick: onCopy }, icon('link'), t('call.copyLink'))),
        canShare && h('button', { class: 'button', type: 'button', onclick: () => void navigator.share({ url: link }).catch(() => undefined) }, icon('send-out'), t('alone.share'))));
  }
}
