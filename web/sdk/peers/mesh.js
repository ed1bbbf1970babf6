// Which members have a direct connection, and what becomes of its tracks.

import { ParlorError } from '../errors.js';
import { sourceOf } from '../roster.js';
import { Peer } from './peer.js';
/** @import { MemberRecord, MeshHooks, PeerHooks, PeerStats, Request, Roster, Signal } from '../internal.js' */

export class Mesh {
  #roster;
  #limit;
  #hooks;
  /** @type {Map<MemberRecord, Peer>} */ #peers = new Map();
  #saidLimit = false;
  /** @type {RTCConfiguration} */ #config = {};

  /** @param {Roster} roster @param {number} limit 0: no direct connections @param {MeshHooks} hooks */
  constructor(roster, limit, hooks) {
    this.#roster = roster;
    this.#limit = limit;
    this.#hooks = hooks;
  }

  get peers() { return [...this.#peers.values()]; }

  /** Of all connections, from now on. @param {RTCConfiguration} config */
  configure(config) {
    this.#config = config;
    for (const peer of this.peers) peer.configure(config);
  }

  /** @param {MemberRecord} record */
  peerOf(record) { return this.#peers.get(record); }

  /**
   * Connects those who are here longest, so that both sides choose alike.
   * @param {(record: MemberRecord) => boolean} [offers] whether this side begins
   */
  connectAll(offers = (record) => !this.#polite(record)) {
    if (!this.#limit) return;
    const { all, me } = this.#roster;
    const chosen = all.slice(0, this.#limit);
    if (all.length > this.#limit && !this.#saidLimit) {
      this.#saidLimit = true;
      // Later: while joining, nobody listens yet.
      setTimeout(() => this.#hooks.emit('error', new ParlorError('mesh-limit')));
    }
    if (me && chosen.includes(me)) chosen.forEach((record) => this.#connect(record, offers(record)));
  }

  /** Nothing of the old connection is of use. @param {MemberRecord} record */
  reconnect(record) {
    this.disconnect(record);
    this.#connect(record, true);
  }

  /** @param {MemberRecord} record */
  disconnect(record) {
    this.#peers.get(record)?.close();
    this.#peers.delete(record);
    record.peerState = 'none';
    record.connection = null;
  }

  /** @param {MemberRecord} record @param {Signal} signal */
  handleSignal(record, signal) {
    if (signal.type === 'offer' && this.#peers.size + 1 < this.#limit) this.#connect(record, false);
    this.peerOf(record)?.handleSignal(signal);
  }

  close() {
    for (const record of this.#peers.keys()) this.disconnect(record);
  }

  /** @returns {Promise<PeerStats[]>} */
  async stats() {
    const { statsOf } = await import('./stats.js');
    return Promise.all(this.#roster.others.map((record) => statsOf(record, this.peerOf(record))));
  }

  /** @param {MemberRecord} record @param {boolean} offers */
  #connect(record, offers) {
    if (record.isMe || this.#peers.has(record) || this.#roster.isOrphan(record) || !record.hasRtc) return;
    try {
      const hooks = this.#hooksFor(record);
      this.#peers.set(record, new Peer({ config: this.#config, offers }, hooks));
      hooks.onStatus({ state: 'connecting', stage: 'signaling', path: null });
    } catch (cause) {
      this.#hooks.emit('error', new ParlorError('unsupported', { cause }));
    }
  }

  /** @param {MemberRecord} record */
  #polite(record) { return (this.#roster.me?.wire.order ?? 0) > record.wire.order; }

  /** @param {MemberRecord} record @returns {PeerHooks} */
  #hooksFor(record) {
    const request = (/** @type {Request} */ one) => { if (!this.#roster.isOrphan(record)) this.#hooks.request(one); };
    const member = record.face;
    return {
      polite: () => this.#polite(record),
      reachable: () => this.#hooks.live() && member.state === 'connected',
      slots: () => this.#hooks.slots(),
      sendDescription: ({ type, sdp = '' }) => request({ type: /** @type {'offer' | 'answer'} */ (type), to: record.id, sdp }),
      sendCandidate: (candidate) => request({ type: 'candidate', to: record.id, candidate }),
      onStartOver: (sdp) => {
        this.disconnect(record);
        this.handleSignal(record, { type: 'offer', sdp });
      },
      onTrack: (track, streamId) => this.#addTrack(record, track, streamId),
      onTrackEnded: (track) => this.#endTrack(record, track),
      onText: (text, volatile) => this.#hooks.onText(record, text, volatile),
      onChannel: () => this.#hooks.onChannel(record),
      onConnected: this.#hooks.onConnected,
      onStatus: ({ state, stage, path, error }) => {
        record.peerState = state;
        record.connection = { stage, path };
        this.#hooks.emit('peer-state', { member, state, stage, path: path?.kind, error });
      },
    };
  }

  /** @param {MemberRecord} record @param {MediaStreamTrack} track @param {string} [streamId] */
  #addTrack(record, track, streamId) {
    const group = streamId && streamId === record.wire.attributes['screen-stream'] ? 'screen' : 'media';
    const stream = record[group] ??= new MediaStream();
    for (const old of stream.getTracks()) if (old.kind === track.kind) stream.removeTrack(old);
    stream.addTrack(track);
    record.heed();
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
}
