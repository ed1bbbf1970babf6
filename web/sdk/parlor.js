// The entry of the SDK: join a room, or ask who is in it.

import { ParlorError } from './errors.js';
import { Memory } from './page.js';
import { Room } from './room.js';

/**
 * @typedef {import('./types.js').JoinOptions} JoinOptions
 * @typedef {import('./types.js').RoomEvents} RoomEvents
 * @typedef {import('./types.js').RoomEvent} RoomEvent
 * @typedef {import('./types.js').RoomState} RoomState
 * @typedef {import('./types.js').RoomStats} RoomStats
 * @typedef {import('./types.js').PeerStats} PeerStats
 * @typedef {import('./types.js').PeerConnection} PeerConnection
 * @typedef {import('./types.js').ChatMessage} ChatMessage
 * @typedef {import('./types.js').SendOptions} SendOptions
 * @typedef {import('./types.js').Source} Source
 * @typedef {import('./types.js').SourceState} SourceState
 */

export { ParlorError } from './errors.js';
export { Room } from './room.js';
export { Member } from './roster.js';
export { Devices, devices } from './media/devices.js';

const DEFAULT_MESH_LIMIT = 8;

/** @param {JoinOptions} options @returns {Promise<Room>} */
export async function join(options) {
  if (typeof options?.room !== 'string' || !options.room) throw new ParlorError('bad-argument', { message: 'join() needs a room' });
  const { signal, mesh = true, meshLimit = DEFAULT_MESH_LIMIT, remember = true } = options;
  const url = serverUrl(options.url);
  const memory = remember && Memory.available ? new Memory(url, options.room) : null;
  const remembered = await memory?.recall() ?? null;
  if (signal?.aborted) throw aborted(signal);
  const room = new Room(options, { url, token: options.token, WebSocket: webSocket(options.WebSocket), memory, remembered,
    meshLimit: mesh && typeof RTCPeerConnection === 'function' ? meshLimit : 0 });
  const abort = () => { if (signal) room._abort(aborted(signal)); };
  signal?.addEventListener('abort', abort);
  try {
    return await room._enter();
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/**
 * Who is in a room, without joining it.
 * @param {{room: string, token?: string, url?: string | URL, WebSocket?: typeof WebSocket}} options
 * @returns {Promise<{members: {name: string}[]}>}
 */
export async function presence({ room, token, url, WebSocket }) {
  const { ask } = await import('./signaling/presence.js').catch((cause) => { throw new ParlorError('unreachable', { cause }); });
  return ask({ room, token }, { url: serverUrl(url), WebSocket: webSocket(WebSocket) });
}

/** The server that served this module is the one to talk to, whichever page uses it. @param {string | URL | undefined} given */
function serverUrl(given) {
  const own = import.meta.url;
  const base = /^https?:/.test(own) ? own : globalThis.location?.href ?? own;
  const url = URL.canParse(given ?? '../ws', base) ? new URL(given ?? '../ws', base).href.replace(/^http/, 'ws') : '';
  if (!/^wss?:/.test(url)) throw new ParlorError('url-needed');
  return url;
}

/** @param {typeof WebSocket | undefined} given */
function webSocket(given) {
  const found = given ?? globalThis.WebSocket;
  if (!found) throw new ParlorError('unsupported', { hint: 'Give join() the WebSocket option, e.g. the class of the ws package' });
  return found;
}

/** @param {AbortSignal} signal */
function aborted(signal) {
  return new ParlorError('aborted', { cause: signal.reason });
}
