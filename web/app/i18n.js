// Turns a key of the catalogue into words. Knows placeholders, plurals and lists, and no wording.
import { en } from './strings.js';

/** @typedef {keyof typeof en} Key */
/** @typedef {Record<string, string | number>} Values */

const LANGUAGE = 'en';
const plurals = new Intl.PluralRules(LANGUAGE);
const lists = new Intl.ListFormat(LANGUAGE, { type: 'conjunction' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/**
 * An entry with plural forms is chosen by the value `count`.
 * @param {Key} key
 * @param {Values} [values]
 */
export function t(key, values = {}) {
  const entry = /** @type {string | Record<string, string>} */ (en[key]);
  const pattern = typeof entry === 'string' ? entry : (entry[plurals.select(Number(values['count']))] ?? entry['other'] ?? key);
  return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** @param {string} key @returns {key is Key} */
export function isKey(key) {
  return Object.hasOwn(en, key);
}

/** @param {string[]} words */
export function list(words) {
  return lists.format(words);
}

/** @param {number} at milliseconds since 1970 */
export function timeOfDay(at) {
  return clock.format(at);
}
