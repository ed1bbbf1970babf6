// The generated frames of the protocol under the names that the SDK uses.

import type * as P from './protocol.js';

export type WireMember = P.Member;
export type WireChat = P.ServerMessageChat;
export type Welcome = P.ServerMessageWelcome;
export type Joined = P.ServerMessageJoined;
export type Resumed = P.ServerMessageResumed;
export type WireError = P.ServerMessageError;
export type Pong = P.ServerMessagePong;
export type ServerFrame = P.ServerMessage;
export type ClientFrame = P.ClientMessage;
export type Candidate = P.ServerMessageCandidate['candidate'] | null;

/** Everything that happens in a room. Reliable events carry `seq`. */
export type WireEvent =
  | P.ServerMessageMemberJoined
  | P.ServerMessageMemberLeft
  | P.ServerMessageMemberUpdated
  | P.ServerMessageChat
  | P.ServerMessageMessage
  | P.ServerMessageEvent
  | P.ServerMessageOffer
  | P.ServerMessageAnswer
  | P.ServerMessageCandidate
  /** Of no member, and without a number. */
  | (P.ServerMessageIceServers & { seq?: undefined });

/** What a member asks for; the session adds the `id`. */
export type Request =
  | (P.ClientMessageChat & { key: string })
  | P.ClientMessageSend
  | P.ClientMessageOffer
  | P.ClientMessageAnswer
  | P.ClientMessageCandidate
  | P.ClientMessageUpdate
  | P.ClientMessageLeave;
