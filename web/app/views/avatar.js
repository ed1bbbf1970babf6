// A round picture made of a name.
import { h } from '../dom.js';
import { initials, tone } from '../logic/avatar.js';

/** @param {string} name */
export function avatar(name) {
  return h('span', { class: `avatar tone-${tone(name)}`, 'aria-hidden': 'true' }, initials(name));
}
