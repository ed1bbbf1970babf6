// The public types of the SDK.

import type { Member } from './roster.js';
import type { ParlorError } from './errors.js';
import type { Notice } from './wire.js';

export type { Permission, Role, Rules } from './wire.js';
export type Source = 'microphone' | 'camera' | 'screen';
export type SourceState = 'off' | 'muted' | 'on';
export type RoomState = 'connecting' | 'connected' | 'reconnecting' | 'closed';
export type PeerState = 'connecting' | 'connected' | 'reconnecting' | 'failed';
export type Stage = 'signaling' | 'connecting' | 'securing' | 'communicating';
export type Path = 'direct' | 'relayed';

export interface PeerPath {
  readonly kind: Path;
  /** Relayed: on the way to the relay. */
  readonly transport: 'udp' | 'tcp' | 'tls';
}

export interface PeerConnection {
  /** The furthest that it got. */
  readonly stage: Stage;
  /** Null until it is known. */
  readonly path: PeerPath | null;
}

/** A token, or where to get one: it is asked each time that the room is joined, and before the last one expires. */
export type TokenSource = string | (() => string | Promise<string>);

export interface JoinOptions {
  room: string;
  /** Where only the invited may come in. */
  token?: TokenSource;
  name?: string;
  /** Default: the server that this module was loaded from. */
  url?: string | URL;
  attributes?: Record<string, string>;
  identity?: string;
  /** A reloaded page is the same member. Default: true where the browser can tell two tabs apart. */
  remember?: boolean;
  /** Build peer connections. Default: true where there is WebRTC. */
  mesh?: boolean;
  /** Members of a room that are connected with each other. Default: 8. */
  meshLimit?: number;
  /** Tell the server by what kind of candidate each peer connection was made, for its statistics. Default: true. */
  reportPaths?: boolean;
  /** Merged over what the server says. */
  rtc?: RTCConfiguration;
  /** Called when the room has a waiting room: the join goes on when somebody lets this client in. */
  onWaiting?: (waiting: { id: string }) => void;
  signal?: AbortSignal;
  WebSocket?: typeof WebSocket;
}

export interface ChatMessage {
  readonly id: string;
  readonly from: Member | null;
  readonly fromId: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
  readonly mine: boolean;
}

export interface RoomEvents {
  /** anew: the server was started anew, and what only it knew is gone: the chat of before, messages of clients that are not this SDK. */
  'state': { state: RoomState; attempt?: number; retryInMs?: number; recovered?: number; anew?: boolean; reason?: ParlorError };
  /** The server is about to end; the SDK goes on with the next one by itself. */
  'going-away': { inMs: number };
  'member-joined': { member: Member };
  'member-left': { member: Member; reason: string };
  'member-updated': { member: Member };
  'chat': ChatMessage;
  'event': { from: Member; name: string; args: any[] };
  /** From nobody: whoever runs the server says it. */
  'message': { from: Member | null; data: any; volatile: boolean; path: 'peer' | 'server' };
  'track': { member: Member; source: Source; stream: MediaStream };
  'track-ended': { member: Member; source: Source };
  'peer-state': { member: Member; state: PeerState; stage?: Stage; path?: Path; error?: ParlorError };
  'error': ParlorError;
  /** For `moderation.js`. */
  'notice': Notice;
}

export type RoomEvent = { [T in keyof RoomEvents]: { type: T; detail: RoomEvents[T] } }[keyof RoomEvents];

export interface SendOptions {
  to?: Member | string | (Member | string)[];
  volatile?: boolean;
}

export interface PublishOptions {
  /** From the first moment. Default: as this source was until now. */
  muted?: boolean;
}

export interface PeerStats {
  peer: string;
  state: 'none' | PeerState;
  path: 'direct' | 'relayed' | 'none';
  protocol: string;
  rttMs: number | null;
  sendKbps: number;
  recvKbps: number;
  packetsLost: number;
  packetsReceived: number;
  video: { width: number; height: number; fps: number; framesDecoded: number } | null;
  audioLevel: number | null;
}

export interface RoomStats {
  at: number;
  peers: PeerStats[];
}
