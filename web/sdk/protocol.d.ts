// The messages of the native protocol. Generated from the server's types by `cargo xtask types`: don't edit.

/** "I have everything up to here." Not answered. */
export interface Ack {
  seq: number;
}

/** An ICE candidate for one peer. */
export interface Candidate {
  /** `null`: there are no more. */
  candidate: IceCandidate | null;
  to: string;
  id?: number;
}

/** Say something to everybody; kept for late joiners. */
export interface Chat {
  text: string;
  id?: number;
  /** Delivered with the message, so that a client can recognise its own. */
  key?: string;
}

/** A kept chat message: the same object as the `chat` event. */
export type ChatEvent =
  | ChatEventChat;

export interface ChatEventChat {
  type: "chat";
  at: number;
  from: string;
  name: string;
  seq: number;
  text: string;
  key?: string;
}

/** What a client may send. */
export type ClientMessage =
  | ClientMessageJoin
  | ClientMessageResume
  | ClientMessageLeave
  | ClientMessageChat
  | ClientMessageSend
  | ClientMessageEmit
  | ClientMessageOffer
  | ClientMessageAnswer
  | ClientMessageCandidate
  | ClientMessageUpdate
  | ClientMessagePresence
  | ClientMessageAck
  | ClientMessagePing;

export interface ClientMessageJoin extends Join {
  type: "join";
}

export interface ClientMessageResume extends Resume {
  type: "resume";
}

export interface ClientMessageLeave extends Leave {
  type: "leave";
}

export interface ClientMessageChat extends Chat {
  type: "chat";
}

export interface ClientMessageSend extends Send {
  type: "send";
}

export interface ClientMessageEmit extends Emit {
  type: "emit";
}

export interface ClientMessageOffer extends Description {
  type: "offer";
}

export interface ClientMessageAnswer extends Description {
  type: "answer";
}

export interface ClientMessageCandidate extends Candidate {
  type: "candidate";
}

export interface ClientMessageUpdate extends Update {
  type: "update";
}

export interface ClientMessagePresence extends PresenceQuery {
  type: "presence";
}

export interface ClientMessageAck extends Ack {
  type: "ack";
}

export interface ClientMessagePing extends Ping {
  type: "ping";
}

/** A session description for one peer (RFC 8829). */
export interface Description {
  sdp: string;
  to: string;
  id?: number;
}

/** Give a named event with arguments, as clients of Socket.IO do, to some members or to everybody else. */
export interface Emit {
  args: unknown[];
  name: string;
  id?: number;
  /** Everybody else when absent. */
  to?: string[];
  /** May be dropped under pressure; has no number and no second try. */
  volatile?: boolean;
}

/** An `RTCIceCandidateInit` of the W3C. */
export interface IceCandidate {
  candidate: string;
  sdpMLineIndex?: number;
  sdpMid?: string;
  usernameFragment?: string;
}

/** An `RTCIceServer` of the W3C. */
export interface IceServer {
  /** As in RFC 7064 and RFC 7065. */
  urls: string[];
  credential?: string;
  /** Until when it holds, and for whom: of `turn:` and `turns:` only. */
  username?: string;
}

/** Become a member of a room. */
export interface Join {
  protocol: number;
  room: string;
  attributes?: Record<string, string>;
  id?: number;
  identity?: string;
  name?: string;
  /** Made anew for each join by the client; a repeated join with it gets the same session. */
  nonce?: string;
}

/** End the membership now. */
export interface Leave {
  id?: number;
}

export type LeaveReason = "left" | "timeout" | "replaced";

/** Somebody in a room. */
export interface Member {
  attributes: Record<string, string>;
  /** Grows when the client started anew while the membership went on. */
  incarnation: number;
  name: string;
  /** Grows with each join of the room. */
  order: number;
  peer: string;
  permissions: Permission[];
  state: State;
  /** An address that the member chose itself. */
  alias?: string;
  identity?: string;
}

export type Permission = "chat" | "message" | "signal" | "update";

/** Answered with `pong` at once. */
export interface Ping {
  id?: number;
}

/** Ask who is in a room, without joining. */
export interface PresenceQuery {
  protocol: number;
  room: string;
  id?: number;
}

/** Somebody in a room, as seen from outside. */
export interface Present {
  name: string;
}

export interface ProtocolRange {
  max: number;
  min: number;
}

/** Go on with a session over a new connection. */
export interface Resume {
  peer: string;
  protocol: number;
  room: string;
  secret: string;
  id?: number;
  /** The largest number that the client has; without it the client starts anew as the same member. */
  seq?: number;
}

