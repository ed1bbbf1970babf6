// The types between the modules: what the pure ones ask their drivers to do, and what drivers call back.

import type { ParlorError } from './errors.js';
import type { Incoming, Outgoing } from './messages/streams.js';
import type { Peer } from './peers/peer.js';
import type { Memory } from './page.js';
import type { MemberRecord } from './roster.js';
import type { PeerConnection, PeerState, RoomEvents, Source, TokenSource } from './types.js';
import type { Candidate, ClientFrame, Joined, Request, ServerFrame, WireError, WireEvent, WireMember } from './wire.js';

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
  /** Somebody has to let me in. */
  | { kind: 'waiting'; id: string }
  /** The server ends. */
  | { kind: 'going-away'; inMs: number; goTo?: string }
  /** The room can't be entered. */
  | { kind: 'rejected'; error: { code: string; message?: string; hint?: string } }
  /** Refused, and nobody knows which request it was. */
  | { kind: 'complaint'; error: WireError };

/** From the other side of a negotiation. */
export type Signal = { type: 'offer' | 'answer'; sdp: string } | { type: 'candidate'; candidate: Candidate };

/** Of a negotiation. */
export type NegotiationAction =
  /** Describe this side and send the offer. */
  | { kind: 'offer' }
  /**
   * Send an offer, but describe this side only when it is answered: until then there is nothing to roll back.
   * A browser that rolled a description back may never show the other side's video.
   */
  | { kind: 'propose' }
  /** Send the offer that lies open once more. */
  | { kind: 'repeat-offer' }
  /** Apply it in place of a proposal, describe this side, send the answer. */
  | { kind: 'accept-offer'; sdp: string }
  | { kind: 'accept-answer'; sdp: string }
  /** It may belong to an offer that was ignored. */
  | { kind: 'add-candidate'; candidate: Candidate }
  /** The other side has a new connection: make one too, then accept this offer. */
  | { kind: 'start-over'; sdp: string };

/** Of the roster. */
export type RosterChange = {
  /**
   * renewed: their client started anew. orphaned: the server knows them no more, we do.
   * rebound: an orphan is back under a new id.
   */
  kind: 'joined' | 'left' | 'updated' | 'renewed' | 'orphaned' | 'rebound';
  record: MemberRecord;
  /** Of left. */
  reason?: string;
  /** Of updated: they were reconnecting. */
  returned?: boolean;
  /** What they sent while it was unclear who they are. */
  events?: WireEvent[];
};

/** Of what the others see. */
export type Changes = { name?: string; attributes?: Record<string, string | null> };

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

export type { Peer } from './peers/peer.js';
export type { Member, MemberRecord, Roster } from './roster.js';
export type { Connection } from './signaling/connection.js';
export type { Memory } from './page.js';
export type { Reunion } from './reunion.js';
export type * from './types.js';
export type * from './wire.js';

export type Credentials = { peer: string; secret: string };
export type Entry = { room: string; name?: string; attributes?: Record<string, string>; identity?: string };
/** A request and, once it was sent, its id. */
export type Pending = { id: number; sent: boolean; message: Request; tag: unknown };
export type Waiting = { resolve: () => void; reject: (error: ParlorError) => void };

export interface TransportHooks {
  onFrame(frame: ServerFrame): void;
  /** Called once; 0: given up by this side. */
  onDown(closeCode: number): void;
}

export interface ConnectionHooks {
  onPicture(picture: Joined, fresh: boolean, first: boolean): void;
  onResumed(replayed: number): void;
  onEvent(event: WireEvent): void;
  onWaiting(id: string): void;
  onDown(attempt: number, retryInMs: number): void;
  onCredentials(credentials: Credentials): void;
  onGoingAway(inMs: number): void;
  /** A request was answered: there is room for more. */
  onProgress(): void;
  onComplaint(error: ParlorError): void;
  /** For good. */
  onClosed(reason: ParlorError): void;
}

/** What one sender of every peer connection sends. */
export type Slot = { track: MediaStreamTrack; stream: MediaStream };
export type Publication = { tracks: MediaStreamTrack[]; muted: boolean };

export interface PublicationHooks {
  /** Me, as the server knows me. */
  me(): MemberRecord | undefined;
  request(request: Request): Promise<void>;
  /** The senders are to be brought in line. */
  onChange(): void;
  /** A track ended by itself: unplugged, or stopped in the browser's own bar. */
  onEnded(source: Source): void;
}

export type PeerStatus = PeerConnection & { state: PeerState; error?: ParlorError };

export interface PeerHooks {
  polite(): boolean;
  /** Whether the server would pass on what is sent. */
  reachable(): boolean;
  slots(): Map<string, Slot>;
  sendDescription(description: RTCSessionDescriptionInit): void;
  sendCandidate(candidate: Candidate): void;
  /** The other side has a new connection and offers this. */
  onStartOver(sdp: string): void;
  onStatus(status: PeerStatus): void;
  onTrack(track: MediaStreamTrack, streamId?: string): void;
  onTrackEnded(track: MediaStreamTrack): void;
  onText(text: string, volatile: boolean): void;
  /** The data channel opened, closed or has room again. */
  onChannel(): void;
  /** For the first time. */
  onConnected(pc: RTCPeerConnection): void;
}

export interface MeshHooks {
  slots(): Map<string, Slot>;
  request(request: Request): void;
  live(): boolean;
  onText(record: MemberRecord, text: string, volatile: boolean): void;
  onChannel(record: MemberRecord): void;
  onConnected(pc: RTCPeerConnection): void;
  emit<T extends 'track' | 'track-ended' | 'peer-state' | 'error'>(type: T, detail: RoomEvents[T]): void;
}

/** What the server is told of a peer connection. */
export type Selected = { type: string; protocol: string };

/** Byte counters of the sample before, for rates. */
export type Counters = { at: number; sent: number; received: number };

/** One message, shared by all whom it is for. */
export type Item = { json: string; bytes: number };

/** What is between one member and me. */
export type Link = {
  record: MemberRecord; out: Outgoing; incoming: Incoming; path: 'peer' | 'server';
  /** The data channel looks open, but nothing comes back. */
  distrusted: boolean;
  progressAt: number; repeats: number; ackTimer: number;
};

/** Which message of a stream one member gets. */
export type Target = { link: Link; position: [receiver: string, n: number] };

export interface MessengerHooks {
  peerOf(record: MemberRecord): Peer | undefined;
  onMessage(message: { from: MemberRecord; data: unknown; volatile: boolean; path: 'peer' | 'server' }): void;
  onError(error: ParlorError): void;
}

/** Somebody who may turn out to be an orphan. */
export type Held = { wire: WireMember; until: number; events: WireEvent[] };

export interface RoomParts {
  url: string;
  token: TokenSource | undefined;
  WebSocket: typeof WebSocket;
  memory: Memory | null;
  remembered: Credentials | null;
  /** 0: no direct connections. */
  meshLimit: number;
}
