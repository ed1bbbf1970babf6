// Which members have a direct connection, and what becomes of its tracks. The connections themselves are in peer.js.

import { ParlorError } from '../errors.js';
import { Peer } from './peer.js';

/** @import { MemberRecord } from '../member.js' */
/** @import { Roster } from '../roster.js' */
/** @import { PeerStats, RoomEvents } from '../types.js' */
/** @import { Request, WireEvent } from '../wire.js' */
/** @import { Slot } from '../media/publications.js' */

/**
 * @typedef {object} MeshHooks
 * @property {() => Map<string, Slot>} slots
 * @property {(request: Request) => void} request
 * @property {() => boolean} live
 * @property {(record: MemberRecord, text: string, volatile: boolean) => void} onText
 * @property {(record: MemberRecord) => void} onChannel
 * @property {<T extends 'track' | 'track-ended' | 'peer-state' | 'error'>(type: T, detail: RoomEvents[T]) => void} emit
 */

export class Mesh {
  /** @type {Map<MemberRecord, Peer>} */ #peers = new Map();
  /** @type {Roster} */ #roster;
  /** @type {MeshHooks} */ #hooks;
  #limit;
  #saidLimit = false;
  /** @type {RTCConfiguration} */ config = {};

  /** @param {Roster} roster @param {number} limit 0: no direct connections @param {MeshHooks} hooks */
  constructor(roster, limit, hooks) {
    this.#roster = roster;
    this.#limit = limit;
    this.#hooks = hooks;
  }

  /** @param {MemberRecord} record */
  peerOf(record) { return this.#peers.get(record) ?? null; }

  /**
   * Connects whom the limit allows: those who are here longest, so that both sides decide alike.
   * @param {(record: MemberRecord) => boolean} [offers] whether this side begins; else who was here first
   */
  connectAll(offers = (record) => (this.#roster.me?.wire.order ?? 0) < record.wire.order) {
    if (this.#limit === 0) return;
    const { all, me } = this.#roster;
    const chosen = all.slice(0, this.#limit);
    if (all.length > this.#limit) this.#sayLimit();
    if (!me || !chosen.includes(me)) return;
    for (const record of chosen) this.connect(record, offers(record));
  }

  /** @param {MemberRecord} record @param {boolean} offers whether this side begins */
  connect(record, offers) {
    const known = this.#peers.has(record) || this.#roster.isOrphan(record);
    if (this.#limit === 0 || record.isMe || known || !record.hasRtc) return null;
    try {
      /** @type {Peer} */
      const peer = new Peer({ config: this.config, offers }, this.#hooksFor(record, () => this.#peers.get(record) === peer));
      this.#peers.set(record, peer);
      record.peerState = 'connecting';
      this.#hooks.emit('peer-state', { member: record.face, state: 'connecting', stage: 'signaling' });
      return peer;
    } catch (cause) {
      this.#hooks.emit('error', new ParlorError('unsupported', { cause }));
      return null;
    }
  }

  /** The other side started anew: nothing of the old connection is of use. @param {MemberRecord} record @param {boolean} offers */
  reconnect(record, offers) {
    this.disconnect(record);
    return this.connect(record, offers);
  }

  /** @param {MemberRecord} record */
  disconnect(record) {
    const peer = this.#peers.get(record);
    peer?.close();
    this.#peers.delete(record);
    record.peerState = 'none';
    record.path = null;
  }

  /** @param {MemberRecord} record @param {Extract<WireEvent, {type: 'offer' | 'answer' | 'candidate'}>} event */
  handleSignal(record, event) {
    switch (event.type) {
      case 'offer': {
        const room = this.#peers.size + 1 < this.#limit;
        return (this.peerOf(record) ?? (room ? this.connect(record, false) : null))?.handleOffer(event.sdp);
      }
      case 'answer': return this.peerOf(record)?.handleAnswer(event.sdp);
      case 'candidate': return this.peerOf(record)?.handleCandidate(event.candidate);
      default: /** @satisfies {never} */ (event);
    }
  }

  syncMedia() {
    for (const peer of this.#peers.values()) peer.syncMedia();
  }

  handleDoubt() {
    for (const peer of this.#peers.values()) peer.handleDoubt();
  }

  handleNetworkChange() {
    for (const peer of this.#peers.values()) peer.handleNetworkChange();
  }

  close() {
    for (const record of [...this.#peers.keys()]) this.disconnect(record);
  }

  /** @returns {Promise<PeerStats[]>} */
  stats() {
    return Promise.all(this.#roster.others.map(async (record) => {
      const nothing = { path: /** @type {const} */ ('none'), protocol: '', rttMs: null, sendKbps: 0, recvKbps: 0,
        packetsLost: 0, video: null, audioLevel: null };
      const sample = await this.peerOf(record)?.stats().catch(() => null);
      return { peer: record.id, state: record.peerState, ...(sample ?? nothing) };
    }));
  }

  /** @param {MemberRecord} record @param {() => boolean} current @returns {import('./peer.js').PeerHooks} */
  #hooksFor(record, current) {
    const request = (/** @type {Request} */ one) => {
      if (!this.#roster.isOrphan(record)) this.#hooks.request(one);
    };
    return {
      polite: () => (this.#roster.me?.wire.order ?? 0) > record.wire.order,
      reachable: () => this.#hooks.live() && record.face.state === 'connected',
      slots: this.#hooks.slots,
      sendDescription: (type, sdp) => request({ type, to: record.id, sdp }),
      sendCandidate: (candidate) => request({ type: 'candidate', to: record.id, candidate }),
      onStartOver: (sdp) => this.reconnect(record, false)?.handleOffer(sdp),
      onTrack: (track, streamId) => this.#addTrack(record, track, streamId),
      onTrackEnded: (track) => this.#endTrack(record, track),
      onText: (text, volatile) => this.#hooks.onText(record, text, volatile),
      onChannel: () => { if (current()) this.#hooks.onChannel(record); },
      onStatus: (status) => {
        record.peerState = status.state;
        record.path = status.path ?? null;
        this.#hooks.emit('peer-state', { member: record.face, ...status });
      },
    };
  }

  /** @param {MemberRecord} record @param {MediaStreamTrack} track @param {string | null} streamId */
  #addTrack(record, track, streamId) {
    const group = streamId !== null && streamId === record.wire.attributes['screen-stream'] ? 'screen' : 'media';
    const stream = record[group] ??= new MediaStream();
    for (const old of stream.getTracks()) {
      if (old.kind === track.kind) stream.removeTrack(old);
    }
    stream.addTrack(track);
    this.#hooks.emit('track', { member: record.face, source: sourceOf(group, track), stream });
  }

  /** @param {MemberRecord} record @param {MediaStreamTrack} track */
  #endTrack(record, track) {
    for (const group of /** @type {const} */ (['media', 'screen'])) {
      const stream = record[group];
      if (!stream?.getTracks().includes(track)) continue;
      stream.removeTrack(track);
      // The sound of a shared screen may end while its picture goes on.
      if (group === 'screen' && stream.getTracks().length) continue;
      this.#hooks.emit('track-ended', { member: record.face, source: sourceOf(group, track) });
    }
  }

  #sayLimit() {
    if (this.#saidLimit) return;
    this.#saidLimit = true;
    this.#hooks.emit('error', new ParlorError('mesh-limit'));
  }
}

/** @param {'media' | 'screen'} group @param {MediaStreamTrack} track */
function sourceOf(group, track) {
  if (group === 'screen') return 'screen';
  return track.kind === 'audio' ? 'microphone' : 'camera';
}
