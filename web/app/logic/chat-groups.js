// Which chat messages stand together under one name. No DOM.

/** @typedef {{fromId: string, name: string, at: number}} Said */

/** After a pause of this length the name and the time are said again. */
const PAUSE_MS = 5 * 60_000;

/**
 * @param {Said | null} previous
 * @param {Said} message
 */
export function startsGroup(previous, message) {
  return previous === null
    || previous.fromId !== message.fromId
    || previous.name !== message.name
    || message.at - previous.at > PAUSE_MS;
}
