// What stands on the stage, in which order, and what is shown large. No DOM.

/** @typedef {{id: string, isMe: boolean, order: number, sharing: boolean}} StageMember */
/** @typedef {{key: string, kind: 'member' | 'screen' | 'invite', memberId: string}} StageItem */

/** @param {string} memberId */
export const memberKey = (memberId) => `member:${memberId}`;
/** @param {string} memberId */
export const screenKey = (memberId) => `screen:${memberId}`;
export const INVITE_KEY = 'invite';

/**
 * I come first and the others in the order of their joining, so that a newcomer is
 * added at the end and moves nobody. A screen stands beside the one who shares it.
 * @param {readonly StageMember[]} members
 * @returns {StageItem[]}
 */
export function stageItems(members) {
  const ordered = [...members].sort((a, b) => Number(b.isMe) - Number(a.isMe) || a.order - b.order);
  /** @type {StageItem[]} */
  const items = ordered.flatMap((member) => [
    { key: memberKey(member.id), kind: /** @type {const} */ ('member'), memberId: member.id },
    ...(member.sharing ? [{ key: screenKey(member.id), kind: /** @type {const} */ ('screen'), memberId: member.id }] : []),
  ]);
  if (members.length === 1) items.push({ key: INVITE_KEY, kind: 'invite', memberId: '' });
  return items;
}

/** Decides which tile is large: what was pinned, else the newest screen of somebody else, else none. */
export class Focus {
  /** @type {string[]} newest last */
  #shares = [];
  /** @type {string | null} */
  #pinned = null;
  #unpinned = false;

  get pinned() {
    return this.#pinned;
  }

  /**
   * @param {readonly StageMember[]} members
   * @returns {string | null} the key of the large tile
   */
  update(members) {
    const sharing = members.filter((member) => member.sharing && !member.isMe).map((member) => screenKey(member.id));
    const fresh = sharing.filter((key) => !this.#shares.includes(key));
    this.#shares = [...this.#shares.filter((key) => sharing.includes(key)), ...fresh];
    if (fresh.length > 0) this.#unpinned = false;
    const keys = new Set(stageItems(members).map((item) => item.key));
    if (this.#pinned !== null && !keys.has(this.#pinned)) this.#pinned = null;
    return this.current;
  }

  get current() {
    if (this.#pinned !== null) return this.#pinned;
    return this.#unpinned ? null : (this.#shares.at(-1) ?? null);
  }

  /**
   * Large becomes small, and anything else becomes the large one.
   * @param {string} key
   */
  toggle(key) {
    const wasLarge = this.current === key;
    this.#pinned = wasLarge ? null : key;
    this.#unpinned = wasLarge;
  }
}
