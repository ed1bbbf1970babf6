// App messages to and from every member: over the data channel while there is one, else over the server.

import { ParlorError } from '../errors.js';
import { randomToken } from '../signaling/connection.js';
import * as envelope from './envelope.js';
import { Incoming, Outgoing } from './streams.js';

/** @import { Content } from '../internal.js' */
/** @import { MemberRecord } from '../member.js' */
/** @import { Peer } from '../peers/peer.js' */
/** @import { Connection } from '../signaling/connection.js' */
/** @import { Item } from './streams.js' */

/** An acknowledgement is sent after so many messages or milliseconds; the server's way costs every hop more. */
const ACKS = { peer: { messages: 16, ms: 200 }, server: { messages: 64, ms: 1_000 } };
/** A channel that looks open but acknowledges nothing for so long is not trusted until it is heard again. */
const CHANNEL_PATIENCE = 5_000;
/** The same through the server, where only what fell out of its log gets lost. */
const SERVER_PATIENCE = 15_000;
const WATCH_EVERY = 1_000;
/** What waits in the connection can not change its path any more, so little is put there. */
const MAX_SERVER_BACKLOG = 64;
/** A frame to somebody who just left is refused for all: the news of it is already on its way. */
const REFUSED_PAUSE = 100;

/**
 * @typedef {{record: MemberRecord, out: Outgoing, incoming: Incoming, path: 'peer' | 'server', distrusted: boolean,
 *   progressAt: number, repeats: number, ackTimer: ReturnType<typeof setTimeout> | undefined}} Link
 *
 * @typedef {object} MessengerHooks
 * @property {(record: MemberRecord) => Peer | null} peerOf
 * @property {(message: {from: MemberRecord, data: unknown, volatile: boolean, path: 'peer' | 'server'}) => void} onMessage
 * @property {(error: ParlorError) => void} onError
 */

export class Messenger {
  #instance = randomToken();
  /** @type {Map<MemberRecord, Link>} */ #links = new Map();
  /** @type {Connection} */ #connection;
  /** @type {MessengerHooks} */ #hooks;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #watchTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #pauseTimer;

  /** @param {Connection} connection @param {MessengerHooks} hooks */
  constructor(connection, hooks) {
    this.#connection = connection;
    this.#hooks = hooks;
  }

