// The messages of the native protocol. Generated from the server's types by `cargo xtask types`: don't edit.

/** "I have everything up to here." Not answered. */
export interface Ack {
  seq: number;
}

export type Action = "remove" | "mute" | "set-role" | "set-permissions" | "lower-hand" | "admit" | "deny" | "set-rules" | "end";

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
  | ClientMessagePublish
  | ClientMessageUnpublish
  | ClientMessageRaiseHand
  | ClientMessageModerate
  | ClientMessagePresence
  | ClientMessageToken
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

export interface ClientMessagePublish extends Publish {
  type: "publish";
}

export interface ClientMessageUnpublish extends Unpublish {
  type: "unpublish";
}

export interface ClientMessageRaiseHand extends RaiseHand {
  type: "raise-hand";
}

export interface ClientMessageModerate extends Moderate {
  type: "moderate";
}

export interface ClientMessagePresence extends PresenceQuery {
  type: "presence";
}

export interface ClientMessageToken extends Token {
  type: "token";
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
  /** Where only the invited may come in. */
  token?: string;
}

export type KnockEnd = "admitted" | "denied" | "left";

/** Somebody who waits to be let in. */
export interface Knocker {
  name: string;
  peer: string;
  /** Milliseconds since 1970 UTC. */
  since: number;
  identity?: string;
}

/** End the membership now. */
export interface Leave {
  id?: number;
}

export type LeaveReason = "left" | "timeout" | "replaced" | "removed" | "ended" | "expired";

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
  role: Role;
  state: State;
  /** What the member publishes. */
  tracks: Track[];
  /** An address that the member chose itself. */
  alias?: string;
  /** Since when the hand is raised; milliseconds since 1970 UTC. */
  hand?: number;
  identity?: string;
}

/** Do something to the room or to somebody in it; which fields an action takes is told in docs/protocol.md. */
export interface Moderate {
  action: Action;
  /** With `remove`: for how long they stay out, whatever token they bring. */
  banMs?: number;
  id?: number;
  locked?: boolean;
  /** `null`: the server's limit. */
  maxMembers?: number;
  muteOnEntry?: boolean;
  /** Whom it is done to. */
  peer?: string;
  permissions?: Permission[];
  role?: Role;
  /** With `mute`; without `peer` it is that of everybody who does not moderate. */
  source?: Source;
  waitingRoom?: boolean;
}

/** The words of `parlor_rooms::Permission`. */
export type Permission = "chat" | "message" | "signal" | "update" | "microphone" | "camera" | "screen" | "subscribe" | "moderate" | "record";

/** Answered with `pong` at once. */
export interface Ping {
  id?: number;
}

/** Ask who is in a room, without joining. */
export interface PresenceQuery {
  protocol: number;
  room: string;
  id?: number;
  /** Where only the invited may look. */
  token?: string;
}

/** Somebody in a room, as seen from outside. */
export interface Present {
  name: string;
}

export interface ProtocolRange {
  max: number;
  min: number;
}

/** Say that you publish something, or how it is now. */
export interface Publish {
  source: Source;
  id?: number;
  muted?: boolean;
}

/** Raise your hand, or lower it. */
export interface RaiseHand {
  raised: boolean;
  id?: number;
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

/** The words of `parlor_rooms::Role`. */
export type Role = "listener" | "speaker" | "moderator" | "owner";

/** How a room is run. */
export interface Rules {
  locked: boolean;
  muteOnEntry: boolean;
  /** It is kept while nobody is in it. */
  permanent: boolean;
  waitingRoom: boolean;
  maxMembers?: number;
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
  | ServerMessageWaiting
  | ServerMessageOk
  | ServerMessageError
  | ServerMessagePresence
  | ServerMessageIceServers
  | ServerMessageGoingAway
  | ServerMessagePong
  | ServerMessageMemberJoined
  | ServerMessageMemberLeft
  | ServerMessageMemberUpdated
  | ServerMessageChat
  | ServerMessageMessage
  | ServerMessageEvent
  | ServerMessageOffer
  | ServerMessageAnswer
  | ServerMessageCandidate
  | ServerMessageKnock
  | ServerMessageKnockEnded
  | ServerMessageRoomUpdated
  | ServerMessageTokenExpiring;

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
  /** How the room is run. */
  rules: Rules;
  /** Resumes your session; changes with each use. */
  secret: string;
  seq: number;
  id?: number;
  /** Those who wait to be let in; only for members who moderate. */
  waiting?: Knocker[];
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

/** The join goes on when somebody who moderates has let you in: `joined` or `error` follows, with the same `id`. */
export interface ServerMessageWaiting {
  type: "waiting";
  /** The address that you will have, and by which those who moderate see you. */
  peer: string;
  room: string;
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

/** The server ends in so long. Until then rooms go on, but no new ones begin. */
export interface ServerMessageGoingAway {
  type: "going-away";
  inMs: number;
  /** Where to join then, if not here again. */
  goTo?: string;
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

/** For members who moderate: somebody waits to be let in. */
export interface ServerMessageKnock {
  type: "knock";
  seq: number;
  who: Knocker;
}

/** For members who moderate: nobody waits under this address any more. */
export interface ServerMessageKnockEnded {
  type: "knock-ended";
  how: KnockEnd;
  peer: string;
  seq: number;
}

export interface ServerMessageRoomUpdated {
  type: "room-updated";
  at: number;
  rules: Rules;
  seq: number;
}

/** Your token ends then, and with it your membership, unless you send a newer one. */
export interface ServerMessageTokenExpiring {
  type: "token-expiring";
  /** Milliseconds since 1970 UTC. */
  endsAt: number;
}

export type Source = "microphone" | "camera" | "screen";

export type State = "connected" | "reconnecting";

/** A newer token, before the one that the member came in by expires. */
export interface Token {
  token: string;
  id?: number;
}

/** What a member publishes. */
export interface Track {
  muted: boolean;
  source: Source;
}

/** Say that you don't publish it any more. */
export interface Unpublish {
  source: Source;
  id?: number;
}

/** Change what the others see of you. */
export interface Update {
  /** Merged; `null` removes a key. */
  attributes?: Record<string, string | null>;
  id?: number;
  name?: string;
}
