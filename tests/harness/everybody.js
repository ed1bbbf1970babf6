// One client of each kind, each in its own words: what it can say, and what it has heard, put into words that can be compared.

import { io } from 'socket.io-client';
import { until } from './browser.js';
import { openExample } from './examples.js';
import { joinNative } from './native.js';
import { joinByStream } from './sse.js';
import { openSocket } from './ws.js';

/** What Chromium takes for the description of a data channel. */
const description = (setup) => [
  'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'c=IN IP4 0.0.0.0', 'a=ice-ufrag:user', 'a=ice-pwd:passwordpasswordpassword', `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`,
  `a=setup:${setup}`, 'a=mid:0', 'a=sctp-port:5000', '',
].join('\r\n');
const OFFER = { type: 'offer', sdp: description('actpass') };
const ANSWER = { type: 'answer', sdp: description('active') };
const CANDIDATE = { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 };

/** A page of a real client answers and finds candidates by itself. */
const byItself = async () => {};

/**
 * @typedef {{ label: string, word: string, from?: string, raw: unknown }} Heard `label` is the dialect's own name for it
 * @typedef {object} Client
 * @property {() => Promise<Heard[]>} hear what came since it was asked before
 * @property {Record<string, (said: { tag: string, to: string, address: string }) => unknown>} says by word; what is missing it can't say.
 *   `to` is an address in the room, `address` the one that PeerJS uses
 * @property {() => unknown} leave
 */

/** @type {Record<string, (place: { server: any, browser: any, room: string, name: string }) => Promise<Client>>} */
export const kinds = { native, 'SSE + POST': sse, 'Socket.IO': socketIo, JSON: json, channels, PeerJS: peerJs, 'y-webrtc': yWebrtc, matchbox, SDK: sdk, RTCMultiConnection: rtcMultiConnection };

const NATIVE_WORDS = {
  'member-joined': 'joins', 'member-left': 'leaves', chat: 'chat', message: 'message', event: 'named event', offer: 'offer', answer: 'answer', candidate: 'candidate',
};

function readNative(raw) {
  return { label: raw.type, word: NATIVE_WORDS[raw.type], from: raw.from ?? raw.peer ?? raw.member?.peer, raw };
}

/** The native protocol's requests, however they travel. */
const sayNative = (request) => ({
  chat: ({ tag }) => request({ type: 'chat', text: tag }),
  message: ({ tag }) => request({ type: 'send', data: { tag } }),
  'named event': ({ tag }) => request({ type: 'emit', name: 'draw', args: [tag] }),
  offer: ({ to }) => request({ ...OFFER, to }),
  answer: ({ to }) => request({ ...ANSWER, to }),
  candidate: ({ to }) => request({ type: 'candidate', to, candidate: CANDIDATE }),
});

async function native({ server, room, name }) {
  const member = await joinNative({ port: server.port, room, name });
  return {
    hear: async () => member.socket.takeAll().map(readNative),
    says: sayNative((request) => member.request(request)),
    leave: () => member.request({ type: 'leave' }),
  };
}

async function sse({ server, room, name }) {
  const member = await joinByStream({ port: server.port, room, name });
  return {
    hear: async () => member.stream.takeAll().map(({ data }) => readNative(data)),
    says: sayNative((request) => member.say(request)),
    leave: () => member.say({ type: 'leave' }),
  };
}