/** Give any JSON to some members or to everybody else. */
export interface Send {
  data: unknown;
  id?: number;
  /** Everybody else when absent. */
  to?: string[];
  /** May be dropped under pressure; has no number and no second try. */
  volatile?: boolean;
}

/** What the server sends. */
export type ServerMessage =
  | ServerMessageWelcome
  | ServerMessageJoined
  | ServerMessageResumed
  | ServerMessageOk
  | ServerMessageError
  | ServerMessagePresence
  | ServerMessageIceServers
  | ServerMessagePong
  | ServerMessageMemberJoined
  | ServerMessageMemberLeft
  | ServerMessageMemberUpdated
  | ServerMessageChat
  | ServerMessageMessage
  | ServerMessageEvent
  | ServerMessageOffer
  | ServerMessageAnswer
  | ServerMessageCandidate;

/** The first frame of every connection. */
export interface ServerMessageWelcome {
  type: "welcome";
  burst: number;
  idleTimeoutMs: number;
  maxFrameBytes: number;
  messagesPerSecond: number;
  pingIntervalMs: number;
  protocol: ProtocolRange;
  server: string;
}

/** The whole picture of the room, to a new member or to one who can't go on where it was. */
export interface ServerMessageJoined {
  type: "joined";
  graceMs: number;
  history: ChatEvent[];
  iceServers: IceServer[];
  /** Events meant for you are gone. */
  lost: boolean;
  members: Member[];
  /** Your own address. */
  peer: string;
  /** You are the same member as before. */
  resumed: boolean;
  room: string;
  /** Resumes your session; changes with each use. */
  secret: string;
  seq: number;
  id?: number;
}

/** The session goes on; what was missed follows. */
export interface ServerMessageResumed {
  type: "resumed";
  peer: string;
  /** How many of the next events were missed. */
  replayed: number;
  room: string;
  secret: string;
  seq: number;
  id?: number;
}

/** A request was carried out. */
export interface ServerMessageOk {
  type: "ok";
  id?: number;
  seq?: number;
}

/** A request was refused; the connection goes on. */
export interface ServerMessageError {
  type: "error";
  code: string;
  hint: string;
  message: string;
  id?: number;
  retryAfterMs?: number;
}

/** Who is in a room. */
export interface ServerMessagePresence {
  type: "presence";
  members: Present[];
  room: string;
  id?: number;
}

/** In place of those of `joined`, whose credentials are about to expire. */
export interface ServerMessageIceServers {
  type: "ice-servers";
  iceServers: IceServer[];
  /** How long these hold. */
  ttlMs: number;
}

export interface ServerMessagePong {
  type: "pong";
  /** Every member has acknowledged everything up to here. */
  stable: number;
  id?: number;
}

export interface ServerMessageMemberJoined {
  type: "member-joined";
  /** Milliseconds since 1970 UTC. */
  at: number;
  member: Member;
  seq: number;
}

export interface ServerMessageMemberLeft {
  type: "member-left";
  at: number;
  peer: string;
  reason: LeaveReason;
  seq: number;
}

/** Name, attributes, state or incarnation changed. */
export interface ServerMessageMemberUpdated {
  type: "member-updated";
  at: number;
  member: Member;
  seq: number;
}

export interface ServerMessageChat {
  type: "chat";
  at: number;
  from: string;
  name: string;
  seq: number;
  text: string;
  key?: string;
}

/** Somebody's `send`; a volatile one has no `seq`. */
export interface ServerMessageMessage {
  type: "message";
  data: unknown;
  from: string;
  seq?: number;
}

/** Somebody's named event; a volatile one has no `seq`. */
export interface ServerMessageEvent {
  type: "event";
  /** Binary arguments are `{"$binary": base64}`. */
  args: unknown[];
  from: string;
  name: string;
  seq?: number;
}

export interface ServerMessageOffer {
  type: "offer";
  from: string;
  sdp: string;
  seq: number;
}

export interface ServerMessageAnswer {
  type: "answer";
  from: string;
  sdp: string;
  seq: number;
}

export interface ServerMessageCandidate {
  type: "candidate";
  candidate: IceCandidate | null;
  from: string;
  seq: number;
}

export type State = "connected" | "reconnecting";

/** Change what the others see of you. */
export interface Update {
  /** Merged; `null` removes a key. */
  attributes?: Record<string, string | null>;
  id?: number;
  name?: string;
}
