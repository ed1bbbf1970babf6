// Which key means what, and when a key press is none of our business. No DOM.

/** @typedef {'microphone' | 'camera' | 'share' | 'hand' | 'chat' | 'people' | 'help' | 'talk'} Action */
/** @typedef {{tagName: string, isContentEditable: boolean, role?: string | null}} KeyTarget */
/** @typedef {{key: string, code?: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, repeat?: boolean, isComposing?: boolean}} KeyPress */

/** @type {Readonly<Record<string, Action>>} */
const ACTIONS = { m: 'microphone', v: 'camera', s: 'share', h: 'hand', c: 'chat', p: 'people', '?': 'help', ' ': 'talk' };

/** In the order in which they are explained. @type {readonly {keys: string, action: Action}[]} */
export const SHORTCUTS = [
  { keys: 'M', action: 'microphone' },
  { keys: 'V', action: 'camera' },
  { keys: 'S', action: 'share' },
  { keys: 'H', action: 'hand' },
  { keys: 'C', action: 'chat' },
  { keys: 'P', action: 'people' },
  { keys: 'Space', action: 'talk' },
  { keys: '?', action: 'help' },
];

const TYPING = new Set(['INPUT', 'TEXTAREA', 'SELECT']);
const TYPING_ROLES = new Set(['textbox', 'searchbox', 'combobox', 'listbox', 'spinbutton']);
const PRESSED_BY_SPACE = new Set(['BUTTON', 'A', 'SUMMARY']);

/**
 * @param {KeyPress} press
 * @param {KeyTarget | null} target where the focus is
 * @returns {Action | null}
 */
export function shortcutFor(press, target) {
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing || press.repeat) return null;
  if (target && isTyping(target)) return null;
  const action = ACTIONS[latinKey(press)] ?? null;
  if (action === 'talk' && target && PRESSED_BY_SPACE.has(target.tagName)) return null;
  return action;
}

/** @param {KeyTarget} target */
export function isTyping(target) {
  return target.isContentEditable || TYPING.has(target.tagName) || TYPING_ROLES.has(target.role ?? '');
}

/**
 * On a keyboard without Latin letters the place of the key counts.
 * @param {KeyPress} press
 */
function latinKey(press) {
  const key = press.key.toLowerCase();
  const beyondAscii = key.length === 1 && key.charCodeAt(0) > 127;
  const place = /^Key([A-Z])$/.exec(press.code ?? '')?.[1];
  return beyondAscii && place ? place.toLowerCase() : key;
}
