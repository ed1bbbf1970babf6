// Roles at work: who waits, whose hand is up, what those who moderate may do. Knows the server's words, no sockets.

import { ParlorError } from './errors.js';

/**
 * @typedef {import('./moderation-types.js').Knocker} Knocker
 * @typedef {import('./moderation-types.js').ModerationRules} ModerationRules
 * @typedef {import('./moderation-types.js').ModerationEvents} ModerationEvents
 * @typedef {import('./moderation-types.js').RulesChange} RulesChange
 */
/** @import { Member, Notice, Permission, Request, Role, Room, Rules, Source, WireKnocker } from './moderation-types.js' */

/** Nobody does anything to who is not below. */
const RANKS = { listener: 0, speaker: 0, moderator: 1, owner: 2 };

export class Moderation {
  #room;
  #events = new EventTarget();
  /** @type {Knocker[]} */ #waiting = [];
  /** @type {ModerationRules} */ #rules = rulesOf({});
  #picture;
  #stops;

  /** @param {Room} room that was joined */
  constructor(room) {
    this.#room = room;
    this.#begin();
    this.#picture = room._picture;
    this.#stops = [
      room.on('notice', (notice) => this.#handle(notice)),
      room.on('state', () => this.#renew()),
      room.on('member-updated', ({ member }) => this.#handleMember(member)),
      room.on('member-left', () => this.#emit('change', undefined)),
    ];
  }

  /** Whether I may do any of this. */
  get may() { return this.#room.me.permissions.includes('moderate'); }

  get rules() { return this.#rules; }

  /** Those who wait to be let in, who knocked first first. @returns {readonly Knocker[]} */
  get waiting() { return this.may ? this.#waiting : []; }

  /** Whose hand is raised, who raised it first first. @returns {readonly Member[]} */
  get hands() {
    return this.#room.members.filter(({ hand }) => hand !== null).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
  }

  /** Whether I stand above a member. @param {Member} member */
  mayModerate(member) { return this.may && rank(this.#room.me) > rank(member); }

  /** Whether I may make and unmake moderators, and end the room. */
  get owns() { return this.may && this.#room.me.role === 'owner'; }

  /** @param {boolean} raised */
  raiseHand(raised) { return this.#room._request({ type: 'raise-hand', raised }); }

  /** @param {Member} member */
  lowerHand({ id }) { return this.#do({ action: 'lower-hand', peer: id }); }

  /** Off until they switch it on themselves. @param {Member} member @param {Source} [source] */
  mute({ id }, source = 'microphone') { return this.#do({ action: 'mute', peer: id, source }); }

  /** Of everybody who does not moderate. @param {Source} [source] */
  muteOthers(source = 'microphone') { return this.#do({ action: 'mute', source }); }

  /** @param {Member} member @param {Role} role */
  setRole({ id }, role) { return this.#do({ action: 'set-role', peer: id, role }); }

  /** @param {Member} member @param {readonly Permission[]} permissions */
  setPermissions({ id }, permissions) { return this.#do({ action: 'set-permissions', peer: id, permissions: [...permissions] }); }

  /** Out, and not back by what opened the room; with a time, by nothing else either. @param {Member | Knocker} somebody @param {{banMs?: number}} [options] */
  remove({ id }, { banMs } = {}) {
    return this.#do({ action: 'remove', peer: id, ...(banMs === undefined ? {} : { banMs }) });
  }

  /** @param {Knocker} knocker */
  admit({ id }) { return this.#do({ action: 'admit', peer: id }); }

  /** @param {Knocker} knocker */
  deny({ id }) { return this.#do({ action: 'deny', peer: id }); }

  /** As many as there is room for, who knocked first first. */
  async admitAll() { for (const knocker of [...this.waiting]) await this.admit(knocker); }

  /** What is left out stays as it is. @param {RulesChange} change */
  setRules({ locked, waitingRoom, muteOnEntry, maxMembers }) {
    // JSON has no null here for the others: only this one can be taken away.
    const limit = maxMembers === undefined ? {} : { maxMembers: /** @type {number} */ (maxMembers) };
    return this.#do({ action: 'set-rules', locked, waitingRoom, muteOnEntry, ...limit });
  }

  /** Everybody out. */
  end() { return this.#do({ action: 'end' }); }

  /**
   * @template {keyof ModerationEvents} T
   * @param {T} type
   * @param {(detail: ModerationEvents[T]) => void} listener
   * @returns {() => void} stops listening
   */
  on(type, listener) {
    const wrapped = (/** @type {Event} */ event) => listener(/** @type {CustomEvent} */ (event).detail);
    this.#events.addEventListener(type, wrapped);
    return () => this.#events.removeEventListener(type, wrapped);
  }

  /** Hears of nothing any more. */
  close() { for (const stop of this.#stops) stop(); }

  /** @param {Omit<Extract<Request, {type: 'moderate'}>, 'type' | 'id'>} order */
  #do(order) { return this.#room._request({ type: 'moderate', ...order }); }

  #begin() {
    const { _picture: picture, _notices: notices } = this.#room;
    if (!picture) throw new ParlorError('bad-argument', { message: 'Moderation needs a room that was joined' });
    this.#rules = rulesOf(picture.rules);
    this.#waiting = (picture.waiting ?? []).map(knockerOf);
    for (const notice of notices) this.#take(notice);
  }

  /** After some cuts the whole picture comes anew. */
  #renew() {
    if (this.#picture === this.#room._picture) return;
    this.#picture = this.#room._picture;
    this.#begin();
    this.#emit('change', undefined);
  }

  /** @param {Notice} notice */
  #handle(notice) {
    this.#take(notice);
    if (notice.type === 'token-expiring') return this.#emit('token-expiring', { endsAt: notice.endsAt });
    if (notice.type === 'knock') this.#emit('knock', knockerOf(notice.who));
    if (notice.type === 'knock-ended') this.#emit('knock-ended', { id: notice.peer, how: notice.how });
    this.#emit('change', undefined);
  }

  /** @param {Notice} notice */
  #take(notice) {
    switch (notice.type) {
      case 'knock':
        this.#waiting = [...this.#waiting.filter(({ id }) => id !== notice.who.peer), knockerOf(notice.who)];
        break;
      case 'knock-ended': this.#waiting = this.#waiting.filter(({ id }) => id !== notice.peer); break;
      case 'room-updated': this.#rules = rulesOf(notice.rules); break;
      case 'token-expiring': break;
      default: /** @satisfies {never} */ (notice);
    }
  }

  /** @param {Member} member */
  #handleMember(member) {
    // Who moderates no more hears no more of those who wait; who moderates again is told anew.
    if (member.isMe && !this.may) this.#waiting = [];
    this.#emit('change', undefined);
  }

  /** @template {keyof ModerationEvents} T @param {T} type @param {ModerationEvents[T]} detail */
  #emit(type, detail) { this.#events.dispatchEvent(new CustomEvent(type, { detail })); }
}

/** @param {Member} member */
function rank({ role, permissions }) {
  return Math.max(RANKS[role], permissions.includes('moderate') ? RANKS.moderator : 0);
}

/** @param {WireKnocker} knocker @returns {Knocker} */
function knockerOf({ peer, name, identity, since }) {
  return { id: peer, name, identity: identity ?? null, since };
}

/** @param {Partial<Rules>} rules @returns {ModerationRules} */
function rulesOf({ locked = false, waitingRoom = false, muteOnEntry = false, maxMembers }) {
  return { locked, waitingRoom, muteOnEntry, maxMembers: maxMembers ?? null };
}
