// A WebSocket client (RFC 6455) over a bare TCP socket, which may break every rule: for hostile input, and for
// handshakes with headers that no browser sends.

import { createHash, randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { endWithFile, within } from './cleanup.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const ANSWER_TIMEOUT_MS = 10_000;

/** An open WebSocket may be silent for as long as it likes. */
const NEVER_MS = 2 ** 31 - 1;

export const Opcode = Object.freeze({ continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });

/**
 * Sends a WebSocket handshake and returns the status, headers and, if refused, the body of the answer.
 * With status 101 the answer has the open `socket`.
 */
export async function handshake({ port, path = '/ws', headers = {}, host = '127.0.0.1' }) {
  const key = randomBytes(16).toString('base64');
  const fields = {
    Host: `localhost:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const wire = new Wire({ port, host });
  await within(ANSWER_TIMEOUT_MS, wire.opened, 'the connection');
  wire.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const answer = await within(ANSWER_TIMEOUT_MS, readHead(wire), 'the answer');
  if (answer.status === 101) {
    const expected = createHash('sha1').update(key + GUID).digest('base64');
    if (answer.headers['sec-websocket-accept'] !== expected) throw new Error('wrong Sec-WebSocket-Accept');
    return { ...answer, socket: new WebSocketClient(wire) };
  }
  const length = Number(answer.headers['content-length'] ?? 0);
  const body = (await wire.read(length)).toString();
  wire.destroy();
  return { ...answer, body };
}

/** Opens a WebSocket or throws what the server said instead. */
export async function openSocket(options) {
  const answer = await handshake(options);
  if (!answer.socket) throw new Error(`refused with ${answer.status}: ${answer.body}`);
  return answer.socket;
}

async function readHead(wire) {
  const head = (await wire.readUntil('\r\n\r\n')).toString('latin1');
  const [first, ...lines] = head.trimEnd().split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(' ')[1]), headers };
}

/** Bytes in the order of their coming, read by need. */
export class Wire {
  #socket;
  #buffer = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor({ port, host = '127.0.0.1' }) {
    this.#socket = connectTcp({ port, host, noDelay: true });
    const ended = endWithFile(() => this.#socket.destroy());
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once('connect', resolve);
      this.#socket.once('error', reject);
    });
    this.#socket.on('data', (bytes) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#wake();
    });
    // A reset is one more way in which a server ends a connection.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      ended();
      this.#end();
    });
    this.#socket.on('end', () => this.#end());
  }

  #end() {
    this.#ended = true;
    this.#wake();
  }

  write(bytes) {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** Resolves when the system has taken all that was written, so that a flood does not fill our own memory. */
  async drained() {
    if (this.#socket.writableLength === 0) return;
    await new Promise((resolve) => {
      this.#socket.once('drain', resolve);
      this.#socket.once('close', resolve);
    });
  }

  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  destroy() {
    this.#socket.destroy();
  }

  get isOpen() {
    return !this.#ended;
  }

  /** Exactly `length` bytes; throws if the stream ends before. */
  async read(length) {
    await this.#until(() => this.#buffer.length >= length);
    return this.#take(length);
  }

  async readUntil(mark) {
    await this.#until(() => this.#buffer.includes(mark));
    return this.#take(this.#buffer.indexOf(mark) + mark.length);
  }

  /** Everything up to the end of the stream. */
  async readToEnd(timeoutMs = ANSWER_TIMEOUT_MS) {
    await this.#until(() => this.#ended, timeoutMs);
    return this.#take(this.#buffer.length);
  }

  #take(length) {
    const bytes = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return bytes;
  }

  async #until(holds, timeoutMs = NEVER_MS) {
    const deadline = Date.now() + timeoutMs;
    while (!holds()) {
      if (this.#ended) throw new Error('the connection ended');
      await this.#somethingNew(deadline);
    }
  }

  #somethingNew(deadline) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing came in time')), deadline - Date.now());
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** One frame as bytes. Every field may be wrong on purpose. */
export function frame({ opcode = Opcode.text, payload = '', fin = true, reserved = 0, masked = true, length }) {
  const body = Buffer.from(payload);
  const claimed = length ?? body.length;
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | opcode];
  const size = claimed < 126 ? 0 : claimed < 65_536 ? 2 : 8;
  head.push((masked ? 0x80 : 0) | (size === 0 ? claimed : size === 2 ? 126 : 127));
  const extended = Buffer.alloc(size);
  if (size === 2) extended.writeUInt16BE(claimed);
  if (size === 8) extended.writeBigUInt64BE(BigInt(claimed));
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  if (masked) for (let i = 0; i < body.length; i += 1) body[i] ^= mask[i & 3];
  return Buffer.concat([Buffer.from(head), extended, mask, body]);
}

/** The client end of an open WebSocket. Reads in the background, answers pings, keeps what came. */
export class WebSocketClient {
  #wire;
  #messages = [];
  #waiting = new Set();
  #reading;

  constructor(wire) {
    this.#wire = wire;
    this.answersPings = true;
    /** Set when the server has closed: `{ code, reason }`, with code 1006 if it did so without a close frame. */
    this.close = null;
    this.#reading = this.#readAll();
  }

  async #readAll() {
    try {
      while (!this.close) await this.#readFrame();
    } catch {
      this.close ??= { code: 1006, reason: '' };
    }
    this.#wire.destroy();
    this.#changed();
    return this.close;
  }

  async #readFrame() {
    const [first, second] = await this.#wire.read(2);
    const short = second & 0x7f;
    let length = short;
    if (short === 126) length = (await this.#wire.read(2)).readUInt16BE();
    if (short === 127) length = Number((await this.#wire.read(8)).readBigUInt64BE());
    const payload = Buffer.from(await this.#wire.read(length));
    this.#handle(first & 0x0f, payload);
  }

  #handle(opcode, payload) {
    switch (opcode) {
      case Opcode.text:
      case Opcode.binary:
        this.#messages.push(payload.toString(opcode === Opcode.text ? 'utf8' : 'latin1'));
        return this.#changed();
      case Opcode.ping:
        if (this.answersPings) this.frame({ opcode: Opcode.pong, payload });
        return;
      case Opcode.pong:
        return;
      case Opcode.close:
        this.close = { code: payload.length >= 2 ? payload.readUInt16BE() : 1005, reason: payload.subarray(2).toString() };
        return this.frame({ opcode: Opcode.close, payload });
      default:
        throw new Error(`unexpected opcode ${opcode}`);
    }
  }

  #changed() {
    this.#waiting.forEach((look) => look());
  }

  send(message) {
    this.frame({ payload: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  frame(parts) {
    this.#wire.write(frame(parts));
  }

  raw(bytes) {
    this.#wire.write(bytes);
  }

  drained() {
    return this.#wire.drained();
  }

  /** How the server closed, once it has: `{ code, reason }`. */
  closed(timeoutMs = 20_000) {
    return within(timeoutMs, this.#reading, 'the close');
  }

  /** Reads no more: what the server sends piles up on its side. */
  pause() {
    this.#wire.pause();
  }

  resume() {
    this.#wire.resume();
  }

  /** Ends the TCP connection without a close frame. */
  destroy() {
    this.#wire.destroy();
  }

  /** The next message that came and was not taken yet, parsed. */
  next(timeoutMs) {
    return this.take(() => true, timeoutMs);
  }

  /** Takes the first message that fits out of those that came or will come, parsed. */
  async take(fits, timeoutMs) {
    return JSON.parse(await this.takeText((text) => fits(JSON.parse(text)), timeoutMs));
  }

  /** The same, letter by letter. */
  takeText(fits = () => true, timeoutMs = ANSWER_TIMEOUT_MS) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle(value);
      };
      const timer = setTimeout(() => {
        finish(reject, new Error(`the message did not come; waiting are: ${this.#messages.join(' ').slice(0, 2_000)}`));
      }, timeoutMs);
      const look = () => {
        const index = this.#messages.findIndex(fits);
        if (index >= 0) return finish(resolve, this.#messages.splice(index, 1)[0]);
        if (this.close) finish(reject, new Error(`closed with ${this.close.code} ${this.close.reason}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Takes what came so far. */
  takeAll() {
    return this.#messages.splice(0).map((text) => JSON.parse(text));
  }
}
