// What the server takes, so that a person is told before it refuses. No DOM.

export const NAME_LIMIT = 64;
/** UTF-8 bytes of one chat message. */
export const CHAT_LIMIT = 8 * 1024;
/** From here on the writer is shown what is left. */
const NEAR = CHAT_LIMIT - 1024;

const encoder = new TextEncoder();

/** @param {string} text @returns {{left: number, near: boolean, over: boolean}} in UTF-8 bytes */
export function chatBudget(text) {
  // A UTF-16 unit is at most three bytes: a short text need not be encoded at each key.
  const bytes = text.length * 3 < NEAR ? 0 : encoder.encode(text).length;
  return { left: CHAT_LIMIT - bytes, near: bytes >= NEAR, over: bytes > CHAT_LIMIT };
}

/** A display name as the server takes it. @param {string} name */
export function cleanName(name) {
  const printable = name.replace(/\p{Cc}+/gu, ' ').replace(/\s+/g, ' ').trim();
  return [...printable].slice(0, NAME_LIMIT).join('').trim();
}
