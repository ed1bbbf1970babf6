// The list of keyboard shortcuts.
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { SHORTCUTS } from '../logic/shortcuts.js';
import { settings } from '../settings.js';
import { openDialog } from './dialog.js';

export function openHelp() {
  return openDialog({ title: t('help.heading'), closeLabel: t('help.close'), className: 'help' },
    h('dl', { class: 'shortcut-list' },
      ...SHORTCUTS.flatMap(({ keys, action }) => entry(keys, t(`help.${action}`))),
      ...entry('Esc', t('help.escape'))),
    h('p', { class: 'note' }, t(settings.values.shortcuts ? 'help.note' : 'help.off')));
}

/** @param {string} keys @param {string} words */
function entry(keys, words) {
  return [h('dt', {}, h('kbd', {}, keys)), h('dd', {}, words)];
}
