// Names of rooms: made, cleaned, read from and written to addresses. No DOM.

export const ROOM_LIMIT = 64;

const FIRST = ['amber', 'brave', 'bright', 'calm', 'cedar', 'clear', 'coral', 'cosy', 'dawn', 'early', 'gentle', 'golden', 'green', 'happy', 'hazel', 'honest',
  'ivory', 'jolly', 'kind', 'lively', 'lucky', 'mellow', 'merry', 'misty', 'olive', 'quiet', 'rosy', 'silver', 'sunny', 'velvet', 'warm', 'witty'];
const SECOND = ['acorn', 'apple', 'badger', 'beacon', 'birch', 'brook', 'candle', 'cello', 'clover', 'comet', 'finch', 'fox', 'garden', 'harbor', 'heron', 'kettle',
  'lantern', 'maple', 'meadow', 'moon', 'orchard', 'otter', 'pebble', 'piano', 'plum', 'robin', 'sofa', 'sparrow', 'teapot', 'tulip', 'willow', 'window'];
/** Without letters and digits that are mistaken for each other when read aloud. */
const TAIL = 'abcdefghjkmnpqrstuvwxyz23456789';
const TAIL_LENGTH = 7;

/**
 * Who knows the name of an open room can enter it: the words are for people, the tail keeps it from being guessed.
 * @param {(limit: number) => number} random a whole number below `limit`
 */
export function randomRoomName(random) {
  const tail = Array.from({ length: TAIL_LENGTH }, () => TAIL[random(TAIL.length)]).join('');
  return `${FIRST[random(FIRST.length)]}-${SECOND[random(SECOND.length)]}-${tail}`;
}

/**
 * What somebody typed or pasted (a name, or the whole link) as the name of a room.
 * @param {string} typed
 * @returns {string} empty when there is none
 */
export function roomNameFrom(typed) {
  const pasted = /^https?:\/\/[^/]+(\/room\/[^/?#]+)/i.exec(typed.trim())?.[1];
  if (pasted) return roomFromPath(pasted) ?? '';
  const name = typed.replace(/\p{Cc}+/gu, ' ').trim().replace(/[\s/\\?#]+/gu, '-');
  return [...name].slice(0, ROOM_LIMIT).join('');
}

/** @param {string} path @returns {string | null} */
export function roomFromPath(path) {
  const encoded = /^\/room\/([^/]+)\/?$/.exec(path)?.[1];
  if (encoded === undefined) return null;
  try {
    const name = decodeURIComponent(encoded);
    return name.length > 0 && [...name].length <= ROOM_LIMIT && !/\p{Cc}/u.test(name) ? name : null;
  } catch {
    return null;
  }
}

/** @param {string} room */
export function roomPath(room) {
  return `/room/${encodeURIComponent(room)}`;
}
