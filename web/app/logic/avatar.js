// A picture for who shows none: initials, and a colour that belongs to the name. No DOM.

export const TONES = 8;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = firstGrapheme(words[0]);
  const last = words.length > 1 ? firstGrapheme(words.at(-1)) : '';
  return (first + last).toLocaleUpperCase() || '?';
}

/** @param {string} name @returns {number} 0 … TONES-1, the same for the same name everywhere */
export function tone(name) {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % TONES;
}

/** Marks and brackets before a word are no initial. @param {string | undefined} word */
function firstGrapheme(word) {
  if (!word) return '';
  const letters = word.replace(/^[\p{P}\p{Cf}]+/u, '') || word;
  for (const { segment } of graphemes.segment(letters)) return segment;
  return '';
}
