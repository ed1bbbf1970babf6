// One peer connection with one member, from birth to death: carries out what negotiation and recovery decide.

import { ParlorError } from '../errors.js';
import { Negotiation } from './negotiation.js';
import { Recovery } from './recovery.js';
import { pathIn, sampleOf } from './stats.js';

/** @import { PeerState, Stage, Path } from '../types.js' */
/** @import { Slot } from '../media/publications.js' */
/** @import { NegotiationAction as Action } from '../internal.js' */
/** @import { Candidate } from '../wire.js' */

/** How long the newcomer waits for the offer of those who saw it come. */
const WAIT_FOR_OFFER = 3_000;
/** `disconnected` often mends itself. The impolite side restarts ICE first, so that two offers seldom cross. */
const PATIENCE = { impolite: 2_000, polite: 3_500 };
/** More than this in the channel's own buffer only delays what comes after. */
const MAX_BUFFERED = 256 * 1024;
const LOW_BUFFERED = 64 * 1024;

/**
 * @typedef {{state: PeerState, stage: Stage, path?: Path, error?: ParlorError}} PeerStatus
 *
 * @typedef {object} PeerHooks
 * @property {() => boolean} polite
 * @property {() => boolean} reachable whether the server would pass on what is sent
 * @property {() => Map<string, Slot>} slots what is to be sent
 * @property {(type: 'offer' | 'answer', sdp: string) => void} sendDescription
 * @property {(candidate: Candidate) => void} sendCandidate
 * @property {(sdp: string) => void} onStartOver the other side has a new connection and offers this
 * @property {(status: PeerStatus) => void} onStatus
 * @property {(track: MediaStreamTrack, streamId: string | null) => void} onTrack
 * @property {(track: MediaStreamTrack) => void} onTrackEnded
 * @property {(text: string, volatile: boolean) => void} onText
 * @property {() => void} onChannel the data channel opened, closed or has room again
 */

export class Peer {
  /** @type {PeerHooks} */ #hooks;
  /** @type {RTCPeerConnection} */ #pc;
  /** @type {RTCDataChannel} */ #reliable;
  /** @type {RTCDataChannel} */ #volatile;
  /** @type {Negotiation} */ #negotiation;
  /** @type {Recovery} */ #recovery;
  /** @type {Map<string, RTCRtpTransceiver>} */ #transceivers = new Map();
  /** @type {Set<MediaStreamTrack>} */ #received = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {Path | undefined} */ #path;
  /** @type {ParlorError | undefined} */ #fault;
  #last = '';
  #chain = Promise.resolve();
  #closed = false;
  #counters = { at: 0, sent: 0, received: 0 };

  /**
   * @param {{config: RTCConfiguration, offers: boolean}} options offers: this side saw the other arrive
   * @param {PeerHooks} hooks
   */
  constructor({ config, offers }, hooks) {
    const now = performance.now();
    this.#hooks = hooks;
    this.#negotiation = new Negotiation({ polite: hooks.polite, waitUntil: offers ? null : now + WAIT_FOR_OFFER });
    this.#recovery = new Recovery({ patience: hooks.polite() ? PATIENCE.polite : PATIENCE.impolite, now });
    this.#pc = new RTCPeerConnection(config);
    this.#listen();
    this.#reliable = this.#openChannel('messages', { negotiated: true, id: 0 });
    this.#volatile = this.#openChannel('volatile', { negotiated: true, id: 1, ordered: false, maxRetransmits: 0 });
    this.syncMedia();
    this.#arm();
  }

