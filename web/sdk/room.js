// The room as the app holds it: brings together the connection, the members, their media and their messages.

import { ChatLog } from './chat-log.js';
import { ParlorError } from './errors.js';
import { Emitter } from './events.js';
import { Member } from './member.js';
import { read, proofData, rejoinedData } from './messages/envelope.js';
import { Messenger } from './messages/messenger.js';
import { Mesh } from './peers/mesh.js';
import { Publications } from './media/publications.js';
import { Roster } from './roster.js';
import { Connection, randomToken } from './signaling/connection.js';

/** @import { MemberRecord } from './member.js' */
/** @import { Memory } from './storage.js' */
/** @import { RosterChange as Change } from './internal.js' */
/** @import { Credentials } from './signaling/session.js' */
/** @import { ChatMessage, JoinOptions, RoomState, RoomStats, SendOptions, Source } from './types.js' */
/** @import { Joined, WireChat, WireEvent } from './wire.js' */

/** How long `leave` waits for the server to hear it. */
const LEAVE_PATIENCE = 1_000;

/**
 * @typedef {object} RoomParts
 * @property {string} url
 * @property {typeof WebSocket} WebSocket
 * @property {Memory | null} memory
 * @property {Credentials | null} remembered
 * @property {number} meshLimit 0: no direct connections
 */

export class Room extends Emitter {
  #options;
  /** @type {Memory | null} */ #memory;
  /** @type {Connection} */ #connection;
  /** @type {Messenger} */ #messenger;
  /** @type {Mesh} */ #mesh;
  /** @type {Publications} */ #publications;
  #roster = new Roster();
  #chat = new ChatLog();
  /** @type {RoomState} */ #state = 'connecting';
  /** @type {Map<string, MemberRecord>} what I asked over the data channel of an orphan */ #challenges = new Map();
  /** @type {Map<MemberRecord, {id: string, challenge: string}>} what I was asked over theirs */ #asked = new Map();
  /** @type {{name?: string, attributes: Record<string, string | null>}} what this member wants to be */ #wanted;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {(() => void)[]} */ #cleanups = [];
  /** @type {{resolve: (room: Room) => void, reject: (error: ParlorError) => void} | null} */ #entering = null;

