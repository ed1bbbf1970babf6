// One way to the relay: two connections in this page that may use nothing else, and a row of packets between them.

import { deadline, pause } from './wait.js';
import { summary } from './samples.js';
/** @import { RelaySeen } from './types.js' */

/** Allocation, permission, connectivity checks, DTLS, SCTP: a dozen round trips, the slowest of half a second. */
const CONNECT_PATIENCE_MS = 8_000;
/** Like speech: 50 packets a second. */
const PACKETS = 100;
const PACKET_PAUSE_MS = 20;
/** A page in the background may send one packet a second only. */
const SENDING_MS = 4_000;
/** For those still on their way. */
const LAST_PATIENCE_MS = 1_000;

/**
 * @param {(RTCIceServer & {urls: string}) | null} server null: there is none of this kind
 * @param {AbortSignal} [signal]
 * @returns {Promise<RelaySeen>}
 */
export async function measureRelay(server, signal) {
  /** @type {RelaySeen} */
  const seen = { url: server?.urls ?? null, reached: 'nothing', connectMs: null, errorCode: null, errorText: '', ...summary(0, []) };
  if (!server) return seen;
  const pair = new Pair(server, seen);
  try {
    const started = performance.now();
    await deadline(CONNECT_PATIENCE_MS, pair.connect(signal));
    seen.connectMs = Math.round(performance.now() - started);
    Object.assign(seen, await pair.measure(signal));
    // What another network interface met on the way does not matter then.
    if (seen.lossPercent < 100) Object.assign(seen, { reached: 'data', errorCode: null, errorText: '' });
  } catch {
    // `reached` says how far it got.
  } finally {
    pair.close();
  }
  return seen;
}

class Pair {
  #seen;
  #here;
  #there;
  #out;
  #in;

  /** @param {RTCIceServer} server @param {RelaySeen} seen what is learned on the way */
  constructor(server, seen) {
    /** @type {RTCConfiguration} */
    const config = { iceServers: [server], iceTransportPolicy: 'relay' };
    this.#seen = seen;
    this.#here = new RTCPeerConnection(config);
    this.#there = new RTCPeerConnection(config);
    const channel = { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 };
    this.#out = this.#here.createDataChannel('check', channel);
    this.#in = this.#there.createDataChannel('check', channel);
    this.#introduce(this.#here, this.#there);
    this.#introduce(this.#there, this.#here);
  }

  /** @param {AbortSignal | undefined} signal */
  async connect(signal) {
    const opened = new Promise((resolve, reject) => {
      signal?.addEventListener('abort', reject, { once: true });
      this.#here.addEventListener('connectionstatechange', () => {
        if (this.#here.connectionState === 'connected') this.#seen.reached = 'path';
        if (this.#here.connectionState === 'failed') reject(new Error('failed'));
      });
      this.#here.addEventListener('icegatheringstatechange', () => {
        if (this.#here.iceGatheringState === 'complete' && this.#seen.reached === 'nothing') reject(new Error('no address'));
      });
      this.#out.onopen = resolve;
    });
    await this.#here.setLocalDescription();
    await this.#there.setRemoteDescription(/** @type {RTCSessionDescription} */ (this.#here.localDescription));
    await this.#there.setLocalDescription();
    await this.#here.setRemoteDescription(/** @type {RTCSessionDescription} */ (this.#there.localDescription));
    await opened;
  }

  /** From here to the relay and back is one way between the two: clocks need no comparison. @param {AbortSignal | undefined} signal */
  async measure(signal) {
    /** @type {number[]} */
    const times = [];
    let sent = 0;
    const all = new Promise((resolve) => {
      this.#in.onmessage = ({ data }) => {
        times.push(performance.now() - Number(data));
        if (times.length === PACKETS) resolve(undefined);
      };
    });
    const until = performance.now() + SENDING_MS;
    while (sent < PACKETS && performance.now() < until) {
      this.#out.send(String(performance.now()));
      sent += 1;
      await pause(PACKET_PAUSE_MS, signal);
    }
    await deadline(LAST_PATIENCE_MS, all).catch(() => {});
    return summary(sent, times);
  }

  close() {
    this.#here.close();
    this.#there.close();
  }

  /** @param {RTCPeerConnection} from @param {RTCPeerConnection} to */
  #introduce(from, to) {
    from.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      if (this.#seen.reached === 'nothing') this.#seen.reached = 'address';
      this.#addWhenDescribed(to, candidate);
    };
    from.addEventListener('icecandidateerror', (event) => {
      const { errorCode, errorText } = /** @type {RTCPeerConnectionIceErrorEvent} */ (event);
      Object.assign(this.#seen, { errorCode, errorText });
    });
  }

  /** @param {RTCPeerConnection} connection @param {RTCIceCandidate} candidate */
  #addWhenDescribed(connection, candidate) {
    const add = () => { connection.addIceCandidate(candidate).catch(() => {}); };
    if (connection.remoteDescription) add();
    else connection.addEventListener('signalingstatechange', add, { once: true });
  }
}
