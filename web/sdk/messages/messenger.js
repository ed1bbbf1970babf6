// App messages to and from every member: over the data channel while there is one, else over the server.

import { ParlorError } from '../errors.js';
import { Incoming, Outgoing, ackData, channelText, itemOf, read, serverData, targetsPerFrame, volatileData } from './streams.js';
/** @import { Connection, Content, Item, Link, MemberRecord, MessengerHooks, Target } from '../internal.js' */

/** An acknowledgement follows after so many messages or ms; through the server it costs every hop more. */
const ACKS = { peer: { messages: 16, ms: 200 }, server: { messages: 64, ms: 1_000 } };
/** A channel that acknowledges nothing for so long is not trusted until it is heard again. */
const CHANNEL_PATIENCE = 5_000;
/** Through the server only what fell out of its log gets lost. */
const SERVER_PATIENCE = 15_000;
const WATCH_EVERY = 1_000;
/** What waits in the connection can't change its path any more, so little is put there. */
const MAX_SERVER_BACKLOG = 64;
/** A frame to somebody who just left is refused for all: the news of it is on its way. */
const REFUSED_PAUSE = 100;

export class Messenger {
  #connection;
  #hooks;
  #instance;
  /** @type {Map<MemberRecord, Link>} */ #links = new Map();
  #watchTimer = 0;
  #pauseTimer = 0;

  /** @param {string} instance @param {Connection} connection @param {MessengerHooks} hooks */
  constructor(instance, connection, hooks) {
    this.#instance = instance;
    this.#connection = connection;
    this.#hooks = hooks;
  }

