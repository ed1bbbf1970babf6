// Who is in the room. Keeps a member the same one when the server was started anew and gave out new ids. No clock, no channels.

import { MemberRecord } from './member.js';

/** @import { RosterChange as Change } from './internal.js' */
/** @import { WireEvent, WireMember } from './wire.js' */

/** After a restart of the server: how long members that are still connected directly are waited for. */
const ORPHAN_PATIENCE = 20_000;
/** How long a seemingly new member is held back, because it may turn out to be one of those. */
const HOLD_PATIENCE = 3_000;
const MAX_HELD_EVENTS = 512;

/**
 * @typedef {{wire: WireMember, until: number, events: WireEvent[]}} Held
 */

export class Roster {
  /** @type {Map<string, MemberRecord>} */ #present = new Map();
  /** @type {Map<MemberRecord, number>} until when */ #orphans = new Map();
  /** @type {Map<string, Held>} */ #held = new Map();
  /** @type {MemberRecord | null} */ #me = null;
  /** @type {Change[]} */ #changes = [];

  get me() { return this.#me; }

  /** Everybody, in stable order. */
  get all() {
    return [...this.#present.values(), ...this.#orphans.keys()].sort((a, b) => a.wire.order - b.wire.order);
  }

  get others() { return this.all.filter(({ isMe }) => !isMe); }

  /** @param {string} id */
  get(id) { return this.#present.get(id) ?? null; }

  /** @param {MemberRecord} record */
  isOrphan(record) { return this.#orphans.has(record); }

  /**
   * The whole room at once.
   * @param {{members: WireMember[], me: string, fresh: boolean, now: number}} picture fresh: under a new id
   * @param {(record: MemberRecord) => boolean} isReached whether a member is connected directly
   */
  handlePicture({ members, me, fresh, now }, isReached) {
    const mine = members.find(({ peer }) => peer === me);
    if (mine) this.#takeMine(mine);
    if (fresh) this.#orphanAll(now, isReached);
    else this.#dropMissing(members);
    for (const wire of members) {
      if (wire.peer !== me) this.handleMember(wire, now);
    }
  }

  /** Somebody came or changed. @param {WireMember} wire @param {number} now */
  handleMember(wire, now) {
    const record = this.#present.get(wire.peer);
    const held = this.#held.get(wire.peer);
    if (record) this.#update(record, wire);
    else if (held) held.wire = wire;
    else if (this.#orphans.size > 0) this.#held.set(wire.peer, { wire, until: now + HOLD_PATIENCE, events: [] });
    else this.#admit({ wire, until: now, events: [] });
  }

  /** @param {string} id @param {string} reason */
  handleLeft(id, reason) {
    const record = this.#present.get(id);
    this.#held.delete(id);
    if (!record || record.isMe) return;
    this.#present.delete(id);
    this.#changes.push({ kind: 'left', record, reason });
  }

  /**
   * Keeps an event of somebody who is held back.
   * @param {string} id @param {WireEvent} event @returns {boolean} whether it was kept
   */
  hold(id, event) {
    const held = this.#held.get(id);
    if (held && held.events.length < MAX_HELD_EVENTS) held.events.push(event);
    return held !== undefined;
  }

  /** An orphan proved that it is the member with this id. @param {MemberRecord} record @param {string} id */
  handleProof(record, id) {
    const held = this.#held.get(id);
    if (!held || !this.#orphans.delete(record)) return;
    this.#held.delete(id);
    record.wire = held.wire;
    record.away = false;
    this.#present.set(id, record);
    this.#changes.push({ kind: 'rebound', record, events: held.events });
    this.#admitIfNobodyIsMissing();
  }

  /** The direct connection to an orphan is gone too. @param {MemberRecord} record */
  handleUnreached(record) {
    if (!this.#orphans.delete(record)) return;
    this.#changes.push({ kind: 'left', record, reason: 'timeout' });
    this.#admitIfNobodyIsMissing();
  }

  /** @param {number} now */
  handleTimeout(now) {
    for (const [record, until] of this.#orphans) {
      if (now >= until) this.handleUnreached(record);
    }
    for (const [id, held] of this.#held) {
      if (now >= held.until && this.#held.delete(id)) this.#admit(held);
    }
  }

  pollChange() { return this.#changes.shift() ?? null; }

  /** @returns {number | null} */
  pollTimeout() {
    const due = [...this.#orphans.values(), ...[...this.#held.values()].map(({ until }) => until)];
    return due.length ? Math.min(...due) : null;
  }

  /** @param {WireMember} mine */
  #takeMine(mine) {
    if (!this.#me) this.#me = new MemberRecord(mine, true);
    this.#present.delete(this.#me.id);
    this.#me.wire = mine;
    this.#present.set(mine.peer, this.#me);
  }

  /** @param {number} now @param {(record: MemberRecord) => boolean} isReached */
  #orphanAll(now, isReached) {
    this.#held.clear();
    for (const [id, record] of this.#present) {
      if (record.isMe) continue;
      this.#present.delete(id);
      if (isReached(record)) {
        record.away = true;
        this.#orphans.set(record, now + ORPHAN_PATIENCE);
        this.#changes.push({ kind: 'orphaned', record });
      } else {
        this.#changes.push({ kind: 'left', record, reason: 'timeout' });
      }
    }
  }

  /** @param {WireMember[]} members */
  #dropMissing(members) {
    const ids = new Set(members.map(({ peer }) => peer));
    for (const id of [...this.#present.keys(), ...this.#held.keys()]) {
      if (!ids.has(id)) this.handleLeft(id, 'left');
    }
  }

  /** @param {MemberRecord} record @param {WireMember} wire */
  #update(record, wire) {
    const renewed = wire.incarnation > record.wire.incarnation && !record.isMe;
    const returned = record.wire.state === 'reconnecting' && wire.state === 'connected';
    record.wire = wire;
    this.#changes.push({ kind: 'updated', record, returned });
    if (renewed) this.#changes.push({ kind: 'renewed', record });
  }

  #admitIfNobodyIsMissing() {
    if (this.#orphans.size > 0) return;
    for (const held of this.#held.values()) this.#admit(held);
    this.#held.clear();
  }

  /** @param {Held} held */
  #admit({ wire, events }) {
    const record = new MemberRecord(wire, false);
    this.#present.set(wire.peer, record);
    this.#changes.push({ kind: 'joined', record, events });
  }
}
