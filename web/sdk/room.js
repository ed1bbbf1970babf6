// The room as the app holds it: brings together the connection, the members, their media and their messages.

import { ChatLog } from './chat-log.js';
import { ParlorError } from './errors.js';
import { Emitter } from './events.js';
import { Publications } from './media/publications.js';
import { Messenger } from './messages/messenger.js';
import { watchPage } from './page.js';
import { Mesh } from './peers/mesh.js';
import { Roster } from './roster.js';
import { Connection, randomToken } from './signaling/connection.js';
import { runAt } from './timing.js';
/** @import { ChatMessage, Changes, Joined, JoinOptions, Member, MemberRecord, Notice, PublishOptions, Request, Reunion, RoomEvents, RoomParts, RoomState, RoomStats, RosterChange, SendOptions, Source, WireChat, WireEvent } from './internal.js' */

/** Whose the words of the server itself are. */
const SERVER = 'A'.repeat(22);
/** How long `leave` waits for the server to hear it. */
const LEAVE_PATIENCE = 1_000;
/** Kept for a module that may never come. */
const MAX_NOTICES = 256;

export class Room extends Emitter {
  #options;
  #memory;
  #connection;
  #roster = new Roster();
  #chat = new ChatLog();
  #publications;
  #mesh;
  #messenger;
  /** Of no use before the server was started anew. @type {Promise<Reunion> | undefined} */ #reunion;
  /** What this member is to be: the server may know something older, or nothing. @type {Changes & {attributes: {}}} */ #wanted;
  /** For the module that moderates. @type {Joined | undefined} */ _picture;
  /** What it has not seen if it is made late. @type {Notice[]} */ _notices = [];
  /** @type {RoomState} */ #state = 'connecting';
  /** @type {{resolve: (room: Room) => void, reject: (error: ParlorError) => void} | null} */ #entering = null;
  #unwatch = () => {};
  #timer = 0;

