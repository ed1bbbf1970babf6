// Every error that the SDK hands out: a stable code, a sentence, and a hint what to do.

/** @type {Record<string, [message: string, hint: string]>} */
const TEXTS = {
  'aborted': ['The join was aborted', ''],
  'bad-argument': ['An argument is not usable', 'See the client guide'],
  'closed': ['The room is closed', 'Call join() again'],
  'device-constraints': ['No device can do what was asked for', 'Ask for less, or choose another device'],
  'device-in-use': ['The device is busy', 'Close the other program or tab that uses it'],
  'device-lost': ['The device stopped', 'Plug it in again, or choose another one'],
  'device-not-found': ['There is no such device', 'Plug one in, or choose another one'],
  'insecure-page': ['This page may not use devices', 'Open it over https:// or from localhost'],
  'mesh-limit': ['This room is too big for direct connections', 'Messages and chat work; raise meshLimit for media between more members'],
  'negotiation-failed': ['The two browsers could not agree on a connection', 'Reload the page; if it stays, report both browsers'],
  'peer-unreachable': ['No direct connection to this member', 'Messages go through the server; a TURN server lets media through too'],
  'permission-denied-system': ['The operating system denies the device', 'Allow this browser to use it in the system settings'],
  'permission-denied-user': ['The device was not allowed', 'Allow it in the address bar, then try again'],
  'permission-policy': ['This page or frame may not use the device', 'Set allow="camera; microphone; display-capture" on the frame'],
  'queue-full': ['Too much is waiting to be sent', 'Send again later; nobody got this one'],
  'session-lost': ['The server forgot this session', 'Repeat the call'],
  'share-cancelled': ['Nothing was chosen to be shared', ''],
  'too-large': ['The message is too large', 'At most 63 KiB as JSON, nested at most 60 levels'],
  'unknown-target': ['Nobody of this name is in the room', 'Take the members from room.members'],
  'unreachable': ['The server can not be reached', 'Check that it runs, the url option, and that it allows this page\'s origin'],
  'unsupported': ['This browser can not do that', ''],
  'unsupported-protocol': ['The server speaks another version', 'Load the SDK from the server itself: /sdk/parlor.js'],
  'url-needed': ['No server is known', 'Give join() the url option, e.g. ws://localhost:8080/ws'],
};

/** Reasons of close codes after which nobody reconnects. */
const FINAL_CLOSES = /** @type {Record<number, [code: string, message: string, hint: string]>} */ ({
  1000: ['left', 'You left the room', ''],
  4001: ['replaced', 'You are in this room in another place', 'Continue there, or join again here'],
  4006: ['removed', 'You were removed from the room', ''],
  4007: ['unsupported-protocol', 'The server speaks another version', 'Reload the page'],
});

export class ParlorError extends Error {
  /** @type {string} */ code;
  /** @type {string} */ hint;

  /**
   * @param {string} code
   * @param {{message?: string, hint?: string, cause?: unknown}} [more]
   */
  constructor(code, more = {}) {
    const [message, hint] = TEXTS[code] ?? [code, ''];
    super(more.message ?? message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'ParlorError';
    this.code = code;
    this.hint = more.hint ?? hint;
  }
}

/** @param {number} closeCode */
export function finalCloseError(closeCode) {
  const known = FINAL_CLOSES[closeCode];
  return known ? new ParlorError(known[0], { message: known[1], hint: known[2] }) : null;
}

/**
 * A failed getUserMedia or getDisplayMedia, told apart by who can mend it.
 * @param {unknown} cause
 * @param {'device' | 'screen'} wanted
 */
export function deviceError(cause, wanted) {
  const { name = '', message = '' } = /** @type {Partial<DOMException>} */ (cause ?? {});
  return new ParlorError(deviceCode(name, message, wanted), { cause });
}

/**
 * @param {string} name
 * @param {string} message
 * @param {'device' | 'screen'} wanted
 */
function deviceCode(name, message, wanted) {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      // Chromium and Firefox tell these apart in the message only.
      if (/policy/i.test(message)) return 'permission-policy';
      if (/system|platform/i.test(message)) return 'permission-denied-system';
      return wanted === 'screen' ? 'share-cancelled' : 'permission-denied-user';
    case 'AbortError':
      return wanted === 'screen' ? 'share-cancelled' : 'device-in-use';
    case 'NotReadableError':
      return 'device-in-use';
    case 'NotFoundError':
      return 'device-not-found';
    case 'OverconstrainedError':
      return 'device-constraints';
    case 'InvalidStateError':
      return wanted === 'screen' ? 'share-cancelled' : 'unsupported';
    default:
      return 'unsupported';
  }
}
