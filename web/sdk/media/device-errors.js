// Why a device or a screen could not be opened, by who can mend it. Loaded when one could not.

import { ParlorError } from '../errors.js';

/** @type {Record<string, string[]>} message and hint */
const TEXTS = {
  'device-constraints': ['No device can do what was asked', 'Ask for less, or choose another one'],
  'device-in-use': ['The device is busy', 'Close the other program or tab that uses it'],
  'device-not-found': ['There is no such device', 'Plug one in, or choose another one'],
  'insecure-page': ['This page may not use devices', 'Open it over https or from localhost'],
  'permission-denied-system': ['The operating system denies the device', 'Allow it in the system settings'],
  'permission-denied-user': ['The device was not allowed', 'Allow it in the address bar, then try again'],
  'permission-policy': ['This frame may not use the device', 'Set allow="camera; microphone; display-capture" on it'],
  'share-cancelled': ['Nothing was chosen to be shared'],
};

/** Of a failed getUserMedia or getDisplayMedia. @param {unknown} cause @param {boolean} screen */
export function deviceError(cause, screen) {
  const media = globalThis.navigator?.mediaDevices;
  if (!media) return named(globalThis.isSecureContext === false ? 'insecure-page' : 'unsupported');
  if (screen && typeof media.getDisplayMedia !== 'function') {
    return new ParlorError('unsupported', { message: 'This browser can not share the screen', hint: 'Share from a computer' });
  }
  const { name = '', message = '' } = /** @type {Partial<DOMException>} */ (cause ?? {});
  return named(deviceCode(name, message, screen), cause);
}

/** @param {string} code @param {unknown} [cause] */
function named(code, cause) {
  const [message, hint] = TEXTS[code] ?? [];
  return new ParlorError(code, { message, hint, cause });
}

/** @param {string} name @param {string} message @param {boolean} screen */
function deviceCode(name, message, screen) {
  switch (name) {
    case 'NotAllowedError': case 'SecurityError':
      // Browsers tell these apart in the message only.
      if (/policy/i.test(message)) return 'permission-policy';
      if (/system|platform/i.test(message)) return 'permission-denied-system';
      return screen ? 'share-cancelled' : 'permission-denied-user';
    case 'AbortError': return screen ? 'share-cancelled' : 'device-in-use';
    case 'NotReadableError': return 'device-in-use';
    case 'NotFoundError': return 'device-not-found';
    case 'OverconstrainedError': return 'device-constraints';
    default: return 'unsupported';
  }
}
