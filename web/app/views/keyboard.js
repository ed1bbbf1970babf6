// Listens for the shortcuts of the call.
import { shortcutFor } from '../logic/shortcuts.js';
import { settings } from '../settings.js';

/** @typedef {Exclude<import('../logic/shortcuts.js').Action, 'talk'>} Press */

/**
 * @param {{press: (action: Press) => void, escape: () => boolean, talk: (talking: boolean) => boolean}} handlers
 *   `escape` and `talk` answer whether they did something
 * @param {AbortSignal} signal
 */
export function listenToKeys({ press, escape, talk }, signal) {
  let talking = false;
  const stopTalking = () => {
    if (talking) talk(false);
    talking = false;
  };
  addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open], [role="menu"]:popover-open')) return;
    if (event.key === 'Escape' && document.querySelector(':popover-open')) return;
    if (event.key === 'Escape' && !event.isComposing && escape()) return event.preventDefault();
    if (talking && event.key === ' ') return event.preventDefault();
    if (!settings.values.shortcuts) return;
    const action = shortcutFor(event, focused());
    if (action === null) return;
    event.preventDefault();
    if (action === 'talk') talking = talk(true);
    else press(action);
  }, { signal });
  addEventListener('keyup', (event) => { if (event.key === ' ') stopTalking(); }, { signal });
  // The key may come up while another window is in front.
  addEventListener('blur', stopTalking, { signal });
}

/** @returns {import('../logic/shortcuts.js').KeyTarget | null} */
function focused() {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement)) return null;
  return { tagName: element.tagName, isContentEditable: element.isContentEditable, role: element.getAttribute('role') };
}
