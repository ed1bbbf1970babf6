// The generated frames of the protocol under the names that the SDK uses.

import type * as P from './protocol.js';

export type WireMember = P.Member;
export type Permission = P.Permission;
export type Role = P.Role;
export type Rules = P.Rules;
export type WireKnocker = P.Knocker;
export type WireWaiting = P.ServerMessageWaiting;
export type WireChat = P.ServerMessageChat;
export type Welcome = P.ServerMessageWelcome;
export type Joined = P.ServerMessageJoined;
export type Resumed = P.ServerMessageResumed;
export type WireError = P.ServerMessageError;
export type Pong = P.ServerMessagePong;
export type GoingAway = P.ServerMessageGoingAway;
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
  | Notice
  /** Of no member, and without a number. */
  | (P.ServerMessageIceServers & { seq?: undefined });

/** For the module that moderates. */
export type Notice =
  | P.ServerMessageKnock
  | P.ServerMessageKnockEnded
  | P.ServerMessageRoomUpdated
  | (P.ServerMessageTokenExpiring & { seq?: undefined });

/** What a member asks for; the session adds the `id`. */
export type Request =
  | (P.ClientMessageChat & { key: string })
  | P.ClientMessageSend
  | P.ClientMessageOffer
  | P.ClientMessageAnswer
  | P.ClientMessageCandidate
  | P.ClientMessageUpdate
  | P.ClientMessagePublish
  | P.ClientMessageUnpublish
  | P.ClientMessageRaiseHand
  | P.ClientMessageModerate
  | P.ClientMessageLeave;
