// What the check sees and says.

export type Relay = 'relay-udp' | 'relay-tcp' | 'relay-tls';
export type Step = 'page' | 'browser' | 'server' | 'clock' | 'direct' | Relay;
export type Device = 'microphone' | 'camera';

/** Round trips to the server. */
export interface Samples {
  sent: number;
  rttMs: number | null;
  jitterMs: number | null;
  lossPercent: number;
}

export interface PageSeen {
  address: string;
  secure: boolean;
  online: boolean;
}

export interface BrowserSeen {
  name: string;
  missing: ('webrtc' | 'websocket' | 'devices')[];
}

export interface ServerSeen extends Samples {
  /** How far it got. */
  reached: 'nothing' | 'http' | 'websocket' | 'hello';
  /** The server lets no page of this address in. */
  refused: boolean;
  version: string;
  /** Until its first word. */
  helloMs: number | null;
}

export interface ClockSeen {
  /** How far this device's clock is ahead; null where it can't be read. */
  aheadMs: number | null;
}

export interface DirectSeen {
  /** Asked for my public address. */
  stunServers: number;
  ports: 'none' | 'found' | 'per-destination';
  families: ('IPv4' | 'IPv6')[];
}

export interface RelaySeen extends Samples {
  /** null: the server offers none of this kind. */
  url: string | null;
  reached: 'nothing' | 'address' | 'path' | 'data';
  connectMs: number | null;
  /** Of the relay: above 700 is the browser's own, when it got no answer. */
  errorCode: number | null;
  errorText: string;
}

export interface DeviceSeen {
  /** `quiet`: no sound for a while, though it is open. `waiting`: open, and nothing heard yet. */
  state: 'untested' | 'waiting' | 'works' | 'quiet' | 'failed';
  /** Of a ParlorError. */
  code: string;
}

export interface Observations extends Partial<Record<Relay, RelaySeen>>, Partial<Record<Device, DeviceSeen>> {
  page?: PageSeen;
  browser?: BrowserSeen;
  server?: ServerSeen;
  clock?: ClockSeen;
  direct?: DirectSeen;
  /** What was answered to the question for STUN and TURN servers. */
  ice?: { answer: 'some' | 'none' | 'failed' };
}

export type Level = 'good' | 'warning' | 'problem' | 'unknown';
export interface Finding {
  level: Level;
  code: string;
}

export interface Verdict {
  /** The one thing that matters most. */
  verdict: Finding;
  /** Of each step and device that was observed. */
  findings: Partial<Record<Step | Device, Finding>>;
}

export interface CheckOptions {
  /** Of the server. Default: the one that this module was loaded from. */
  url?: string | URL;
  signal?: AbortSignal;
  /** A step begins; those before are in `seen`. */
  onStep?: (step: Step, seen: Observations) => void;
}

export interface IceAnswer {
  answer: 'some' | 'none' | 'failed';
  iceServers: RTCIceServer[];
}

/** A server candidate as the browser tells it. */
export interface Mapping {
  address: string;
  port: number;
  /** The STUN server that saw it. */
  url: string;
}
