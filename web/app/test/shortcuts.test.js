// Shortcuts fire where they should, and never while somebody types.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortcutFor, SHORTCUTS } from '../logic/shortcuts.js';

/** @param {string} key @param {object} [more] */
const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
/** @param {string} tagName @param {object} [more] */
const focus = (tagName, more = {}) => ({ tagName, isContentEditable: false, ...more });

test('each letter means its action, also with caps lock', () => {
  assert.deepEqual(['m', 'V', 's', 'H', 'C', 'p', '?', ' '].map((key) => shortcutFor(press(key), focus('BODY'))),
    ['microphone', 'camera', 'share', 'hand', 'chat', 'people', 'help', 'talk']);
});

test('nothing fires in a text field, a selection or an editable text', () => {
  const fields = [focus('INPUT'), focus('TEXTAREA'), focus('SELECT'), focus('DIV', { isContentEditable: true }), focus('DIV', { role: 'textbox' })];
  for (const field of fields) {
    for (const { keys } of SHORTCUTS) assert.equal(shortcutFor(press(keys === 'Space' ? ' ' : keys.toLowerCase()), field), null);
  }
});

test('a browser’s own shortcut is left alone', () => {
  for (const modifier of ['ctrlKey', 'metaKey', 'altKey']) assert.equal(shortcutFor(press('s', { [modifier]: true }), null), null);
});

test('a held key and a half-composed character do not fire', () => {
  assert.equal(shortcutFor(press('m', { repeat: true }), null), null);
  assert.equal(shortcutFor(press('m', { isComposing: true }), null), null);
});

test('space presses a focused button, and talks elsewhere', () => {
  assert.equal(shortcutFor(press(' '), focus('BUTTON')), null);
  assert.equal(shortcutFor(press(' '), focus('A')), null);
  assert.equal(shortcutFor(press(' '), focus('H1')), 'talk');
  assert.equal(shortcutFor(press('m'), focus('BUTTON')), 'microphone');
});

test('a keyboard without Latin letters is read by place', () => {
  assert.equal(shortcutFor(press('ь', { code: 'KeyM' }), null), 'microphone');
  assert.equal(shortcutFor(press(';', { code: 'KeyM' }), null), null);
});
