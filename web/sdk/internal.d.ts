// What the pure modules ask their drivers to do, each a discriminated union.

import type { MemberRecord } from './member.js';
import type { Candidate, ClientFrame, Joined, WireError, WireEvent } from './wire.js';

/** Of a session. */
export type SessionOutput =
  | { kind: 'frame'; frame: ClientFrame }
  | { kind: 'event'; event: WireEvent }
  /** fresh: under a new id. */
  | { kind: 'picture'; picture: Joined; fresh: boolean; first: boolean }
  | { kind: 'resumed'; replayed: number }
  | { kind: 'settled'; tag: unknown }
  /** error null: the session ended first. */
  | { kind: 'refused'; tag: unknown; error: WireError | null }
  /** The room can't be entered. */
  | { kind: 'rejected'; error: { code: string; message?: string; hint?: string } }
  /** Refused, and nobody knows which request it was. */
  | { kind: 'complaint'; error: WireError };

/** Of a negotiation. */
export type NegotiationAction =
  /** Describe this side and send the offer. */
  | { kind: 'offer' }
  /** Send the offer that lies open once more. */
  | { kind: 'repeat-offer' }
  /** Apply it (this rolls back an own offer), describe this side, send the answer. */
  | { kind: 'accept-offer'; sdp: string }
  | { kind: 'accept-answer'; sdp: string }
  /** It may belong to an offer that was ignored. */
  | { kind: 'add-candidate'; candidate: Candidate }
  /** The other side has a new connection: make one too, then accept this offer. */
  | { kind: 'start-over'; sdp: string };

/** Of the roster. */
export type RosterChange =
  | { kind: 'joined'; record: MemberRecord; events: WireEvent[] }
  | { kind: 'left'; record: MemberRecord; reason: string }
  /** returned: they were reconnecting. */
  | { kind: 'updated'; record: MemberRecord; returned: boolean }
  /** Their client started anew. */
  | { kind: 'renewed'; record: MemberRecord }
  /** The server knows them no more, we do. */
  | { kind: 'orphaned'; record: MemberRecord }
  /** An orphan is back under a new id. */
  | { kind: 'rebound'; record: MemberRecord; events: WireEvent[] };

/** What an app message turns out to be. */
export type Content =
  | { kind: 'message'; stream: string; n: number; data: unknown }
  | { kind: 'volatile'; data: unknown }
  | { kind: 'ack'; acks: [stream: string, n: number][] }
  /** Said on a data channel after the server was started anew. */
  | { kind: 'rejoined'; id: string; challenge: string }
  /** The answer, through the server: who read the channel is this member. */
  | { kind: 'proof'; challenge: string }
  /** From a client that is not this SDK. */
  | { kind: 'plain'; data: unknown }
  /** Not for me. */
  | { kind: 'other' };
