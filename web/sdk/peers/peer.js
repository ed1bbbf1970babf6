// One peer connection with one member: carries out what negotiation and recovery decide.

import { ParlorError } from '../errors.js';
import { runAt } from '../timing.js';
import { Negotiation } from './negotiation.js';
import { Recovery, stageAfter } from './recovery.js';
/** @import { Candidate, NegotiationAction, PeerHooks, PeerPath, Signal, Slot, Stage } from '../internal.js' */

/** How long the newcomer waits for the offer of those who saw it come. */
const WAIT_FOR_OFFER = 3_000;
/** Of `disconnected`. The impolite side restarts ICE first, so that two offers seldom cross. */
const PATIENCE = { impolite: 2_000, polite: 3_500 };
/** More in the channel's own buffer only delays what comes after. */
const MAX_BUFFERED = 256 * 1024;
const LOW_BUFFERED = 64 * 1024;

export class Peer {
  #hooks;
  #pc;
  #reliable;
  #volatile;
  #negotiation;
  #recovery;
  /** @type {Map<RTCRtpTransceiver, string>} whose track they send: `addTrack` gives one that never sent to another */ #names = new Map();
  /** @type {Set<MediaStreamTrack>} */ #received = new Set();
  /** @type {Stage} */ #stage = 'signaling';
  /** @type {PeerPath | null} */ #path = null;
  /** @type {ParlorError | undefined} */ #fault;
  /** @type {RTCSessionDescriptionInit | null} */ #proposal = null;
  #counters = { at: 0, sent: 0, received: 0 };
  #chain = Promise.resolve();
  #reported = '';
  #timer = 0;
  #closed = false;

  /** @param {{config: RTCConfiguration, offers: boolean}} options offers: this side saw the other come @param {PeerHooks} hooks */
  constructor({ config, offers }, hooks) {
    const now = performance.now();
    this.#hooks = hooks;
    this.#negotiation = new Negotiation({ polite: hooks.polite, waitUntil: offers ? 0 : now + WAIT_FOR_OFFER });
    this.#recovery = new Recovery({ patience: hooks.polite() ? PATIENCE.polite : PATIENCE.impolite, now });
    this.#pc = new RTCPeerConnection(config);
    this.#listen();
    this.#reliable = this.#openChannel('messages', { negotiated: true, id: 0 });
    this.#volatile = this.#openChannel('volatile', { negotiated: true, id: 1, ordered: false, maxRetransmits: 0 });
    this.syncMedia();
    this.#arm();
  }