  /** @param {JoinOptions} options @param {RoomParts} parts */
  constructor(options, { url, WebSocket, memory, remembered, meshLimit }) {
    super();
    this.#options = options;
    this.#memory = memory;
    this.#publications = new Publications(meshLimit > 0, (source) => this.#sourceEnded(source));
    this.#wanted = { ...(options.name !== undefined && { name: options.name }),
      attributes: { ...options.attributes, sdk: '1', ...this.#publications.attributes() } };
    const entry = { room: options.room, attributes: this.#presentAttributes(),
      ...(options.name !== undefined && { name: options.name }),
      ...(options.identity !== undefined && { identity: options.identity }) };
    this.#connection = new Connection({ url, WebSocket, entry, remembered }, this.#connectionHooks());
    this.#messenger = this.#makeMessenger();
    this.#mesh = this.#makeMesh(meshLimit);
  }

  get name() { return this.#options.room; }

  /** @returns {Member} */
  get me() {
    const { me } = this.#roster;
    if (!me) throw new ParlorError('closed', { message: 'Not in the room yet' });
    return me.face;
  }

  /** Everybody, me included, in the order of their arrival. @returns {readonly Member[]} */
  get members() { return this.#roster.all.map(({ face }) => face); }

  /** @returns {readonly ChatMessage[]} */
  get history() { return this.#chat.messages; }

  get state() { return this.#state; }

  /** @param {string} text @returns {Promise<ChatMessage>} once the server has it */
  async chat(text) {
    const key = randomToken();
    this.#chat.expect(key);
    await this.#connection.request({ type: 'chat', text, key });
    return this.#chat.get(key) ?? { id: key, from: this.me, fromId: this.me.id, name: this.me.name, text, at: Date.now(), mine: true };
  }

  /**
   * Gives JSON data to everybody else, or to some: exactly once and in order, unless it is volatile.
   * @param {unknown} data
   * @param {SendOptions} [options]
   */
  async send(data, { to, volatile = false } = {}) {
    if (this.#state === 'closed') throw new ParlorError('closed');
    const targets = to === undefined ? this.#roster.others : this.#targets([to].flat());
    if (volatile) this.#messenger.sendVolatile(targets, data);
    else this.#messenger.send(targets, data);
  }

  /** @param {{name?: string, attributes?: Record<string, string | null>}} changes a `null` removes the attribute */
  async update({ name, attributes = {} }) {
    if (name !== undefined) this.#wanted.name = name;
    Object.assign(this.#wanted.attributes, attributes);
    await this.#connection.request({ type: 'update', attributes, ...(name !== undefined && { name }) });
  }

  /** The others are told at once, if the server can be reached. */
  async leave() {
    if (this.#state === 'closed') return;
    if (this.#connection.live) {
      const patience = new Promise((resolve) => setTimeout(resolve, LEAVE_PATIENCE));
      await Promise.race([patience, this.#connection.request({ type: 'leave' }).catch(() => {})]);
    }
    this.#connection.close(new ParlorError('left', { message: 'You left the room' }));
  }

  /** Replaces what was published as this source. @param {Source} source @param {MediaStream} stream */
  async publish(source, stream) {
    this.#publications.publish(source, stream);
    this.#mesh.syncMedia();
    this.#announce();
  }

  /** @param {Source} source */
  async unpublish(source) {
    if (!this.#publications.unpublish(source)) return;
    this.#mesh.syncMedia();
    this.#announce();
  }

  /** @param {Source} source @param {boolean} muted */
  async setMuted(source, muted) {
    this.#publications.setMuted(source, muted);
    this.#announce();
  }

  /** @returns {Promise<RoomStats>} */
  async stats() {
    return { at: Date.now(), peers: await this.#mesh.stats() };
  }

  /** @returns {Promise<Room>} once this is a room with members */
  _enter() {
    return new Promise((resolve, reject) => {
      this.#entering = { resolve, reject };
      this.#watchPage();
      this.#connection.open();
    });
  }

  /** @param {ParlorError} reason */
  _abort(reason) {
    if (this.#connection.live) this.#connection.request({ type: 'leave' }).catch(() => {});
    this.#connection.close(reason);
  }

  /** @returns {import('./signaling/connection.js').ConnectionHooks} */
  #connectionHooks() {
    return {
      onPicture: (picture, fresh, first) => this.#handlePicture(picture, fresh, first),
      onResumed: (replayed) => this.#connected(replayed),
      onEvent: (event) => this.#handleEvent(event),
      onDown: (attempt, retryInMs) => {
        if (!this.#entering) this.#setState({ state: 'reconnecting', attempt, retryInMs });
      },
      onCredentials: (credentials) => this.#memory?.keep(credentials),
      onProgress: () => this.#messenger.pump(),
      onComplaint: (error) => this._emit('error', error),
      onClosed: (reason) => this.#handleClosed(reason),
    };
  }

  #makeMessenger() {
    return new Messenger(this.#connection, {
      peerOf: (record) => this.#mesh.peerOf(record),
      onMessage: ({ from, ...message }) => this._emit('message', { from: from.face, ...message }),
      onError: (error) => this._emit('error', error),
    });
  }

  /** @param {number} limit */
  #makeMesh(limit) {
    return new Mesh(this.#roster, limit, {
      slots: () => this.#publications.slots(),
      // What got lost with a session is said again when the member is found again: see handleDoubt.
      request: (request) => { this.#connection.request(request).catch(() => {}); },
      live: () => this.#connection.live,
      onText: (record, text, volatile) => this.#handleText(record, text, volatile),
      onChannel: (record) => this.#handleChannel(record),
      emit: (type, detail) => this._emit(type, detail),
    });
  }

  /** @param {Joined} picture @param {boolean} fresh @param {boolean} first */
  #handlePicture(picture, fresh, first) {
    this.#mesh.config = { iceServers: picture.iceServers, ...this.#options.rtc };
    this.#roster.handlePicture({ members: picture.members, me: picture.peer, fresh, now: performance.now() },
      (record) => this.#mesh.peerOf(record)?.channelOpen === true);
    // The others saw this page come and make the first offer, even if it is a reloaded one of an old member.
    if (first) this.#mesh.connectAll(() => false);
    this.#applyChanges();
    for (const wire of picture.history) this.#addChat(wire, !first);
    this.#correctMyself();
    if (fresh && !first) this.#findOrphans();
    if (picture.lost) this.#mesh.handleDoubt();
    this.#connected(0);
  }

  /** @param {number} recovered */
  #connected(recovered) {
    this.#setState({ state: 'connected', recovered });
    this.#messenger.pump();
    this.#entering?.resolve(this);
    this.#entering = null;
  }

  /** @param {import('./types.js').RoomEvents['state']} change */
  #setState(change) {
    this.#state = change.state;
    this._emit('state', change);
  }

  /** @param {WireEvent} event */
  #handleEvent(event) {
    const now = performance.now();
    switch (event.type) {
      case 'member-joined': case 'member-updated': this.#roster.handleMember(event.member, now); break;
      case 'member-left': this.#roster.handleLeft(event.peer, event.reason); break;
      case 'chat': this.#addChat(event, true); break;
      case 'message': this.#handleMessage(event); break;
      case 'offer': case 'answer': case 'candidate': this.#handleSignal(event); break;
      default: /** @satisfies {never} */ (event);
    }
    this.#applyChanges();
  }

  /** @param {Extract<WireEvent, {type: 'message'}>} event */
  #handleMessage(event) {
    const content = read(event.data, this.me.id);
    if (content.kind === 'proof') return this.#handleProof(event.from, content.challenge);
    if (this.#roster.hold(event.from, event)) return;
    const record = this.#roster.get(event.from);
    if (record && !record.isMe) this.#messenger.handle(record, content, 'server', event.seq === undefined);
  }

  /** @param {Extract<WireEvent, {type: 'offer' | 'answer' | 'candidate'}>} event */
  #handleSignal(event) {
    if (this.#roster.hold(event.from, event)) return;
    const record = this.#roster.get(event.from);
    if (record && !record.isMe) this.#mesh.handleSignal(record, event);
  }

  /** @param {WireChat} wire @param {boolean} news */
  #addChat(wire, news) {
    const message = this.#chat.add(wire, () => this.#roster.get(wire.from)?.face ?? null);
    if (message && news) this._emit('chat', message);
  }

  #applyChanges() {
    for (let change = this.#roster.pollChange(); change; change = this.#roster.pollChange()) this.#apply(change);
    clearTimeout(this.#timer);
    const due = this.#roster.pollTimeout();
    if (due === null || this.#state === 'closed') return;
    this.#timer = setTimeout(() => {
      this.#roster.handleTimeout(performance.now());
      this.#applyChanges();
    }, Math.max(due - performance.now(), 1));
  }

  /** @param {Change} change */
  #apply(change) {
    const { record } = change;
    switch (change.kind) {
      case 'joined':
        if (this.#state !== 'connecting') this._emit('member-joined', { member: record.face });
        this.#mesh.connectAll();
        return this.#replay(change.events);
      case 'left': return this.#remove(record, change.reason);
      case 'updated':
        this._emit('member-updated', { member: record.face });
        this.#mesh.connectAll();
        if (change.returned && record.peerState !== 'connected') this.#mesh.peerOf(record)?.handleNetworkChange();
        return;
      case 'renewed':
        this.#mesh.reconnect(record, true);
        return this.#messenger.handleRenewed(record);
      case 'orphaned': return this._emit('member-updated', { member: record.face });
      case 'rebound': return this.#rebound(record, change.events);
      default: /** @satisfies {never} */ (change);
    }
  }

  /** @param {MemberRecord} record @param {string} reason */
  #remove(record, reason) {
    this.#messenger.remove(record);
    this.#mesh.disconnect(record);
    this.#asked.delete(record);
    this._emit('member-left', { member: record.face, reason });
    this.#mesh.connectAll();
  }

  /** @param {MemberRecord} record @param {WireEvent[]} events */
  #rebound(record, events) {
    this._emit('member-updated', { member: record.face });
    this.#messenger.handleRebound(record);
    this.#mesh.peerOf(record)?.handleDoubt();
    this.#mesh.connectAll();
    this.#replay(events);
  }

  /** @param {WireEvent[]} events */
  #replay(events) {
    for (const event of events) this.#handleEvent(event);
  }

  /** @param {MemberRecord} record @param {string} text @param {boolean} volatile */
  #handleText(record, text, volatile) {
    this.#messenger.handleChannelAlive(record);
    const content = read(parse(text), this.me.id);
    if (content.kind === 'rejoined') {
      this.#asked.set(record, content);
      this.#prove(content);
    } else {
      this.#messenger.handle(record, content, 'peer', volatile);
    }
    this.#applyChanges();
  }

  /** @param {MemberRecord} record */
  #handleChannel(record) {
    this.#messenger.handleChannel(record);
    if (!this.#mesh.peerOf(record)?.channelGone || !this.#roster.isOrphan(record)) return;
    this.#roster.handleUnreached(record);
    this.#applyChanges();
  }

  /**
   * The server was started anew, and everybody has a new id. Who of the new ones is at the other end of an open data
   * channel? A challenge goes over the channel and comes back through the server, which stamps its sender: nobody
   * can claim another one's channel, nor another one's id.
   */
  #findOrphans() {
    this.#challenges.clear();
    for (const record of this.#roster.others) {
      const peer = this.#mesh.peerOf(record);
      if (!this.#roster.isOrphan(record) || !peer?.channelOpen) continue;
      const challenge = randomToken();
      this.#challenges.set(challenge, record);
      peer.send(JSON.stringify(rejoinedData(this.me.id, challenge)));
    }
    for (const question of this.#asked.values()) this.#prove(question);
  }

  /** Refused while I am not back myself; then it is said again. @param {{id: string, challenge: string}} question */
  #prove({ id, challenge }) {
    this.#connection.request({ type: 'send', to: [id], data: proofData(challenge) }).catch(() => {});
  }

  /** @param {string} from @param {string} challenge */
  #handleProof(from, challenge) {
    const record = this.#challenges.get(challenge);
    if (record && this.#challenges.delete(challenge)) this.#roster.handleProof(record, from);
  }

  /** @param {(Member | string)[]} names @returns {MemberRecord[]} */
  #targets(names) {
    return names.map((name) => {
      const found = this.#roster.others.find(({ id, face }) => name === id || name === face);
      if (!found) throw new ParlorError('unknown-target');
      return found;
    });
  }

