// Every place that a client can put its token in, each in the words of its kind: `ok` if it comes into the room, else the code.

import { io } from 'socket.io-client';
import { ask } from './sse.js';
import { endWithFile } from './cleanup.js';
import { openSocket } from './ws.js';

const uri = encodeURIComponent;

/** Headers take no other letters, and drop blanks around what they carry. */
const forHeader = (token) => token === '' || /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(token);
const forProtocol = (token) => token === '' || /^[\w.~+/=-]+$/.test(token);
const anything = () => true;

const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});
const protocol = (token) => ({ 'Sec-WebSocket-Protocol': token ? `parlor, parlor.token.${token}` : 'parlor' });
const query = (token) => `token=${uri(token)}`;

/** Opens a WebSocket, hears what it is told, and closes it. */
async function over({ port, path, headers }, converse) {
  const socket = await openSocket({ port, path, headers });
  try {
    return await converse(socket);
  } finally {
    socket.destroy();
  }
}

const native = (fields) => (place) => over(place, async (socket) => {
  await socket.next();
  socket.send({ type: 'join', id: 1, protocol: 1, room: place.room, ...fields?.(place.token) });
  const answer = await socket.take(({ id }) => id === 1);
  return answer.type === 'joined' ? 'ok' : answer.code;
});

const json = (fields) => (place) => over(place, async (socket) => {
  socket.send({ type: 'join', roomId: place.room, ...fields?.(place.token) });
  // Success is silent: what is asked for next tells.
  socket.send({ type: 'chat', roomId: place.room, text: 'here' });
  const answer = await socket.take(({ type, code }) => type === 'chat' || (type === 'error' && code !== 'not-joined'));
  return answer.type === 'error' ? answer.code : 'ok';
});

const channels = (fields) => (place) => over(place, async (socket) => {
  const more = fields?.(place.token);
  socket.send({ open: true, channel: place.room, ...more });
  socket.send({ checkPresence: true, channel: place.room, ...more });
  const answer = await socket.next();
  return answer.error?.code ?? (answer.isChannelPresent ? 'ok' : 'not there');
});

const yWebrtc = (place) => over(place, async (socket) => {
  socket.send({ type: 'subscribe', topics: [place.room] });
  socket.send({ type: 'publish', topic: place.room, data: 1 });
  const answer = await socket.take(({ code }) => code !== 'not-joined');
  return answer.type === 'error' ? answer.code : 'ok';
});

const matchbox = (place) => over(place, async (socket) => {
  const told = await Promise.race([socket.next().catch(() => null), socket.closed()]);
  if (told?.IdAssigned) return 'ok';
  const { code, reason } = await socket.closed();
  return code === 4401 ? reason : `closed with ${code}`;
});

let peers = 0;
const peerJs = (place) => over(place, async (socket) => {
  const { type, payload } = await socket.next();
  return type === 'OPEN' ? 'ok' : (/^(token-[a-z-]+): /.exec(payload.msg)?.[1] ?? payload.msg);
});
const peerPath = (token) => ({ room }) => `/peerjs?key=${uri(room)}&id=p${(peers += 1)}&token=${uri(token || 'x7k2')}&version=1.5.5`;

/** Through Socket.IO: refused when it connects, or when it asks for the room. */
const socketIo = (options, enter = joinRoom) => async ({ port, room, token }) => {
  const socket = io(`http://localhost:${port}`, { forceNew: true, reconnection: false, transports: ['websocket'], ...options(token) });
  const ended = endWithFile(() => socket.close());
  try {
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return await enter(socket, room);
  } catch (error) {
    if (!error.data) throw error;
    return error.data.code;
  } finally {
    socket.close();
    ended();
  }
};

async function joinRoom(socket, room) {
  const answer = await socket.timeout(10_000).emitWithAck('join-room', room, 'Ada');
  return answer.ok ? 'ok' : answer.code;
}

const openRoom = (socket, room) => new Promise((resolve) => {
  socket.emit('open-room', { sessionid: room }, (opened, why) => resolve(opened ? 'ok' : (/^(token-[a-z-]+): /.exec(why)?.[1] ?? why)));
});