  get channelOpen() { return this.#reliable.readyState === 'open' && this.#pc.connectionState === 'connected'; }
  get channelGone() { return this.#closed || this.#reliable.readyState === 'closed'; }
  get hasRoom() { return this.#reliable.bufferedAmount < MAX_BUFFERED; }

  /** @param {RTCConfiguration} config */
  configure(config) { this.#pc.setConfiguration(config); }

  /** @param {number} bytes */
  fits(bytes) { return bytes <= (this.#pc.sctp?.maxMessageSize ?? 0); }

  /** @param {string} text */
  send(text) { this.#reliable.send(text); }

  /** @param {string} text */
  sendVolatile(text) {
    const channel = this.#volatile;
    if (channel.readyState === 'open' && channel.bufferedAmount < LOW_BUFFERED) channel.send(text);
  }

  /** @param {Signal} signal */
  handleSignal(signal) {
    this.#decide(() => {
      switch (signal.type) {
        case 'offer': return this.#negotiation.handleOffer(signal.sdp);
        case 'answer': return this.#negotiation.handleAnswer(signal.sdp);
        case 'candidate': return this.#negotiation.handleCandidate(signal.candidate);
        default: return /** @satisfies {never} */ (signal);
      }
    });
  }

  /** What was sent lately may not have arrived. */
  handleDoubt() {
    this.#repeat();
    if (this.#recovery.state !== 'connected') this.handleNetworkChange();
  }

  handleNetworkChange() {
    this.#restartIf(this.#recovery.handleNetworkChange(performance.now()));
  }

  /** Brings the senders in line with what is published. */
  syncMedia() {
    const slots = this.#hooks.slots();
    for (const [{ sender }, name] of this.#names) {
      if (!slots.has(name) && sender.track) this.#pc.removeTrack(sender);
    }
    for (const [name, slot] of slots) this.#sendTrack(name, slot);
  }

  async stats() {
    const [{ pathIn, sampleOf }, report] = await Promise.all([import('./stats.js'), this.#pc.getStats()]);
    const { sample, counters } = sampleOf(report, this.#counters);
    this.#counters = counters;
    this.#path = pathIn(report);
    this.#report();
    return sample;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pc.close();
    for (const track of this.#received) this.#ended(track);
  }

  #listen() {
    const pc = this.#pc;
    pc.onnegotiationneeded = () => this.#decide(() => this.#negotiation.handleNeeded(performance.now()));
    pc.onicecandidate = ({ candidate }) => {
      // Simple clients stumble over the end of candidates, and nobody needs it.
      if (candidate?.candidate) this.#hooks.sendCandidate(/** @type {Candidate} */ (candidate.toJSON()));
    };
    pc.onconnectionstatechange = () => this.#connectionChanged();
    pc.oniceconnectionstatechange = () => this.#report();
    pc.ontrack = ({ track, streams: [stream] }) => {
      this.#received.add(track);
      track.onended = () => this.#ended(track);
      if (stream) stream.onremovetrack = (event) => this.#ended(event.track);
      this.#hooks.onTrack(track, stream?.id);
    };
  }

  /** @param {MediaStreamTrack} track */
  #ended(track) {
    if (this.#received.delete(track)) this.#hooks.onTrackEnded(track);
  }

  /** @param {string} label @param {RTCDataChannelInit} init */
  #openChannel(label, init) {
    const channel = this.#pc.createDataChannel(label, init);
    channel.bufferedAmountLowThreshold = LOW_BUFFERED;
    channel.onopen = channel.onclose = channel.onbufferedamountlow = () => this.#hooks.onChannel();
    channel.onmessage = ({ data }) => {
      if (!this.#closed && typeof data === 'string') this.#hooks.onText(data, init.id === 1);
    };
    return channel;
  }

  /** @param {string} name @param {Slot} slot */
  #sendTrack(name, { track, stream }) {
    const known = [...this.#names].find(([, one]) => one === name)?.[0];
    if (!known) {
      const sender = this.#pc.addTrack(track, stream);
      const added = this.#pc.getTransceivers().find((one) => one.sender === sender);
      if (added) this.#names.set(added, name);
    } else if (known.sender.track !== track) {
      const { direction } = known;
      if (!direction.includes('send')) {
        known.sender.setStreams(stream);
        known.direction = direction === 'recvonly' ? 'sendrecv' : 'sendonly';
      }
      known.sender.replaceTrack(track).catch((cause) => this.#failed(cause));
    }
  }

  /** One input after the other, each with all its actions: see Negotiation. @param {() => NegotiationAction[]} input */
  #decide(input) {
    this.#chain = this.#chain.then(async () => {
      for (const action of this.#closed ? [] : input()) {
        await this.#carryOut(action);
        if (this.#closed) return;
      }
      this.#restartIf(false);
    }).catch((cause) => this.#failed(cause));
  }

  /** @param {NegotiationAction} action */
  async #carryOut(action) {
    const pc = this.#pc;
    switch (action.kind) {
      case 'accept-offer':
        await pc.setRemoteDescription({ type: 'offer', sdp: action.sdp });
        return this.#describe();
      case 'offer': return this.#describe();
      case 'propose':
        this.#proposal = await pc.createOffer();
        return this.#sendDescription();
      case 'repeat-offer': return this.#sendDescription();
      case 'accept-answer':
        if (this.#proposal) await pc.setLocalDescription(this.#proposal);
        this.#proposal = null;
        return pc.setRemoteDescription({ type: 'answer', sdp: action.sdp });
      case 'add-candidate': // One of an ignored offer, or of an earlier connection, fits nothing.
        return pc.addIceCandidate(action.candidate).catch(() => {});
      case 'start-over': return this.#hooks.onStartOver(action.sdp);
      default: /** @satisfies {never} */ (action);
    }
  }

  async #describe() {
    this.#proposal = null;
    await this.#pc.setLocalDescription();
    this.#sendDescription();
  }

  #sendDescription() {
    const description = this.#proposal ?? this.#pc.localDescription;
    if (description && !this.#closed) this.#hooks.sendDescription(description);
  }

  /** @param {unknown} cause */
  #failed(cause) {
    this.#negotiation.handleFailure();
    this.#fault = new ParlorError('negotiation-failed', { cause });
    this.#report();
  }

  #connectionChanged() {
    const state = this.#pc.connectionState;
    if (state === 'connected') {
      this.#fault = undefined;
      const ice = this.#pc.sctp?.transport.iceTransport;
      // The first path that works is seldom the best one.
      if (ice) ice.onselectedcandidatepairchange = () => this.#readPath();
      if (!this.#path) this.#hooks.onConnected(this.#pc);
      this.#readPath();
    }
    this.#restartIf(this.#recovery.handleState(state, performance.now()));
    this.#hooks.onChannel();
  }

  #readPath() { this.stats().catch(() => {}); }

  #repeat() {
    this.#decide(() => this.#negotiation.handleDoubt(performance.now()));
  }

  /** @param {boolean} restart */
  #restartIf(restart) {
    if (this.#closed) return;
    if (restart) {
      this.#repeat();
      this.#pc.restartIce();
    }
    this.#report();
    this.#arm();
  }

  #arm() {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = runAt(Math.min(this.#negotiation.pollTimeout(), this.#recovery.pollTimeout()), () => {
      const now = performance.now();
      this.#decide(() => this.#negotiation.handleTimeout(now));
      this.#restartIf(this.#recovery.handleTimeout(now, this.#hooks.reachable()));
    });
  }

  #report() {
    const { connectionState, iceConnectionState } = this.#pc;
    const { state } = this.#recovery;
    const [stage, path] = [stageAfter(this.#stage, this.#negotiation.described, iceConnectionState, connectionState), this.#path];
    this.#stage = stage;
    const error = this.#fault ?? (state === 'failed' ? new ParlorError('peer-unreachable') : undefined);
    const report = [state, stage, path?.kind, path?.transport, error?.code].join();
    if (this.#closed || report === this.#reported) return;
    this.#reported = report;
    this.#hooks.onStatus({ state, stage, path, error });
  }
}
