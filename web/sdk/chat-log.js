// All chat of the room that is known, each message once, also when the server was started anew. No server, no page.

/** @import { WireChat, ChatMessage, Member } from './internal.js' */

/** Beyond it the oldest are forgotten. */
const MAX_MESSAGES = 5_000;
/** Keys of this SDK are random and this long; those of other clients may be counters. */
const RANDOM_KEY = /^[\w-]{22}$/;

export class ChatLog {
  /** @type {ChatMessage[]} */ #messages = [];
  /** @type {Set<string>} */ #known = new Set();
  /** @type {Set<string>} keys of my own, by which I know what I said under an earlier id */ #mine = new Set();

  get messages() { return this.#messages; }

  /** @param {string} key */
  expect(key) { this.#mine.add(key); }

  /** @param {string} id */
  get(id) { return this.#messages.find((message) => message.id === id) ?? null; }

  /**
   * @param {WireChat} wire
   * @param {() => Member | null} find its author may turn out to be known only later
   * @returns {ChatMessage | null} null: known already
   */
  add(wire, find) {
    const key = wire.key ?? '';
    const id = RANDOM_KEY.test(key) ? key : `${wire.from}/${wire.seq}`;
    if (this.#known.has(id)) return null;
    let from = find();
    const mine = from?.isMe === true || this.#mine.has(id);
    const message = { id, fromId: wire.from, name: wire.name, text: wire.text, at: wire.at, mine,
      get from() { return from ??= find(); } };
    this.#known.add(id);
    this.#messages.push(message);
    if (this.#messages.length > MAX_MESSAGES) {
      const oldest = this.#messages.shift();
      if (oldest) this.#known.delete(oldest.id);
    }
    return message;
  }
}
