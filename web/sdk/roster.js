// Who is in the room, as the app sees them and as the SDK knows them. The same members also after the server was started anew
// and gave out new ids. No clock, no channels.

import { stateOf } from './media/publications.js';
/** @import { Held, PeerConnection, PeerState, Permission, RosterChange, Source, SourceState, WireEvent, WireMember } from './internal.js' */

/** How long members whom a new server does not know, but who are connected directly, are waited for. */
const ORPHAN_PATIENCE = 20_000;
/** How long a seemingly new member is held back, because it may be one of those. */
const HOLD_PATIENCE = 3_000;
const MAX_HELD_EVENTS = 512;

export class Roster {
  /** @type {Map<string, MemberRecord>} */ #present = new Map();
  /** @type {Map<MemberRecord, {until: number, proves: boolean}>} */ #orphans = new Map();
  /** @type {Map<string, Held>} */ #held = new Map();
  /** @type {RosterChange[]} */ #changes = [];
  /** @type {MemberRecord | undefined} */ #me;

  get me() { return this.#me; }
  get orphans() { return [...this.#orphans.keys()]; }
  get all() { return [...this.#present.values(), ...this.orphans].sort((a, b) => a.wire.order - b.wire.order); }
  get others() { return this.all.filter(({ isMe }) => !isMe); }

  /** @param {string} id */
  get(id) { return this.#present.get(id); }

  /** @param {MemberRecord} record */
  isOrphan(record) { return this.#orphans.has(record); }

  /**
   * @param {{members: WireMember[], me: string, fresh: boolean, now: number}} picture fresh: I have a new id
   * @param {(record: MemberRecord) => boolean} isReached whether they are connected directly
   */
  handlePicture({ members, me, fresh, now }, isReached) {
    const ids = members.map(({ peer }) => peer);
    for (const [id, record] of this.#present) {
      if (record.isMe || (!fresh && ids.includes(id))) continue;
      if (fresh && (isReached(record) || record.usesSdk)) this.#orphan(record, now, isReached(record));
      else this.handleLeft(id, fresh ? 'timeout' : 'left');
    }
    for (const id of this.#held.keys()) if (fresh || !ids.includes(id)) this.#held.delete(id);
    for (const wire of members) {
      if (wire.peer === me) this.#takeMine(wire);
      else this.handleMember(wire, now);
    }
  }

  /** Somebody came or changed. @param {WireMember} wire @param {number} now */
  handleMember(wire, now) {
    const record = this.#present.get(wire.peer);
    const held = this.#held.get(wire.peer) ?? { wire, until: now + HOLD_PATIENCE, events: [] };
    const orphan = record ? undefined : this.#orphanLike(wire);
    if (record) this.#update(record, wire);
    else if (orphan) this.#rebind(orphan, { ...held, wire });
    else if (this.#orphans.size) this.#held.set(wire.peer, { ...held, wire });
    else this.#admit(held);
  }

  /** @param {string} id @param {string} reason */
  handleLeft(id, reason) {
    const record = this.#present.get(id);
    this.#held.delete(id);
    if (!record || record.isMe) return;
    this.#present.delete(id);
    this.#changes.push({ kind: 'left', record, reason });
  }

  /** Keeps an event of somebody held back. @param {string} id @param {WireEvent} event @returns {boolean} whether they are */
  hold(id, event) {
    const held = this.#held.get(id);
    if (held && held.events.length < MAX_HELD_EVENTS) held.events.push(event);
    return held !== undefined;
  }

  /** Whoever this is proved to be the member with this id. @param {MemberRecord | undefined} record @param {string} id */
  handleProof(record, id) {
    const held = this.#held.get(id);
    if (held && record && this.#orphans.has(record)) this.#rebind(record, held);
  }

  /** The direct connection is gone too. @param {MemberRecord} record */
  handleUnreached(record) {
    if (!this.#orphans.delete(record)) return;
    this.#changes.push({ kind: 'left', record, reason: 'timeout' });
    this.#admitIfNobodyIsMissing();
  }

  /** @param {number} now */
  handleTimeout(now) {
    for (const [record, { until }] of this.#orphans) if (now >= until) this.handleUnreached(record);
    for (const held of this.#held.values()) if (now >= held.until) this.#admit(held);
  }

  pollChange() { return this.#changes.shift(); }

  pollTimeout() {
    return Math.min(...[...this.#orphans.values(), ...this.#held.values()].map(({ until }) => until));
  }

  /** @param {WireMember} wire */
  #takeMine(wire) {
    const me = this.#me ??= new MemberRecord(wire, true);
    const changed = me.wire !== wire;
    this.#present.delete(me.id);
    me.wire = wire;
    this.#present.set(wire.peer, me);
    if (changed) this.#changes.push({ kind: 'updated', record: me });
  }

  /** @param {MemberRecord} record @param {number} now @param {boolean} proves by its channel, who it is */
  #orphan(record, now, proves) {
    this.#present.delete(record.id);
    record.away = true;
    this.#orphans.set(record, { until: now + ORPHAN_PATIENCE, proves });
    this.#changes.push({ kind: 'orphaned', record });
  }

  /**
   * Who has no channel to prove it by is known by the start of their SDK, and by what the server vouches for.
   * @param {WireMember} wire
   */
  #orphanLike(wire) {
    const { instance } = new MemberRecord(wire, false);
    return [...this.#orphans].find(([record, { proves }]) =>
      !proves && instance && record.instance === instance && record.wire.identity === wire.identity)?.[0];
  }

  /** @param {MemberRecord} record @param {Held} held */
  #rebind(record, held) {
    this.#orphans.delete(record);
    this.#held.delete(held.wire.peer);
    record.wire = held.wire;
    record.away = false;
    this.#present.set(record.id, record);
    this.#changes.push({ kind: 'rebound', record, events: held.events });
    this.#admitIfNobodyIsMissing();
  }

  /** @param {MemberRecord} record @param {WireMember} wire */
  #update(record, wire) {
    const { state, incarnation } = record.wire;
    record.wire = wire;
    this.#changes.push({ kind: 'updated', record, returned: state === 'reconnecting' && wire.state === 'connected' });
    if (wire.incarnation > incarnation && !record.isMe) this.#changes.push({ kind: 'renewed', record });
  }

  #admitIfNobodyIsMissing() {
    if (!this.#orphans.size) for (const held of this.#held.values()) this.#admit(held);
  }

  /** @param {Held} held */
  #admit({ wire, events }) {
    const record = new MemberRecord(wire, false);
    this.#held.delete(wire.peer);
    this.#present.set(wire.peer, record);
    this.#changes.push({ kind: 'joined', record, events });
  }
}

/** What only the SDK writes. */
export class MemberRecord {
  /** @type {MediaStream | null} */ media = null;
  /** @type {MediaStream | null} */ screen = null;
  /** @type {'none' | PeerState} */ peerState = 'none';
  /** @type {PeerConnection | null} */ connection = null;

  /** @param {WireMember} wire @param {boolean} isMe */
  constructor(wire, isMe) {
    this.wire = wire;
    this.isMe = isMe;
    this.away = false;
    this.face = new Member(this);
  }

  get id() { return this.wire.peer; }
  /** Which start of this SDK they are. A reloaded page is another one of the same member; empty: another client. */
  get instance() { return /^[\w-]{22}$/.exec(this.wire.attributes['sdk'] ?? '')?.[0] ?? ''; }
  /** Whether they understand numbered messages, and may acknowledge them. */
  get usesSdk() { return this.instance !== '' && this.may('message'); }
  /** A client that is not ours may have media without saying so. */
  get hasRtc() { return this.instance === '' || 'media-stream' in this.wire.attributes; }

  /** @param {Permission} permission */
  may(permission) { return this.wire.permissions.includes(permission); }

  /** @param {Source} source @returns {SourceState} as the server knows it */
  state(source) { return stateOf(this.wire.tracks.find((track) => track.source === source)); }

  /** What they may not publish, or is muted, is not played: also where no server stands between. */
  heed() {
    for (const group of /** @type {const} */ (['media', 'screen'])) {
      for (const track of this[group]?.getTracks() ?? []) {
        const source = sourceOf(group, track);
        track.enabled = this.may(source) && this.state(source) !== 'muted';
      }
    }
  }
}

export class Member {
  #record;

  /** @param {MemberRecord} record */
  constructor(record) {
    this.#record = record;
  }

  /** Changes when the server was started anew. */
  get id() { return this.#record.wire.peer; }
  get name() { return this.#record.wire.name; }
  get identity() { return this.#record.wire.identity ?? null; }
  /** @returns {Readonly<Record<string, string>>} */
  get attributes() { return this.#record.wire.attributes; }
  get isMe() { return this.#record.isMe; }
  get state() { return this.#record.away ? 'reconnecting' : this.#record.wire.state; }
  get order() { return this.#record.wire.order; }
  /** Microphone and camera. */
  get media() { return heard(this.#record.media); }
  get screen() { return heard(this.#record.screen); }
  /** @returns {Readonly<Record<Source, SourceState>>} */
  get sources() {
    const state = (/** @type {Source} */ source) => this.#record.state(source);
    return { microphone: state('microphone'), camera: state('camera'), screen: state('screen') };
  }
  get role() { return this.#record.wire.role; }
  /** @returns {readonly Permission[]} */
  get permissions() { return this.#record.wire.permissions; }
  /** Since when their hand is raised. */
  get hand() { return this.#record.wire.hand ?? null; }
  get peerState() { return this.#record.peerState; }
  get path() { return this.connection?.path?.kind ?? null; }
  /** How far the direct connection got, and how the packets travel. */
  get connection() { return this.#record.connection; }
}

/** The stream stays the same while tracks come and go. @param {MediaStream | null} stream */
function heard(stream) {
  return stream?.getTracks().length ? stream : null;
}

/** @param {'media' | 'screen'} group @param {MediaStreamTrack} track */
export function sourceOf(group, track) {
  if (group === 'screen') return group;
  return track.kind === 'audio' ? 'microphone' : 'camera';
}
