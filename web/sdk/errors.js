// The errors of the SDK: a stable code, a sentence, a hint what to do. Those of devices are in media/device-errors.js.

/** @type {Record<string, string[]>} message and hint; the close codes of the protocol are among them */
const TEXTS = {
  'aborted': ['The join was aborted'],
  'bad-argument': ['An argument is not usable'],
  'closed': ['The room is closed', 'Join again'],
  'device-lost': ['The device stopped', 'Plug it in again, or choose another one'],
  'expired': ['Your token ended'],
  'left': ['You left the room', 'Join again'],
  'mesh-limit': ['This room is too big for direct connections', 'Messages and chat work; raise meshLimit for more media'],
  'negotiation-failed': ['The two browsers could not agree', 'Reload the page'],
  'peer-unreachable': ['No direct connection to this member', 'Messages go through the server; for media set up a TURN server'],
  'not-permitted': ['You may not do this here'],
  'queue-full': ['Too much waits to be sent', 'Send again later; nobody got this one'],
  'removed': ['You were removed from the room'],
  'replaced': ['You are in this room in another place', 'Continue there, or join again here'],
  'room-ended': ['The room was ended'],
  'session-lost': ['The server was started anew before it answered', 'Repeat the call'],
  'too-large': ['The message is too large', 'At most 63 KiB as JSON and 60 levels deep'],
  'unknown-target': ['Nobody of this name is in the room', 'Take them from room.members'],
  'unreachable': ['The server can not be reached', 'Does it run, is the url right, does it allow this page\'s origin?'],
  'unsupported': ['This browser can not do that'],
  'unsupported-protocol': ['The server speaks another version', 'Load the SDK from the server, and reload the page'],
  'url-needed': ['No server is known', 'Give the url option, such as ws://localhost:8080/ws'],
};

/** @type {Record<number, string>} */
const FINAL_CLOSES = { 1000: 'left', 4001: 'replaced', 4006: 'removed', 4007: 'unsupported-protocol', 4011: 'room-ended', 4013: 'expired' };

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