async function socketIo({ server, room, name }) {
  const socket = io(server.url, { forceNew: true, transports: ['websocket'] });
  const came = [];
  const words = { 'user-joined': 'joins', 'user-left': 'leaves', chat: 'chat', message: 'message', offer: 'offer', answer: 'answer', 'ice-candidate': 'candidate' };
  socket.onAny((event, ...args) => {
    const word = words[event] ?? 'named event';
    const from = { joins: args[0], leaves: args[0], chat: args[0]?.from, 'named event': undefined };
    came.push({ label: word === 'named event' ? 'event' : event, word, from: word in from ? from[word] : args[1], raw: args });
  });
  const ask = (...event) => socket.timeout(10_000).emitWithAck(...event);
  await ask('join-room', room, name);
  return {
    hear: async () => came.splice(0),
    says: {
      chat: ({ tag }) => ask('chat', tag),
      message: ({ tag }) => ask('message', { tag }),
      'named event': ({ tag }) => ask('draw', tag),
      'binary in an event': ({ tag }) => ask('draw', tag, Buffer.from([0, 1, 255])),
      offer: ({ to }) => ask('offer', OFFER, room, to),
      answer: ({ to }) => ask('answer', ANSWER, room, to),
      candidate: ({ to }) => ask('ice-candidate', CANDIDATE, room, to),
    },
    leave: () => socket.close(),
  };
}

/** Its words without its page, which would answer by itself. */
async function rtcMultiConnection({ server, room, name }) {
  const event = 'conference';
  const socket = io(server.url, { forceNew: true, transports: ['websocket'], query: { userid: name, msgEvent: event } });
  const came = [];
  const words = { 'user-connected': 'joins', 'user-disconnected': 'leaves', chat: 'chat', message: 'message' };
  const ofMessage = ({ type, candidate }) => (candidate ? 'candidate' : type);
  socket.onAny((label, first, second) => {
    if (label === event) {
      const kind = ofMessage(first.message);
      return came.push({ label: kind ?? label, word: kind, from: first.sender, raw: first });
    }
    const word = words[label] ?? 'named event';
    const from = { joins: first, leaves: first, chat: first?.from, message: second }[word];
    return came.push({ label: word === 'named event' ? 'event' : label, word, from, raw: [first, second] });
  });
  const ask = (...words_) => new Promise((resolve) => { socket.emit(...words_, (...answer) => resolve(answer)); });
  const send = (remoteUserId, message) => ask(event, { remoteUserId, message, sender: name });
  const [isIn, why] = await ask('join-room', { sessionid: room, extra: { fullName: name } });
  if (!isIn) throw new Error(`${name} may not join ${room}: ${why}`);
  return {
    hear: async () => came.splice(0),
    says: {
      chat: ({ tag }) => ask('chat', tag),
      message: ({ tag }) => ask('message', { tag }),
      'named event': ({ tag }) => ask('draw', tag),
      'binary in an event': ({ tag }) => ask('draw', tag, Buffer.from([0, 1, 255])),
      offer: ({ to }) => send(to, OFFER),
      answer: ({ to }) => send(to, ANSWER),
      candidate: ({ to }) => send(to, CANDIDATE),
    },
    leave: () => socket.close(),
  };
}

async function json({ server, room, name }) {
  const socket = await openSocket({ port: server.port, path: '/' });
  const words = { ...NATIVE_WORDS, 'user-joined': 'joins', 'user-left': 'leaves', 'ice-candidate': 'candidate' };
  const read = (raw) => ({ label: raw.type, word: words[raw.type], from: raw.sender ?? raw.userId, raw });
  const say = (message) => socket.send({ roomId: room, ...message });
  say({ type: 'join', name });
  return {
    hear: async () => socket.takeAll().map(read),
    says: {
      chat: ({ tag }) => say({ type: 'chat', text: tag }),
      message: ({ tag }) => say({ type: 'message', data: { tag } }),
      'named event': ({ tag }) => say({ type: 'event', name: 'draw', args: [tag] }),
      offer: ({ to }) => say({ type: 'offer', sdp: OFFER, target: to }),
      answer: ({ to }) => say({ type: 'answer', sdp: ANSWER, target: to }),
      candidate: ({ to }) => say({ type: 'ice-candidate', candidate: CANDIDATE, target: to }),
    },
    leave: () => socket.destroy(),
  };
}