  /** After a join the server may know something older, or nothing, of what this member wants to be. */
  #correctMyself() {
    const { name, attributes } = this.me;
    const changed = Object.entries(this.#wanted.attributes).filter(([key, value]) => (attributes[key] ?? null) !== value);
    const rename = this.#wanted.name !== undefined && this.#wanted.name !== name ? { name: this.#wanted.name } : {};
    if (changed.length || 'name' in rename) this.#tell({ attributes: Object.fromEntries(changed), ...rename });
  }

  #announce() {
    const news = Object.entries(this.#publications.attributes()).filter(([key, value]) => this.#wanted.attributes[key] !== value);
    if (!news.length) return;
    Object.assign(this.#wanted.attributes, Object.fromEntries(news));
    this.#tell({ attributes: Object.fromEntries(news) });
  }

  /** @param {{name?: string, attributes: Record<string, string | null>}} news */
  #tell(news) {
    this.#connection.request({ type: 'update', ...news }).catch((/** @type {ParlorError} */ error) => {
      if (error.code !== 'closed') this._emit('error', error);
    });
  }

  #presentAttributes() {
    const present = Object.entries(this.#wanted.attributes).filter(([, value]) => value !== null);
    return /** @type {Record<string, string>} */ (Object.fromEntries(present));
  }

  /** @param {Source} source */
  #sourceEnded(source) {
    this.unpublish(source);
    if (source !== 'screen') this._emit('error', new ParlorError('device-lost', { message: `The ${source} stopped` }));
  }

  /** A page sleeps, wakes, changes networks and goes away. */
  #watchPage() {
    if (typeof document === 'undefined') return;
    const wake = () => this.#connection.wake();
    this.#listenTo(window, 'pageshow', wake);
    this.#listenTo(document, 'visibilitychange', () => { if (document.visibilityState === 'visible') wake(); });
    this.#listenTo(window, 'online', () => {
      wake();
      this.#mesh.handleNetworkChange();
    });
    this.#listenTo(window, 'pagehide', (event) => {
      this.#messenger.flush();
      const returns = this.#memory !== null || /** @type {PageTransitionEvent} */ (event).persisted;
      if (!returns) this.leave();
    });
  }

  /** @param {EventTarget} target @param {string} type @param {(event: Event) => void} listener */
  #listenTo(target, type, listener) {
    target.addEventListener(type, listener);
    this.#cleanups.push(() => target.removeEventListener(type, listener));
  }

  /** @param {ParlorError} reason */
  #handleClosed(reason) {
    clearTimeout(this.#timer);
    for (const cleanup of this.#cleanups) cleanup();
    this.#mesh.close();
    this.#messenger.close();
    if (reason.code !== 'unreachable') this.#memory?.forget();
    this.#setState({ state: 'closed', reason });
    this._endIterators();
    this.#entering?.reject(reason);
    this.#entering = null;
  }
}

/** @param {string} text @returns {unknown} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // Another client's own text.
  }
}
