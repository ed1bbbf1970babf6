// A client of event streams and POSTs by hand: sees every field, comes back only when it is told to.

import { request } from 'node:http';
import { endWithFile, within } from './cleanup.js';

const ANSWER_TIMEOUT_MS = 10_000;

/** @returns {Promise<{ status: number, headers: import('node:http').IncomingHttpHeaders, body: string, json: any }>} */
export async function ask({ port, path, method = 'GET', headers = {}, body }) {
  const answer = await send({ port, path, method, headers, body });
  const chunks = [];
  for await (const chunk of answer) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const isJson = text !== '' && answer.headers['content-type'] === 'application/json';
  return { status: answer.statusCode, headers: answer.headers, body: text, json: isJson ? JSON.parse(text) : undefined };
}

function send({ port, path, method, headers, body }) {
  return new Promise((resolve, reject) => {
    const host = { Host: `localhost:${port}` };
    const outgoing = request({ port, host: '127.0.0.1', path, method, agent: false, headers: { ...host, ...headers } });
    const ended = endWithFile(() => outgoing.destroy());
    outgoing.setTimeout(90_000, () => outgoing.destroy(new Error(`${method} ${path} got no answer`)));
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    outgoing.on('close', ended);
    outgoing.end(body);
  });
}

const roomPath = (room) => `/api/v1/rooms/${encodeURIComponent(room)}`;

/** Joins, or goes on after `id`, and returns when the stream is open; throws what the server said instead. */
export async function openStream({ port, room, id, headers = {}, ...fields }) {
  const path = `${roomPath(room)}/events?${new URLSearchParams(fields)}`;
  const all = id ? { 'Last-Event-ID': id, ...headers } : headers;
  const answer = await send({ port, path, method: 'GET', headers: all });
  if (answer.statusCode === 200) return new EventStream(answer, { port, room });
  answer.resume();
  throw new Error(`refused with ${answer.statusCode}`);
}

export class EventStream {
  #answer;
  #reader = new EventReader();
  #events = [];
  #isOver = false;
  #wake = () => {};

  constructor(answer, { port, room }) {
    this.#answer = answer;
    this.headers = answer.headers;
    this.port = port;
    this.room = room;
    answer.setEncoding('utf8');
    answer.on('data', (text) => {
      this.#events.push(...this.#reader.read(text));
      this.#wake();
    });
    answer.on('error', () => {});
    answer.on('close', () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** The id of the last whole event: what an EventSource would bring back. */
  get id() {
    return this.#reader.id;
  }

  get retryMs() {
    return this.#reader.retryMs;
  }

  /** The next event, or the next of a type; `null` at the end of the stream. */
  async next(type, timeoutMs = ANSWER_TIMEOUT_MS) {
    return within(timeoutMs, this.#next(type), `the event ${type ?? ''}`);
  }

  async #next(type) {
    for (;;) {
      const at = this.#events.findIndex((event) => !type || event.type === type);
      if (at >= 0) return this.#events.splice(0, at + 1).at(-1);
      if (this.#isOver) return null;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  /** Takes what came so far. */
  takeAll() {
    return this.#events.splice(0);
  }

  /** Everything until the stream ends by itself. */
  async rest(timeoutMs) {
    const events = [];
    for (let event; (event = await this.next(undefined, timeoutMs)); ) events.push(event);
    return events;
  }

  cut() {
    this.#answer.destroy();
  }

  pause() {
    this.#answer.pause();
  }
}

/** Text in pieces as they come, read into events by the rules of the HTML standard. */
export class EventReader {
  #rest = '';
  #open = { type: 'message', data: [] };
  id = '';
  retryMs = null;

  read(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    return lines.map((line) => this.#line(line)).filter(Boolean);
  }

  #line(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const [field, value] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    if (field === 'event') this.#open.type = value;
    if (field === 'data') this.#open.data.push(value);
    if (field === 'id') this.#open.id = value;
    if (field === 'retry') this.retryMs = Number(value);
    return null;
  }

  #dispatch() {
    const { type, data, id } = this.#open;
    this.#open = { type: 'message', data: [] };
    this.id = id ?? this.id;
    return data.length > 0 ? { type, data: JSON.parse(data.join('\n')), id } : null;
  }
}

/** Somebody who has joined over a stream and talks by POSTs. */
export async function joinByStream({ port, room, name, ...fields }) {
  const stream = await openStream({ port, room, name, ...fields });
  const joined = (await stream.next('joined')).data;
  return new StreamMember({ port, room, stream, joined });
}

export class StreamMember {
  constructor({ port, room, stream, joined }) {
    Object.assign(this, { port, room, stream, joined, token: joined.token });
  }

  get peer() {
    return this.joined.peer;
  }

  post(body, { headers = {}, token = this.token, room = this.room } = {}) {
    return ask({
      port: this.port,
      path: `${roomPath(room)}/messages`,
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  }

  async say(message, options) {
    return (await this.post(message, options)).json;
  }

  /** Opens the stream again, after the last event of the one before. */
  async comeBack(fields = {}) {
    const { port, room } = this;
    this.stream = await openStream({ port, room, id: this.stream.id, ...fields });
    return this.stream;
  }
}