  /** @param {MemberRecord[]} targets @param {unknown} data */
  send(targets, data) {
    const item = itemOf(data);
    const links = targets.filter(({ usesSdk }) => usesSdk).map((record) => this.#link(record));
    if (!links.every(({ out }) => out.hasRoomFor(item))) throw new ParlorError('queue-full');
    for (const link of links) {
      if (!link.out.unacked) link.progressAt = performance.now();
      link.out.push(item);
    }
    for (const to of chunks(targets.filter(({ usesSdk }) => !usesSdk), item)) this.#request(to, JSON.parse(item.json));
    this.pump();
    this.#watch();
  }

  /** @param {MemberRecord[]} targets @param {unknown} data */
  sendVolatile(targets, data) {
    const item = itemOf(data);
    const content = volatileData(item);
    const far = targets.filter((record) => {
      const peer = this.#hooks.peerOf(record);
      if (!record.usesSdk || !peer?.channelOpen) return true;
      peer.sendVolatile(JSON.stringify(content));
      return false;
    });
    for (const sdk of [true, false]) {
      for (const to of chunks(far.filter(({ usesSdk }) => usesSdk === sdk), item)) {
        this.#connection.sendVolatile({ type: 'send', to, data: sdk ? content : content.v, volatile: true });
      }
    }
  }

  /** @param {unknown} data @param {string} me my id */
  read(data, me) { return read(data, me, this.#instance); }

  /** @param {MemberRecord} record @param {Content} content @param {'peer' | 'server'} path @param {boolean} volatile */
  handle(record, content, path, volatile) {
    switch (content.kind) {
      case 'message': return this.#handleMessage(record, content, path);
      case 'ack': return this.#handleAcks(this.#link(record), content.acks);
      case 'volatile': case 'plain':
        return this.#hooks.onMessage({ from: record, data: content.data, volatile: volatile || content.kind === 'volatile', path });
      case 'rejoined': case 'proof': case 'other': return;
      default: /** @satisfies {never} */ (content);
    }
  }

  /** The data channel opened, closed, has room again, or (alive) said something. @param {MemberRecord} record @param {boolean} [alive] */
  handleChannel(record, alive) {
    const link = this.#links.get(record);
    if (!link || (alive && !link.distrusted)) return;
    if (alive) link.distrusted = false;
    const path = !link.distrusted && this.#hooks.peerOf(record)?.channelOpen ? 'peer' : 'server';
    if (path !== link.path) link.out.rewind();
    link.path = path;
    this.pump();
  }

  /** They changed. @param {MemberRecord} record @param {boolean} [doubt] what is on its way to them may be lost */
  handleUpdated(record, doubt) {
    const out = this.#links.get(record)?.out;
    if (doubt) out?.rewind();
    out?.readdress(record.instance);
    this.handleChannel(record);
  }

  /** @param {MemberRecord} record */
  remove(record) {
    clearTimeout(this.#links.get(record)?.ackTimer);
    this.#links.delete(record);
  }

  /** The page goes away: what was read is acknowledged while there is time. */
  flush() {
    for (const link of this.#links.values()) this.#acknowledge(link);
  }

  close() {
    clearTimeout(this.#watchTimer);
    clearTimeout(this.#pauseTimer);
    for (const record of this.#links.keys()) this.remove(record);
  }

  /** Sends what there is room for. */
  pump() {
    for (const link of this.#links.values()) if (link.path === 'peer') this.#pumpChannel(link);
    while (this.#connection.live && this.#connection.backlog < MAX_SERVER_BACKLOG && this.#pumpServer());
  }

  /** @param {MemberRecord} record */
  #link(record) {
    let link = this.#links.get(record);
    if (!link) {
      link = { record, out: new Outgoing(this.#instance, record.instance), incoming: new Incoming(), distrusted: false, progressAt: 0, repeats: 0,
        ackTimer: 0, path: this.#hooks.peerOf(record)?.channelOpen ? 'peer' : 'server' };
      this.#links.set(record, link);
    }
    return link;
  }

  /** @param {Link} link */
  #pumpChannel(link) {
    const peer = this.#hooks.peerOf(link.record);
    for (let next; peer?.channelOpen && peer.hasRoom && (next = link.out.peek());) {
      const { item, position } = next;
      const text = channelText(this.#instance, position, item);
      if (!peer.fits(item.bytes + 128)) this.#sendServer([{ link, position }], item);
      else if (!this.#tell(link, text)) return;
      link.out.advance();
    }
  }

  /** Over the channel. @param {Link} link @param {string} text @returns {boolean} false: it just closed, its event follows */
  #tell(link, text) {
    try {
      const peer = this.#hooks.peerOf(link.record);
      if (!peer?.channelOpen) return false;
      peer.send(text);
      return true;
    } catch {
      return false;
    }
  }

  /** One frame: the next message, to all who wait for this same one. @returns {boolean} whether there was one */
  #pumpServer() {
    /** @type {Item | undefined} */ let item;
    /** @type {Target[]} */ const targets = [];
    for (const link of this.#links.values()) {
      const next = link.path === 'server' && !link.record.away && link.out.peek();
      if (!next || (item && (next.item !== item || targets.length >= targetsPerFrame(item)))) continue;
      item = next.item;
      targets.push({ link, position: next.position });
      link.out.advance();
    }
    if (item) this.#sendServer(targets, item);
    return item !== undefined;
  }

  /** @param {Target[]} targets @param {Item} item */
  #sendServer(targets, item) {
    const positions = Object.fromEntries(targets.map(({ link, position }) => [link.record.id, position]));
    this.#request(Object.keys(positions), serverData(this.#instance, positions, item), targets);
  }

  /** @param {string[]} to @param {unknown} data @param {Target[]} [again] whom to send it again if it is refused for one of them */
  #request(to, data, again = []) {
    this.#connection.request({ type: 'send', to, data }).catch((/** @type {ParlorError} */ error) => {
      if (error.code === 'unknown-target' || error.code === 'queue-full') {
        for (const { link } of again) link.out.rewind();
        clearTimeout(this.#pauseTimer);
        this.#pauseTimer = setTimeout(() => this.pump(), REFUSED_PAUSE);
      } else if (error.code !== 'session-lost' && error.code !== 'closed') {
        this.#hooks.onError(error);
      }
    });
  }

  /** @param {MemberRecord} record @param {Extract<Content, {kind: 'message'}>} message @param {'peer' | 'server'} path */
  #handleMessage(record, { stream, n, data }, path) {
    const link = this.#link(record);
    const ready = link.incoming.handleMessage(stream, n, data);
    const { messages, ms } = ACKS[link.path];
    if (link.incoming.owed >= messages) this.#acknowledge(link);
    else link.ackTimer ||= setTimeout(() => this.#acknowledge(link), ms);
    for (const one of ready) this.#hooks.onMessage({ from: record, data: one, volatile: false, path });
  }

  /** @param {Link} link */
  #acknowledge(link) {
    clearTimeout(link.ackTimer);
    link.ackTimer = 0;
    const acks = link.incoming.takeAcks();
    const data = ackData(acks);
    if (acks.length && !this.#tell(link, JSON.stringify(data))) this.#request([link.record.id], data);
  }

  /** @param {Link} link @param {[string, number][]} acks */
  #handleAcks(link, acks) {
    for (const [stream, n] of acks) {
      if (!link.out.handleAck(stream, n)) continue;
      link.progressAt = performance.now();
      link.repeats = 0;
    }
  }

  /** Looks after messages that nobody acknowledges. */
  #watch() {
    this.#watchTimer ||= setTimeout(() => {
      this.#watchTimer = 0;
      const open = [...this.#links.values()].filter(({ out }) => out.unacked);
      for (const link of open) this.#judge(link, performance.now());
      if (open.length) this.#watch();
    }, WATCH_EVERY);
  }

  /** @param {Link} link @param {number} now */
  #judge(link, now) {
    const onChannel = link.path === 'peer';
    const patience = onChannel ? CHANNEL_PATIENCE : SERVER_PATIENCE * 2 ** link.repeats;
    const ready = onChannel || (this.#connection.live && link.record.face.state === 'connected');
    if (!ready || now - link.progressAt < patience) return;
    link.progressAt = now;
    if (onChannel) {
      link.distrusted = true;
      return this.handleChannel(link.record);
    }
    link.repeats += 1;
    link.out.rewind();
    this.pump();
  }
}

/** @param {MemberRecord[]} records @param {Item} item @returns {string[][]} the ids, as many as fit into one frame each */
function chunks(records, item) {
  const size = targetsPerFrame(item);
  const ids = records.map(({ id }) => id);
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, index) => ids.slice(index * size, (index + 1) * size));
}