const stream = (fields) => async ({ port, room, token }) => {
  const { headers = {}, ...query_ } = fields(token);
  const path = `/api/v1/rooms/${uri(room)}/events?${new URLSearchParams({ name: 'Ada', wait: '0', ...query_ })}`;
  const answer = await ask({ port, path, headers });
  return answer.status === 200 ? 'ok' : answer.json.code;
};

/** Looks who is in the room, without joining. */
const look = (fields) => async ({ port, room, token }) => {
  const { headers, path } = fields(token);
  const answer = await ask({ port, path: `/api/v1/rooms/${uri(room)}${path ?? ''}`, headers });
  return answer.status === 200 ? 'ok' : answer.json.code;
};

/**
 * @typedef {object} Door
 * @property {(place: { port: number, room: string, token: string }) => Promise<string>} knock
 * @property {(token: string) => boolean} takes whether a token can be put there at all
 */

const door = (knock, takes = anything) => ({ knock, takes });
const webSocket = (knock, { path, headers = () => ({}), takes }) =>
  door((place) => knock({ ...place, path: path(place), headers: headers(place.token) }), takes);

const ways = (knock, path) => ({
  'Authorization': webSocket(knock, { path, headers: bearer, takes: forHeader }),
  'subprotocol': webSocket(knock, { path, headers: protocol, takes: forProtocol }),
  'address': webSocket(knock, { path: (place) => `${path(place)}${path(place).includes('?') ? '&' : '?'}${query(place.token)}` }),
});
const all = (name, doors) => Object.fromEntries(Object.entries(doors).map(([way, one]) => [`${name}: ${way}`, one]));
const inFrame = (token) => ({ token });

/** @type {Record<string, Door>} */
export const doors = {
  'native: join': webSocket(native(inFrame), { path: () => '/ws' }),
  ...all('native', ways(native(), () => '/ws')),
  'JSON: join': webSocket(json(inFrame), { path: () => '/' }),
  ...all('JSON', ways(json(), () => '/')),
  'channels: open': webSocket(channels(inFrame), { path: () => '/' }),
  ...all('channels', ways(channels(), () => '/')),
  ...all('y-webrtc', ways(yWebrtc, () => '/signaling')),
  ...all('y-webrtc on the root', ways(yWebrtc, () => '/')),
  ...all('matchbox', ways(matchbox, ({ room }) => `/${uri(room)}`)),
  'PeerJS: token': webSocket(peerJs, { path: (place) => peerPath(place.token)(place), takes: (token) => token !== '' && token.includes('.') }),
  'PeerJS: Authorization': webSocket(peerJs, { path: peerPath(''), headers: bearer, takes: forHeader }),
  'PeerJS: subprotocol': webSocket(peerJs, { path: peerPath(''), headers: protocol, takes: forProtocol }),
  'SSE: address': door(stream(inFrame)),
  'SSE: Authorization': door(stream((token) => ({ headers: bearer(token) })), forHeader),
  'presence: Authorization': door(look((token) => ({ headers: bearer(token) })), forHeader),
  'presence: address': door(look((token) => ({ path: `?${query(token)}` }))),
  'Socket.IO: auth': door(socketIo((token) => ({ auth: { token } }))),
  'Socket.IO: Authorization': door(socketIo((token) => ({ extraHeaders: bearer(token) })), forHeader),
  'Socket.IO: address': door(socketIo((token) => ({ query: { token } }))),
  'Socket.IO polling: auth': door(socketIo((token) => ({ auth: { token }, transports: ['polling'] }))),
  'RTCMultiConnection: auth': door(socketIo((token) => ({ auth: { token }, query: { userid: `u${(peers += 1)}`, msgEvent: 'm' } }), openRoom)),
  'RTCMultiConnection: address': door(socketIo((token) => ({ query: { token, userid: `u${(peers += 1)}`, msgEvent: 'm' } }), openRoom)),
};
