// Finds the web addresses in a chat message. No DOM.

/** @typedef {{text: string, href?: string}} Piece */

const ADDRESS = /https?:\/\/[^\s<>"'`]+/gi;
const CLOSERS = /** @type {Readonly<Record<string, string>>} */ ({ ')': '(', ']': '[', '}': '{' });

/**
 * Only http and https become links; everything else stays text.
 * @param {string} text
 * @returns {Piece[]}
 */
export function splitLinks(text) {
  /** @type {Piece[]} */
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTrailingMarks(match[0]);
    const href = safeHref(address);
    if (href === null) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
    pieces.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

/** A full stop or a bracket after an address belongs to the sentence. @param {string} address */
function withoutTrailingMarks(address) {
  let end = address.length;
  while (end > 0) {
    const last = address[end - 1] ?? '';
    const opener = CLOSERS[last];
    const unopened = opener !== undefined && count(address, last, end) > count(address, opener, end);
    if (!/[.,;:!?…]/.test(last) && !unopened) break;
    end -= 1;
  }
  return address.slice(0, end);
}

/** @param {string} text @param {string} character @param {number} end */
function count(text, character, end) {
  return text.slice(0, end).split(character).length - 1;
}

/** @param {string} address @returns {string | null} */
function safeHref(address) {
  try {
    const url = new URL(address);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}
