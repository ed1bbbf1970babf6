// Somebody in the room, as the app sees them, and the record behind it that only the SDK writes.

import { sourcesIn } from './media/publications.js';
/** @import { WireMember, Source, SourceState, PeerState, Path } from './internal.js' */

export class MemberRecord {
  /** @type {MediaStream | null} */ media = null;
  /** @type {MediaStream | null} */ screen = null;
  /** @type {'none' | PeerState} */ peerState = 'none';
  /** @type {Path | null} */ path = null;

  /** @param {WireMember} wire @param {boolean} isMe */
  constructor(wire, isMe) {
    this.wire = wire;
    this.isMe = isMe;
    this.away = false;
    this.face = new Member(this);
  }

  get id() { return this.wire.peer; }
  /** Whether their client is this SDK, which understands numbered messages. */
  get usesSdk() { return this.wire.attributes['sdk'] === '1'; }
  /** A client that is not ours may have media without saying so. */
  get hasRtc() { return !this.usesSdk || 'media-stream' in this.wire.attributes; }
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
  get sources() { return sourcesIn(this.#record.wire.attributes); }
  get peerState() { return this.#record.peerState; }
  get path() { return this.#record.path; }
}

/** The stream stays the same while tracks come and go. @param {MediaStream | null} stream */
function heard(stream) {
  return stream?.getTracks().length ? stream : null;
}
