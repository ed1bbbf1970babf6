// A question before something that can't be taken back.
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { openDialog } from './dialog.js';

/** @param {{title: string, text: string, confirm: string, onConfirm: () => void, choice?: HTMLElement}} options */
export function openConfirm({ title, text, confirm, onConfirm, choice }) {
  const cancel = h('button', { class: 'button', type: 'button', 'data-testid': 'cancel', onclick: () => dialog.close() }, t('confirm.cancel'));
  const agree = h('button', { class: 'button danger-full', type: 'button', 'data-testid': 'confirm', onclick: () => { dialog.close(); onConfirm(); } }, confirm);
  const dialog = openDialog({ title, closeLabel: t('confirm.cancel'), className: 'confirm' },
    h('div', { class: 'confirm-body' }, h('p', {}, text), choice, h('div', { class: 'button-row' }, cancel, agree)));
  cancel.focus();
}
