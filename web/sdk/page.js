// This page: when it sleeps, wakes, changes networks and goes away, and what it remembers until it is back.

/** @import { Credentials } from './internal.js' */

/** A page that is being replaced lets go of its lock within this time; a duplicated tab never does. */
const CLAIM_PATIENCE = 700;

/** Of this tab's session, so that a reloaded page is the same member and a duplicated tab is another one. */
export class Memory {
  #key;
  /** @type {(() => void) | null} */ #release = null;
  #claimed = '';

  /** @param {string} url @param {string} room */
  constructor(url, room) {
    this.#key = `parlor ${url} ${room}`;
  }

  /** Only where locks can tell a reloaded page from a duplicated tab, which starts with a copy of the storage. */
  static get available() {
    try {
      return typeof navigator === 'object' && 'locks' in navigator && typeof sessionStorage === 'object';
    } catch {
      return false; // Storage is forbidden in this frame.
    }
  }

  /** @returns {Promise<Credentials | null>} what this tab may go on with */
  async recall() {
    const stored = this.#read();
    return stored && await this.#claim(stored.peer) ? stored : null;
  }

  /** @param {Credentials} credentials */
  keep(credentials) {
    this.#write(JSON.stringify(credentials));
    if (this.#claimed !== credentials.peer) this.#claim(credentials.peer);
  }

  forget() {
    const stored = this.#read();
    // Another room object of this page may have taken the place meanwhile.
    if (stored?.peer === this.#claimed) this.#write(null);
    this.#letGo();
  }

  #letGo() {
    this.#release?.();
    this.#release = null;
    this.#claimed = '';
  }

  /** @param {string} peer @returns {Promise<boolean>} whether this page holds the session */
  #claim(peer) {
    this.#letGo();
    this.#claimed = peer;
    return new Promise((resolve) => {
      const held = new Promise((release) => { this.#release = () => release(undefined); });
      navigator.locks.request(`parlor ${peer}`, { signal: AbortSignal.timeout(CLAIM_PATIENCE) }, () => {
        resolve(true);
        return held;
      }).catch(() => resolve(false));
    });
  }

  /** @returns {Credentials | null} */
  #read() {
    try {
      const stored = JSON.parse(sessionStorage.getItem(this.#key) ?? 'null');
      return typeof stored?.peer === 'string' && typeof stored.secret === 'string' ? stored : null;
    } catch {
      return null;
    }
  }

  /** @param {string | null} text */
  #write(text) {
    try {
      if (text === null) sessionStorage.removeItem(this.#key);
      else sessionStorage.setItem(this.#key, text);
    } catch {
      // The storage is full or forbidden: a reload is then a new member.
    }
  }
}

/**
 * In Node nothing of this happens.
 * @param {{onWake: () => void, onNetwork: () => void, onHide: (returns: boolean) => void}} hooks
 * @returns {() => void} stops watching
 */
export function watchPage({ onWake, onNetwork, onHide }) {
  if (typeof document === 'undefined') return () => {};
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener('pageshow', onWake, { signal });
  addEventListener('online', onNetwork, { signal });
  addEventListener('pagehide', ({ persisted }) => onHide(persisted), { signal });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) onWake(); }, { signal });
  return () => stop.abort();
}