  get channelOpen() {
    return !this.#closed && this.#reliable.readyState === 'open' && this.#pc.connectionState === 'connected';
  }
  get channelGone() { return this.#closed || this.#reliable.readyState === 'closed'; }
  get hasRoom() { return this.#reliable.bufferedAmount < MAX_BUFFERED; }

  /** @param {number} bytes */
  fits(bytes) { return bytes <= (this.#pc.sctp?.maxMessageSize ?? 0); }

  /** @param {string} text */
  send(text) { this.#reliable.send(text); }

  /** @param {string} text */
  sendVolatile(text) {
    const channel = this.#volatile;
    if (channel.readyState === 'open' && channel.bufferedAmount < LOW_BUFFERED) channel.send(text);
  }

  /** @param {string} sdp */
  handleOffer(sdp) { this.#decide(() => this.#negotiation.handleOffer(sdp)); }

  /** @param {string} sdp */
  handleAnswer(sdp) { this.#decide(() => this.#negotiation.handleAnswer(sdp)); }

  /** @param {Candidate} candidate */
  handleCandidate(candidate) { this.#decide(() => this.#negotiation.handleCandidate(candidate)); }

  /** Frames were lost, or the server was away: what was sent lately may not have arrived. */
  handleDoubt() {
    this.#decide(() => this.#negotiation.handleDoubt(performance.now()));
    if (this.#recovery.state !== 'connected') this.handleNetworkChange();
  }

  handleNetworkChange() {
    if (this.#recovery.handleNetworkChange(performance.now())) this.#restartIce();
    this.#report();
  }

  /** Brings the senders in line with what is published. */
  syncMedia() {
    const slots = this.#hooks.slots();
    for (const [name, slot] of slots) this.#sendTrack(name, slot);
    for (const [name, { sender }] of this.#transceivers) {
      if (!slots.has(name) && sender.track) this.#pc.removeTrack(sender);
    }
  }

  async stats() {
    const { sample, counters } = sampleOf(await this.#pc.getStats(), this.#counters);
    this.#counters = counters;
    return sample;
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pc.close();
    for (const track of this.#received) this.#hooks.onTrackEnded(track);
  }

  #listen() {
    const pc = this.#pc;
    pc.onnegotiationneeded = () => this.#decide(() => this.#negotiation.handleNeeded(performance.now()));
    // The end of the candidates is not passed on: simple clients stumble over it, and nobody needs it.
    pc.onicecandidate = ({ candidate }) => { if (candidate?.candidate) this.#hooks.sendCandidate(wireCandidate(candidate)); };
    pc.onconnectionstatechange = () => this.#connectionChanged();
    pc.oniceconnectionstatechange = () => this.#report();
    pc.ontrack = ({ track, streams }) => this.#receive(track, streams[0] ?? null);
  }

  /** @param {string} label @param {RTCDataChannelInit} init */
  #openChannel(label, init) {
    const channel = this.#pc.createDataChannel(label, init);
    const changed = () => { if (!this.#closed) this.#hooks.onChannel(); };
    channel.bufferedAmountLowThreshold = LOW_BUFFERED;
    channel.onopen = channel.onclose = channel.onbufferedamountlow = changed;
    channel.onmessage = ({ data }) => {
      if (!this.#closed && typeof data === 'string') this.#hooks.onText(data, init.id === 1);
    };
    return channel;
  }

  /** @param {MediaStreamTrack} track @param {MediaStream | null} stream */
  #receive(track, stream) {
    const ended = () => { if (this.#received.delete(track)) this.#hooks.onTrackEnded(track); };
    this.#received.add(track);
    track.onended = ended;
    if (stream) stream.onremovetrack = (event) => { if (this.#received.delete(event.track)) this.#hooks.onTrackEnded(event.track); };
    this.#hooks.onTrack(track, stream?.id ?? null);
  }

  /** @param {string} name @param {Slot} slot */
  #sendTrack(name, { track, stream }) {
    const transceiver = this.#transceivers.get(name);
    if (!transceiver) {
      const sender = this.#pc.addTrack(track, stream);
      const added = this.#pc.getTransceivers().find((candidate) => candidate.sender === sender);
      if (added) this.#transceivers.set(name, added);
    } else if (transceiver.sender.track !== track) {
      const { sender, direction } = transceiver;
      if (direction === 'recvonly' || direction === 'inactive') {
        sender.setStreams(stream);
        transceiver.direction = direction === 'recvonly' ? 'sendrecv' : 'sendonly';
      }
      sender.replaceTrack(track).catch((cause) => this.#failed(cause));
    }
  }

  /**
   * One input after the other, each with all its actions: see Negotiation.
   * @param {() => Action[]} input
   */
  #decide(input) {
    this.#chain = this.#chain.then(async () => {
      if (this.#closed) return;
      for (const action of input()) {
        await this.#carryOut(action);
        if (this.#closed) return;
      }
      this.#arm();
    }).catch((cause) => this.#failed(cause));
  }

  /** @param {Action} action */
  async #carryOut(action) {
    const pc = this.#pc;
    switch (action.kind) {
      case 'offer':
        await pc.setLocalDescription();
        return this.#sendDescription();
      case 'repeat-offer':
        return this.#sendDescription();
      case 'accept-offer':
        await pc.setRemoteDescription({ type: 'offer', sdp: action.sdp });
        await pc.setLocalDescription();
        return this.#sendDescription();
      case 'accept-answer':
        return pc.setRemoteDescription({ type: 'answer', sdp: action.sdp });
      case 'add-candidate':
        // A candidate of an ignored offer or of an earlier connection fits nothing: ICE does without it.
        return pc.addIceCandidate(action.candidate ?? undefined).catch(() => {});
      case 'start-over':
        return this.#hooks.onStartOver(action.sdp);
      default:
        /** @satisfies {never} */ (action);
    }
  }

  #sendDescription() {
    const description = this.#pc.localDescription;
    if (description?.type === 'offer' || description?.type === 'answer') {
      this.#hooks.sendDescription(description.type, description.sdp);
    }
  }

  /** @param {unknown} cause */
  #failed(cause) {
    if (this.#closed) return;
    this.#negotiation.handleFailure();
    this.#fault = new ParlorError('negotiation-failed', { cause });
    this.#report();
  }

  #connectionChanged() {
    if (this.#closed) return;
    const state = this.#pc.connectionState;
    if (this.#recovery.handleState(state, performance.now())) this.#restartIce();
    if (state === 'connected') {
      this.#fault = undefined;
      this.#findPath();
    }
    this.#hooks.onChannel();
    this.#report();
    this.#arm();
  }

  async #findPath() {
    const path = await this.#pc.getStats().then(pathIn, () => undefined);
    if (!path || this.#closed) return;
    this.#path = path;
    this.#report();
  }

  #restartIce() {
    this.#decide(() => this.#negotiation.handleDoubt(performance.now()));
    this.#pc.restartIce();
  }

  /** One timer for whoever is due first. */
  #arm() {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const due = [this.#negotiation.pollTimeout(), this.#recovery.pollTimeout()].filter((at) => at !== null);
    if (!due.length) return;
    this.#timer = setTimeout(() => this.#timeout(), Math.max(Math.min(...due) - performance.now(), 10));
  }

  #timeout() {
    const now = performance.now();
    this.#decide(() => this.#negotiation.handleTimeout(now));
    if (this.#recovery.handleTimeout(now, this.#hooks.reachable())) this.#restartIce();
    this.#report();
    this.#arm();
  }

  #report() {
    if (this.#closed) return;
    const state = this.#recovery.state;
    const stage = this.#stage();
    const error = state === 'failed' ? this.#fault ?? new ParlorError('peer-unreachable') : this.#fault;
    const summary = `${state} ${stage} ${this.#path} ${error?.code}`;
    if (summary === this.#last) return;
    this.#last = summary;
    this.#hooks.onStatus({ state, stage, ...(this.#path && { path: this.#path }), ...(error && { error }) });
  }

  /** @returns {Stage} */
  #stage() {
    const { connectionState, iceConnectionState } = this.#pc;
    if (connectionState === 'connected') return 'communicating';
    if (!this.#negotiation.described) return 'signaling';
    return iceConnectionState === 'connected' || iceConnectionState === 'completed' ? 'securing' : 'connecting';
  }
}

/** @param {RTCIceCandidate} candidate @returns {Candidate} */
function wireCandidate(candidate) {
  const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
  return { candidate: candidate.candidate, ...(sdpMid !== null && { sdpMid }), ...(sdpMLineIndex !== null && { sdpMLineIndex }),
    ...(usernameFragment !== null && { usernameFragment }) };
}
