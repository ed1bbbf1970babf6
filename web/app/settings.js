// What is remembered about the person of this browser, and about the call of this tab.

/** @typedef {'system' | 'light' | 'dark'} Theme */
/**
 * @typedef {object} Settings
 * @property {string} name
 * @property {string} microphoneId empty: the system's choice
 * @property {string} cameraId
 * @property {string} speakerId
 * @property {boolean} microphoneOn
 * @property {boolean} cameraOn
 * @property {Theme} theme
 * @property {boolean} shortcuts
 * @property {string[]} rooms newest first
 */

const KEY = 'parlor.settings';
const CALL_KEY = 'parlor.call';
const TOKEN_KEY = 'parlor.token';
const REMEMBERED_ROOMS = 4;

/** @type {Readonly<Settings>} */
const DEFAULTS = {
  name: '', microphoneId: '', cameraId: '', speakerId: '', microphoneOn: true, cameraOn: true, theme: 'system', shortcuts: true, rooms: [],
};

class SettingsStore extends EventTarget {
  /** @type {Settings} */
  #values = { ...DEFAULTS, ...known(read(localStorageOrNull(), KEY)) };

  /** @returns {Readonly<Settings>} */
  get values() {
    return this.#values;
  }

  /** @param {Partial<Settings>} change */
  update(change) {
    this.#values = { ...this.#values, ...change };
    write(localStorageOrNull(), KEY, this.#values);
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} room */
  visited(room) {
    this.update({ rooms: [room, ...this.#values.rooms.filter((other) => other !== room)].slice(0, REMEMBERED_ROOMS) });
  }

  /** @param {string} room */
  forget(room) {
    this.update({ rooms: this.#values.rooms.filter((other) => other !== room) });
  }
}

export const settings = new SettingsStore();

/**
 * The room that this tab is in, so that a reload goes straight back.
 * @param {string} room
 */
export function rememberCall(room) {
  write(sessionStorageOrNull(), CALL_KEY, { room });
}

export function forgetCall() {
  sessionStorageOrNull()?.removeItem(CALL_KEY);
}

/** @param {string} room */
export function wasInCall(room) {
  return read(sessionStorageOrNull(), CALL_KEY)['room'] === room;
}

/** @param {string} room @param {string} token that this tab was invited with */
export function keepToken(room, token) {
  write(sessionStorageOrNull(), TOKEN_KEY, { room, token });
}

/** @param {string} room @returns {string | undefined} */
export function keptToken(room) {
  const { room: kept, token } = read(sessionStorageOrNull(), TOKEN_KEY);
  return kept === room && typeof token === 'string' ? token : undefined;
}

export function forgetToken() {
  sessionStorageOrNull()?.removeItem(TOKEN_KEY);
}

/** Drops what an older or broken store holds. @param {Record<string, unknown>} stored @returns {Partial<Settings>} */
function known(stored) {
  return Object.fromEntries(Object.entries(DEFAULTS)
    .filter(([key, value]) => typeof stored[key] === typeof value && Array.isArray(stored[key]) === Array.isArray(value))
    .map(([key]) => [key, stored[key]]));
}

/** @param {Storage | null} storage @param {string} key @returns {Record<string, unknown>} */
function read(storage, key) {
  try {
    return JSON.parse(storage?.getItem(key) ?? '{}') ?? {};
  } catch {
    return {};
  }
}

/** @param {Storage | null} storage @param {string} key @param {unknown} value */
function write(storage, key, value) {
  try {
    storage?.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage costs the memory, not the call.
  }
}

// The mere access throws where the browser forbids storage.
function localStorageOrNull() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

function sessionStorageOrNull() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}