  /** @param {JoinOptions} options @param {RoomParts} parts */
  constructor(options, { memory, meshLimit, ...parts }) {
    super();
    this.#options = options;
    this.#memory = memory;
    this.#publications = new Publications(meshLimit > 0, {
      me: () => this.#roster.me,
      request: (request) => this._request(request),
      onChange: () => { for (const peer of this.#mesh.peers) peer.syncMedia(); },
      onEnded: (source) => { if (source !== 'screen') this._emit('error', new ParlorError('device-lost', { message: `The ${source} stopped` })); },
    });
    const { room, name, identity } = options;
    const instance = randomToken();
    const attributes = { ...options.attributes, sdk: instance, ...this.#publications.streamAttributes() };
    this.#wanted = { name, attributes };
    const entry = { room, name, identity: identity || undefined, attributes };
    this.#connection = new Connection({ ...parts, entry }, {
      onPicture: (picture, fresh, first) => this.#handlePicture(picture, fresh, first),
      onResumed: (replayed) => this.#connected(replayed),
      onWaiting: (id) => options.onWaiting?.({ id }),
      onEvent: (event) => this.#handleEvent(event),
      onDown: (attempt, retryInMs) => { if (!this.#entering) this.#setState({ state: 'reconnecting', attempt, retryInMs }); },
      onCredentials: (credentials) => memory?.keep(credentials),
      onProgress: () => this.#messenger.pump(),
      onGoingAway: (inMs) => this._emit('going-away', { inMs }),
      onComplaint: (error) => this._emit('error', error),
      onClosed: (reason) => this.#handleClosed(reason),
    });
    this.#messenger = new Messenger(instance, this.#connection, {
      peerOf: (record) => this.#mesh.peerOf(record),
      onMessage: ({ from, ...message }) => this._emit('message', { from: from.face, ...message }),
      onError: (error) => this._emit('error', error),
    });
    this.#mesh = new Mesh(this.#roster, meshLimit, {
      slots: () => this.#publications.slots(),
      // What is lost with a session is said again when the member is found again.
      request: (request) => { this.#connection.request(request).catch(() => {}); },
      live: () => this.#connection.live,
      onText: (record, text, volatile) => this.#handleText(record, text, volatile),
      onChannel: (record) => this.#handleChannel(record),
      onConnected: (pc) => { if (options.reportPaths !== false) import('./peers/told.js').then(({ tell }) => tell(parts.url, pc)).catch(() => {}); },
      emit: (type, detail) => this._emit(type, detail),
    });
  }

  get name() { return this.#options.room; }

  /** @returns {Member} */
  get me() {
    if (!this.#roster.me) throw new ParlorError('closed');
    return this.#roster.me.face;
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
    const { me } = this;
    return this.#chat.get(key) ?? { id: key, from: me, fromId: me.id, name: me.name, text, at: Date.now(), mine: true };
  }

  /** JSON to everybody else, or to some: exactly once and in order, unless volatile. @param {unknown} data @param {SendOptions} [options] */
  async send(data, { to, volatile } = {}) {
    if (this.#state === 'closed') throw new ParlorError('closed');
    const { others } = this.#roster;
    const targets = to === undefined ? others : [to].flat().map((name) => {
      const found = others.find(({ id, face }) => name === id || name === face);
      if (!found) throw new ParlorError('unknown-target');
      return found;
    });
    if (volatile) this.#messenger.sendVolatile(targets, data);
    else this.#messenger.send(targets, data);
  }

  /** @param {Changes} changes a `null` removes an attribute */
  async update({ name, attributes = {} }) {
    const wanted = this.#wanted;
    this.#wanted = { name: name ?? wanted.name, attributes: { ...wanted.attributes, ...attributes } };
    await this.#connection.request({ type: 'update', name, attributes });
  }

  async leave() {
    if (this.#connection.live) {
      const patience = new Promise((resolve) => setTimeout(resolve, LEAVE_PATIENCE));
      await Promise.race([patience, this.#connection.request({ type: 'leave' }).catch(() => {})]);
    }
    this.#connection.close(new ParlorError('left'));
  }

  /** Replaces what was published as this source. @param {Source} source @param {MediaStream} stream @param {PublishOptions} [options] */
  async publish(source, stream, options) {
    if (!this.#roster.me?.may(source)) throw new ParlorError('not-permitted');
    this.#publications.publish(source, stream, options);
  }

  /** @param {Source} source */
  async unpublish(source) { this.#publications.unpublish(source); }

  /** @param {Source} source @param {boolean} muted */
  async setMuted(source, muted) { this.#publications.setMuted(source, muted); }

  /** @returns {Promise<RoomStats>} */
  async stats() { return { at: Date.now(), peers: await this.#mesh.stats() }; }

  /** @param {Request} request @returns {Promise<void>} */
  _request(request) { return this.#connection.request(request); }

  /** @returns {Promise<Room>} */
  _enter() {
    return new Promise((resolve, reject) => {
      this.#entering = { resolve, reject };
      this.#unwatch = watchPage({
        onWake: () => this.#connection.wake(),
        onNetwork: () => {
          this.#connection.wake();
          for (const peer of this.#mesh.peers) peer.handleNetworkChange();
        },
        onHide: (returns) => {
          this.#messenger.flush();
          if (!returns && !this.#memory) this.leave();
        },
      });
      this.#connection.open();
    });
  }

  /** @param {ParlorError} reason */
  _abort(reason) {
    this.#connection.request({ type: 'leave' }).catch(() => {});
    this.#connection.close(reason);
  }

  /** @param {Joined} picture @param {boolean} fresh @param {boolean} first */
  #handlePicture(picture, fresh, first) {
    this.#configure(picture);
    this.#roster.handlePicture({ members: picture.members, me: picture.peer, fresh, now: performance.now() },
      (record) => this.#mesh.peerOf(record)?.channelOpen === true);
    // The others saw this page come, and offer first: also if it is a reloaded one of an old member.
    if (first) this.#mesh.connectAll(() => false);
    // A server that was started anew knows of no source: it is told before what it knows is obeyed.
    if (fresh) this.#publications.tell();
    this.#applyChanges();
    for (const wire of picture.history) this.#addChat(wire, !first);
    this.#correct(this.#wanted, this.me);
    this._picture = picture;
    this._notices = [];
    if (!fresh) this.#publications.tell();
    const { orphans } = this.#roster;
    if (fresh && orphans.length) this.#reunite((reunion) => reunion.begin(picture.peer, orphans.map((record) => [record, this.#mesh.peerOf(record)])));
    if (picture.lost) for (const peer of this.#mesh.peers) peer.handleDoubt();
    this.#connected(0, fresh && !first);
  }

  /** @param {{iceServers: RTCIceServer[]}} servers */
  #configure({ iceServers }) { this.#mesh.configure({ iceServers, ...this.#options.rtc }); }

  /** @param {number} recovered @param {boolean} [anew] */
  #connected(recovered, anew = false) {
    this.#setState({ state: 'connected', recovered, anew });
    this.#messenger.pump();
    this.#entering?.resolve(this);
    this.#entering = null;
  }

  /** @param {(reunion: Reunion) => void} step */
  #reunite(step) {
    this.#reunion ??= import('./reunion.js').then(({ Reunion }) => new Reunion(this.#connection));
    this.#reunion.then(step, () => { this.#reunion = undefined; });
  }

  /** @param {RoomEvents['state']} change */
  #setState(change) {
    this.#state = change.state;
    this._emit('state', change);
  }

  /** @param {WireEvent} event */
  #handleEvent(event) {
    switch (event.type) {
      case 'member-joined': case 'member-updated': this.#roster.handleMember(event.member, performance.now()); break;
      case 'member-left': this.#roster.handleLeft(event.peer, event.reason); break;
      case 'chat': this.#addChat(event, true); break;
      case 'event': this.#addEvent(event); break;
      case 'ice-servers': this.#configure(event); break;
      case 'knock': case 'knock-ended': case 'room-updated': case 'token-expiring':
        this._notices = [...this._notices, event].slice(-MAX_NOTICES);
        return this._emit('notice', event);
      case 'message': case 'offer': case 'answer': case 'candidate': this.#handleFrom(event); break;
      default: /** @satisfies {never} */ (event);
    }
    this.#applyChanges();
  }

  /** @param {Extract<WireEvent, {type: 'event'}>} event */
  #addEvent({ from, name, args }) {
    const record = this.#roster.get(from);
    if (record) this._emit('event', { from: record.face, name, args });
  }

  /** @param {Extract<WireEvent, {type: 'message' | 'offer' | 'answer' | 'candidate'}>} event */
  #handleFrom(event) {
    if (event.type === 'message' && event.from === SERVER) return this._emit('message', { from: null, data: event.data, volatile: false, path: 'server' });
    const content = event.type === 'message' ? this.#messenger.read(event.data, this.me.id) : null;
    if (content?.kind === 'proof') {
      return this.#reunite((reunion) => {
        this.#roster.handleProof(reunion.handleProof(content.challenge), event.from);
        this.#applyChanges();
      });
    }
    const record = this.#roster.get(event.from);
    if (this.#roster.hold(event.from, event) || !record || record.isMe) return;
    if (event.type !== 'message') this.#mesh.handleSignal(record, event);
    else if (content) this.#messenger.handle(record, content, 'server', event.seq === undefined);
  }

  /** @param {WireChat} wire @param {boolean} news */
  #addChat(wire, news) {
    const message = this.#chat.add(wire, () => this.#roster.get(wire.from)?.face ?? null);
    if (message && news) this._emit('chat', message);
  }

  #applyChanges() {
    for (let change; (change = this.#roster.pollChange());) this.#apply(change);
    clearTimeout(this.#timer);
    this.#timer = runAt(this.#roster.pollTimeout(), () => {
      this.#roster.handleTimeout(performance.now());
      this.#applyChanges();
    });
  }

  /** @param {RosterChange} change */
  #apply({ kind, record, ...change }) {
    const member = record.face;
    const peer = this.#mesh.peerOf(record);
    switch (kind) {
      case 'joined':
        if (this.#state !== 'connecting') this._emit('member-joined', { member });
        break;
      case 'left':
        this.#messenger.remove(record);
        this.#mesh.disconnect(record);
        if (this.#reunion) this.#reunite((reunion) => reunion.remove(record));
        this._emit('member-left', { member, reason: change.reason ?? '' });
        break;
      case 'renewed':
        this.#mesh.reconnect(record);
        break;
      case 'updated': case 'orphaned':
        record.heed();
        if (record.isMe) this.#publications.obey();
        this._emit('member-updated', { member });
        if (change.returned && record.peerState !== 'connected') peer?.handleNetworkChange();
        break;
      case 'rebound':
        this._emit('member-updated', { member });
        peer?.handleDoubt();
        break;
      default: /** @satisfies {never} */ (kind);
    }
    this.#messenger.handleUpdated(record, kind === 'renewed' || kind === 'rebound');
    this.#mesh.connectAll();
    for (const event of change.events ?? []) this.#handleEvent(event);
  }

  /** @param {MemberRecord} record @param {string} text @param {boolean} volatile */
  #handleText(record, text, volatile) {
    this.#messenger.handleChannel(record, true);
    const content = this.#messenger.read(parse(text), this.me.id);
    const { kind } = content;
    if (!record.may('message') && kind !== 'ack' && kind !== 'rejoined') return;
    if (content.kind === 'rejoined') this.#reunite((reunion) => reunion.handleQuestion(record, content));
    else this.#messenger.handle(record, content, 'peer', volatile);
  }

  /** @param {MemberRecord} record */
  #handleChannel(record) {
    this.#messenger.handleChannel(record);
    if (!this.#mesh.peerOf(record)?.channelGone) return;
    this.#roster.handleUnreached(record);
    this.#applyChanges();
  }

  /** @param {Changes} wanted @param {Changes} known */
  #correct({ name, attributes = {} }, { name: knownName, attributes: known = {} }) {
    const changed = Object.entries(attributes).filter(([key, value]) => value !== (known[key] ?? null));
    const rename = name === knownName ? undefined : name;
    if (!changed.length && rename === undefined) return;
    this.#connection.request({ type: 'update', name: rename, attributes: Object.fromEntries(changed) })
      .catch((/** @type {ParlorError} */ error) => { if (error.code !== 'closed') this._emit('error', error); });
  }

  /** @param {ParlorError} reason */
  #handleClosed(reason) {
    clearTimeout(this.#timer);
    this.#unwatch();
    this.#mesh.close();
    this.#messenger.close();
    if (reason.code !== 'unreachable') this.#memory?.forget();
    this.#setState({ state: 'closed', reason });
    this._endIterators();
    this.#entering?.reject(reason);
  }
}

/** @param {string} text @returns {unknown} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // Another client's own.
  }
}