async function channels({ server, room }) {
  const socket = await openSocket({ port: server.port, path: '/' });
  const words = { userLeft: 'leaves', chat: 'chat', event: 'named event', candidate: 'candidate' };
  const read = (raw) => {
    const label = Object.keys(words).find((key) => key in raw) ?? (raw.sdp ? 'sdp' : 'data');
    return { label, word: words[label] ?? raw.sdp?.type ?? 'message', from: raw.userid, raw };
  };
  socket.send({ open: true, channel: room });
  return {
    hear: async () => socket.takeAll().map(read),
    says: { message: ({ tag }) => socket.send({ channel: room, data: { tag } }) },
    leave: () => socket.destroy(),
  };
}

/** The example page; `peer` is its own. */
async function peerJs({ server, browser, room, name }) {
  const page = await openExample({ browser, kind: 'peerjs', query: { server: server.url, room, id: name } });
  await until(page, () => peer.open);
  await page.evaluate(() => {
    window.heard = [];
    peer.socket.on('message', (message) => window.heard.push(message));
  });
  const words = { LEAVE: 'leaves', OFFER: 'offer', ANSWER: 'answer', CANDIDATE: 'candidate' };
  const read = (raw) => ({ label: raw.type, word: words[raw.type], from: raw.src, raw });
  return {
    hear: async () => (await page.evaluate(() => window.heard.splice(0))).map(read),
    says: { offer: ({ address }) => page.evaluate((id) => void peer.connect(id), address), answer: byItself, candidate: byItself },
    leave: () => page.context().close(),
  };
}

async function yWebrtc({ server, room }) {
  const socket = await openSocket({ port: server.port, path: '/signaling' });
  const words = { publish: 'message' };
  socket.send({ type: 'subscribe', topics: [room] });
  return {
    hear: async () => socket.takeAll().map((raw) => ({ label: raw.type, word: words[raw.type], raw })),
    says: { message: ({ tag }) => socket.send({ type: 'publish', topic: room, data: { tag } }) },
    leave: () => socket.destroy(),
  };
}

/** A member's address as matchbox spells it. */
export const uuid = (peer) => Buffer.from(peer, 'base64url').toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

async function matchbox({ server, room }) {
  const socket = await openSocket({ port: server.port, path: `/${room}` });
  const words = { NewPeer: 'joins', PeerLeft: 'leaves', Offer: 'offer', Answer: 'answer', IceCandidate: 'candidate' };
  const read = (raw) => {
    const [label] = Object.keys(raw.Signal?.data ?? raw);
    return { label, word: words[label], from: raw.Signal?.sender ?? raw[label], raw };
  };
  const signal = (to, data) => socket.send({ Signal: { receiver: uuid(to), data } });
  return {
    hear: async () => socket.takeAll().map(read),
    says: {
      offer: ({ to }) => signal(to, { Offer: OFFER.sdp }),
      answer: ({ to }) => signal(to, { Answer: ANSWER.sdp }),
      candidate: ({ to }) => signal(to, { IceCandidate: JSON.stringify(CANDIDATE) }),
    },
    leave: () => socket.destroy(),
  };
}

/** It offers to those who come after it, answers those who were there, and has data channels with its like. */
async function sdk({ server, browser, room, name }) {
  const page = await browser.sdkPage({ server });
  const came = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => came.push(readNative(JSON.parse(payload)))));
  await page.evaluate(async (options) => {
    window.room = await window.parlor.join(options);
    window.heard = [];
    window.room.on('message', ({ from, data, path }) => path === 'peer' && window.heard.push({ type: 'message', from: from.id, data }));
  }, { room, name, meshLimit: 64 });
  return {
    hear: async () => [...came.splice(0), ...(await page.evaluate(() => window.heard.splice(0))).map(readNative)],
    says: {
      chat: ({ tag }) => page.evaluate((text) => void window.room.chat(text), tag),
      message: ({ tag }) => page.evaluate((data) => window.room.send(data), { tag }),
      offer: byItself,
      answer: byItself,
      candidate: byItself,
    },
    leave: () => page.evaluate(() => window.room.leave()),
  };
}
