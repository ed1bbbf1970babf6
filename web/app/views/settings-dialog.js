// The settings: name, devices, appearance, shortcuts.
import { h, icon, uniqueId } from '../dom.js';
import { t } from '../i18n.js';
import { cleanName, NAME_LIMIT } from '../logic/limits.js';
import { settings } from '../settings.js';
import { DeviceChoice } from './device-choice.js';
import { openDialog } from './dialog.js';

/** @typedef {import('../local-media.js').LocalMedia} LocalMedia */
/** @typedef {import('../settings.js').Theme} Theme */

/** @param {{media: LocalMedia, name: string, onName: (name: string) => void, onHelp: () => void}} options */
export function openSettings({ media, name, onName, onHelp }) {
  const choice = new DeviceChoice(media);
  const nameId = uniqueId('name');
  const field = h('input', { id: nameId, type: 'text', dir: 'auto', maxlength: NAME_LIMIT, value: name, autocomplete: 'nickname' });
  const save = () => {
    const cleaned = cleanName(field.value);
    if (cleaned !== '' && cleaned !== name) onName(cleaned);
  };
  const dialog = openDialog({
    title: t('settings.heading'), closeLabel: t('settings.close'), className: 'settings',
    onClosed: () => { choice.close(); save(); },
  },
  h('form', { class: 'settings-form', onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); dialog.close(); } },
    h('div', { class: 'settings-row' }, h('label', { for: nameId }, t('settings.name')), field),
    choice.element,
    themeChoice(),
    shortcutSwitch(),
    h('div', { class: 'button-row' },
      h('button', { class: 'button quiet', type: 'button', onclick: () => { dialog.close(); onHelp(); } }, icon('keyboard'), t('settings.showShortcuts')),
      h('button', { class: 'button primary', type: 'submit' }, t('settings.done')))));
  return dialog;
}

function themeChoice() {
  const group = uniqueId('theme');
  return h('fieldset', { class: 'theme-choice' }, h('legend', {}, t('settings.theme')),
    ...(/** @type {Theme[]} */ (['system', 'light', 'dark'])).map((theme) => h('label', {},
      h('input', { type: 'radio', name: group, value: theme, checked: settings.values.theme === theme, onchange: () => settings.update({ theme }) }),
      h('span', {}, t(`settings.theme.${theme}`)))));
}

function shortcutSwitch() {
  const noteId = uniqueId('note');
  return h('label', { class: 'switch-row' },
    h('span', { class: 'switch-words' }, h('span', {}, t('settings.shortcuts')), h('span', { class: 'note', id: noteId }, t('settings.shortcutsNote'))),
    h('input', {
      type: 'checkbox', role: 'switch', class: 'switch', 'aria-describedby': noteId, checked: settings.values.shortcuts,
      onchange: (/** @type {Event} */ event) => settings.update({ shortcuts: /** @type {HTMLInputElement} */ (event.target).checked }),
    }));
}
