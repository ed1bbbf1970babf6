// Every error of the SDK: a stable code, a sentence, a hint what to do.

/** @type {Record<string, string[]>} message and hint; the close codes of the protocol are among them */
const TEXTS = {
  'aborted': ['The join was aborted'],
  'bad-argument': ['An argument is not usable'],
  'closed': ['The room is closed', 'Join again'],
  'device-constraints': ['No device can do what was asked', 'Ask for less, or choose another one'],
  'device-in-use': ['The device is busy', 'Close the other program or tab that uses it'],
  'device-lost': ['The device stopped', 'Plug it in again, or choose another one'],
  'device-not-found': ['There is no such device', 'Plug one in, or choose another one'],
  'insecure-page': ['This page may not use devices', 'Open it over https or from localhost'],
  'left': ['You left the room', 'Join again'],
  'mesh-limit': ['This room is too big for direct connections between all', 'Messages and chat work; raise meshLimit for more media'],
  'negotiation-failed': ['The two browsers could not agree', 'Reload the page'],
  'peer-unreachable': ['No direct connection to this member', 'Messages go through the server; for media set up a TURN server'],
  'permission-denied-system': ['The operating system denies the device', 'Allow it in the system settings'],
  'permission-denied-user': ['The device was not allowed', 'Allow it in the address bar, then try again'],
  'permission-policy': ['This frame may not use the device', 'Set allow="camera; microphone; display-capture" on it'],
  'queue-full': ['Too much waits to be sent', 'Send again later; nobody got this one'],
  'removed': ['You were removed from the room'],
  'replaced': ['You are in this room in another place', 'Continue there, or join again here'],
  'session-lost': ['The server was started anew before it answered', 'Repeat the call'],
  'share-cancelled': ['Nothing was chosen to be shared'],
  'too-large': ['The message is too large', 'At most 63 KiB as JSON and 60 levels deep'],
  'unknown-target': ['Nobody of this name is in the room', 'Take them from room.members'],
  'unreachable': ['The server can not be reached', 'Does it run, is the url right, does it allow this page\'s origin?'],
  'unsupported': ['This browser can not do that'],
  'unsupported-protocol': ['The server speaks another version', 'Load the SDK from the server, and reload the page'],
  'url-needed': ['No server is known', 'Give the url option, such as ws://localhost:8080/ws'],
};

/** @type {Record<number, string>} */
const FINAL_CLOSES = { 1000: 'left', 4001: 'replaced', 4006: 'removed', 4007: 'unsupported-protocol' };

export class ParlorError extends Error {
  /** @param {string} code @param {{message?: string, hint?: string, cause?: unknown}} [more] */
  constructor(code, { message, hint, cause } = {}) {
    const [usual = code, help = ''] = TEXTS[code] ?? [];
    super(message || usual, cause === undefined ? {} : { cause });
    this.name = 'ParlorError';
    this.code = code;
    this.hint = hint || help;
  }
}

/** Why nobody should reconnect. @param {number} closeCode */
export function finalError(closeCode) {
  const code = FINAL_CLOSES[closeCode];
  return code ? new ParlorError(code) : null;
}

/** A failed getUserMedia or getDisplayMedia, by who can mend it. @param {unknown} cause @param {boolean} [screen] */
export function deviceError(cause, screen = false) {
  const { name = '', message = '' } = /** @type {Partial<DOMException>} */ (cause ?? {});
  return new ParlorError(deviceCode(name, message, screen), { cause });
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
