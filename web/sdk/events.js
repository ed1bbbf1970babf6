// An EventTarget whose events are typed, can be iterated, and never stop the SDK.

import { ParlorError } from './errors.js';
/** @import { RoomEvents, RoomEvent } from './internal.js' */

/** An iterator that nobody reads for so long has a bug; it ends with an error instead of eating memory. */
const MAX_UNREAD = 4096;

export class Emitter extends EventTarget {
  /** @type {Set<(event: RoomEvent | null) => void>} */
  #iterators = new Set();

  /**
   * @template {keyof RoomEvents} T
   * @param {T} type
   * @param {(detail: RoomEvents[T]) => void} listener
   * @returns {() => void} stops listening
   */
  on(type, listener) {
    const wrapped = (/** @type {Event} */ event) => listener(/** @type {CustomEvent} */ (event).detail);
    this.addEventListener(type, wrapped);
    return () => this.removeEventListener(type, wrapped);
  }

  /** @returns {AsyncGenerator<RoomEvent, void, void>} */
  async *[Symbol.asyncIterator]() {
    /** @type {(RoomEvent | null)[]} */
    const unread = [];
    let wake = () => {};
    const take = (/** @type {RoomEvent | null} */ event) => {
      if (unread.length <= MAX_UNREAD) unread.push(event);
      wake();
    };
    this.#iterators.add(take);
    try {
      for (;;) {
        if (unread.length > MAX_UNREAD) throw new ParlorError('queue-full');
        const next = unread.shift();
        if (next === null) return;
        if (next) yield next;
        else await new Promise((resolve) => { wake = () => resolve(undefined); });
      }
    } finally {
      this.#iterators.delete(take);
    }
  }

  /**
   * @template {keyof RoomEvents} T
   * @param {T} type
   * @param {RoomEvents[T]} detail
   */
  _emit(type, detail) {
    for (const take of this.#iterators) take(/** @type {RoomEvent} */ ({ type, detail }));
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  _endIterators() {
    for (const take of this.#iterators) take(null);
  }
}