  /** @param {MemberRecord[]} targets @param {unknown} data */
  send(targets, data) {
    const item = envelope.itemOf(data);
    const links = targets.filter(({ usesSdk }) => usesSdk).map((record) => this.#link(record));
    if (!links.every(({ out }) => out.hasRoomFor(item))) throw new ParlorError('queue-full');
    for (const link of links) {
      if (link.out.unacked === 0) link.progressAt = performance.now();
      link.out.push(item);
    }
    this.#sendPlain(targets, item);
    this.pump();
    this.#watch();
  }

  /** @param {MemberRecord[]} targets @param {unknown} data */
  sendVolatile(targets, data) {
    const item = envelope.itemOf(data);
    const content = envelope.volatileData(item);
    const overServer = targets.filter((record) => {
      const peer = record.usesSdk ? this.#hooks.peerOf(record) : null;
      if (!peer?.channelOpen) return true;
      peer.sendVolatile(JSON.stringify(content));
      return false;
    });
    for (const to of chunks(overServer.filter(({ usesSdk }) => usesSdk), envelope.targetsPerFrame(item))) {
      this.#connection.sendVolatile({ type: 'send', to, data: content, volatile: true });
    }
    for (const to of chunks(overServer.filter(({ usesSdk }) => !usesSdk), envelope.targetsPerFrame(item))) {
      this.#connection.sendVolatile({ type: 'send', to, data: content.v, volatile: true });
    }
  }

  /** @param {MemberRecord} record @param {Content} content @param {'peer' | 'server'} path @param {boolean} volatile */
  handle(record, content, path, volatile) {
    switch (content.kind) {
      case 'message': return this.#handleMessage(record, content, path);
      case 'ack': return this.#handleAcks(this.#link(record), content.acks);
      case 'volatile': return this.#hooks.onMessage({ from: record, data: content.data, volatile: true, path });
      case 'plain': return this.#hooks.onMessage({ from: record, data: content.data, volatile, path });
      case 'rejoined': case 'proof': case 'other': return;
      default: /** @satisfies {never} */ (content);
    }
  }

  /** The data channel said something: it lives. @param {MemberRecord} record */
  handleChannelAlive(record) {
    const link = this.#links.get(record);
    if (!link?.distrusted) return;
    link.distrusted = false;
    this.handleChannel(record);
  }

  /** The data channel opened, closed or has room again. @param {MemberRecord} record */
  handleChannel(record) {
    const link = this.#links.get(record);
    if (!link) return;
    const path = !link.distrusted && this.#hooks.peerOf(record)?.channelOpen ? 'peer' : 'server';
    if (path !== link.path) {
      link.path = path;
      link.out.rewind();
    }
    this.pump();
  }

  /** The member has a new id: what the server had of theirs is lost. @param {MemberRecord} record */
  handleRebound(record) {
    this.#links.get(record)?.out.rewind();
    this.pump();
  }

  /** Their client started anew. @param {MemberRecord} record */
  handleRenewed(record) {
    const link = this.#links.get(record);
    if (!link) return;
    link.out.restart();
    link.incoming = new Incoming();
    this.handleChannel(record);
  }

  /** @param {MemberRecord} record */
  remove(record) {
    clearTimeout(this.#links.get(record)?.ackTimer);
    this.#links.delete(record);
  }

  /** The page goes away: whatever was read is acknowledged while there is time. */
  flush() {
    for (const link of this.#links.values()) this.#acknowledge(link);
  }

  close() {
    clearTimeout(this.#watchTimer);
    clearTimeout(this.#pauseTimer);
    for (const record of [...this.#links.keys()]) this.remove(record);
  }

  /** Sends what there is room for. */
  pump() {
    for (const link of this.#links.values()) {
      if (link.path === 'peer') this.#pumpChannel(link);
    }
    while (this.#connection.live && this.#connection.backlog < MAX_SERVER_BACKLOG && this.#pumpServer());
  }

  /** @param {MemberRecord} record @returns {Link} */
  #link(record) {
    let link = this.#links.get(record);
    if (!link) {
      link = { record, out: new Outgoing(this.#instance), incoming: new Incoming(), path: 'server', distrusted: false,
        progressAt: 0, repeats: 0, ackTimer: undefined };
      this.#links.set(record, link);
      if (this.#hooks.peerOf(record)?.channelOpen) link.path = 'peer';
    }
    return link;
  }

  /** @param {Link} link */
  #pumpChannel(link) {
    const peer = this.#hooks.peerOf(link.record);
    for (let next = link.out.peek(); next && peer?.channelOpen && peer.hasRoom; next = link.out.peek()) {
      const { item, position } = next;
      try {
        if (peer.fits(item.bytes + 128)) peer.send(envelope.channelText(this.#instance, position, item));
        else this.#sendServer([{ link, position }], item);
      } catch {
        return; // The channel just closed; its event changes the path.
      }
      link.out.advance();
    }
  }

  /** One frame: the next message, to all who wait for this same one. @returns {boolean} whether there was one */
  #pumpServer() {
    /** @type {Item | null} */
    let item = null;
    /** @type {{link: Link, position: [number, number]}[]} */
    const targets = [];
    for (const link of this.#links.values()) {
      const next = link.path === 'server' && !link.record.away ? link.out.peek() : null;
      if (!next || (item && next.item !== item)) continue;
      item = next.item;
      targets.push({ link, position: next.position });
      link.out.advance();
      if (targets.length >= envelope.targetsPerFrame(item)) break;
    }
    if (item) this.#sendServer(targets, item);
    return item !== null;
  }

  /** @param {{link: Link, position: [number, number]}[]} targets @param {Item} item */
  #sendServer(targets, item) {
    const positions = Object.fromEntries(targets.map(({ link, position }) => [link.record.id, position]));
    const data = envelope.serverData(this.#instance, positions, item);
    this.#request(Object.keys(positions), data, () => {
      for (const { link } of targets) link.out.rewind();
    });
  }

  /** @param {MemberRecord[]} targets @param {Item} item */
  #sendPlain(targets, item) {
    for (const to of chunks(targets.filter(({ usesSdk }) => !usesSdk), envelope.targetsPerFrame(item))) {
      this.#request(to, JSON.parse(item.json), () => {});
    }
  }

  /** @param {string[]} to @param {unknown} data @param {() => void} again */
  #request(to, data, again) {
    this.#connection.request({ type: 'send', to, data }).catch((/** @type {ParlorError} */ error) => {
      if (error.code === 'unknown-target' || error.code === 'queue-full') {
        again();
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
    else link.ackTimer ??= setTimeout(() => this.#acknowledge(link), ms);
    for (const one of ready) this.#hooks.onMessage({ from: record, data: one, volatile: false, path });
  }

  /** @param {Link} link */
  #acknowledge(link) {
    clearTimeout(link.ackTimer);
    link.ackTimer = undefined;
    const acks = link.incoming.takeAcks();
    if (!acks.length) return;
    const data = envelope.ackData(acks);
    const peer = link.path === 'peer' ? this.#hooks.peerOf(link.record) : null;
    try {
      if (peer?.channelOpen) return peer.send(JSON.stringify(data));
    } catch {
      // The channel just closed: over the server then.
    }
    this.#request([link.record.id], data, () => {});
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
    this.#watchTimer ??= setTimeout(() => {
      this.#watchTimer = undefined;
      for (const link of this.#links.values()) this.#judge(link);
      if ([...this.#links.values()].some(({ out }) => out.unacked > 0)) this.#watch();
    }, WATCH_EVERY);
  }

  /** @param {Link} link */
  #judge(link) {
    if (link.out.unacked === 0) return;
    const silence = performance.now() - link.progressAt;
    if (link.path === 'peer' && silence > CHANNEL_PATIENCE) {
      link.distrusted = true;
      link.progressAt = performance.now();
      this.handleChannel(link.record);
    } else if (link.path === 'server' && silence > SERVER_PATIENCE * 2 ** link.repeats && this.#connection.live
      && link.record.face.state === 'connected') {
      link.repeats += 1;
      link.progressAt = performance.now();
      link.out.rewind();
      this.pump();
    }
  }
}

/** @param {MemberRecord[]} records @param {number} size @returns {string[][]} */
function chunks(records, size) {
  const ids = records.map(({ id }) => id);
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, index) => ids.slice(index * size, (index + 1) * size));
}
