// A window above the page: Escape closes it, the focus stays inside and returns afterwards.
import { h, icon, uniqueId } from '../dom.js';

/** @typedef {import('../dom.js').Child} Child */

/**
 * @param {{title: string, closeLabel: string, className: string, onClosed?: () => void}} options
 * @param {...Child} children
 */
export function openDialog({ title, closeLabel, className, onClosed }, ...children) {
  const id = uniqueId('dialog');
  const dialog = h('dialog', {
    class: `dialog ${className}`, 'aria-labelledby': id,
    // The dialog has no padding of its own, so that a click on it is a click beside its content.
    onclick: (/** @type {Event} */ event) => { if (event.target === dialog) dialog.close(); },
    onclose: () => { dialog.remove(); onClosed?.(); },
  }, h('div', { class: 'dialog-inner' },
    h('header', { class: 'panel-header' }, h('h2', { id }, title),
      h('button', { class: 'icon-button', type: 'button', 'aria-label': closeLabel, title: closeLabel, onclick: () => dialog.close() }, icon('close'))),
    ...children));
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
