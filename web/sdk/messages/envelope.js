// How app messages and acknowledgements are written, on a data channel and through the server alike.

import { ParlorError } from '../errors.js';
import { streamName } from './streams.js';
/** @import { Content, Item } from '../internal.js' */

/** The server takes 64 KiB; the envelope needs some of it. */
const MAX_DATA = 64 * 1024;
const MAX_BYTES = 63 * 1024;
const MAX_TARGETS = 64;
/** `"<22 characters>":[<epoch>,<n>],` */
const BYTES_PER_TARGET = 48;
/** The server takes 64 levels. */
const MAX_DEPTH = 60;

/** @param {unknown} data @returns {Item} */
export function itemOf(data) {
  const json = encode(data);
  const bytes = new TextEncoder().encode(json).length;
  if (bytes > MAX_BYTES || depthOf(json) > MAX_DEPTH) throw new ParlorError('too-large');
  return { json, bytes };
}

/** How many members one frame through the server can address. @param {Item} item */
export function targetsPerFrame({ bytes }) {
  return Math.min(MAX_TARGETS, Math.floor((MAX_DATA - bytes - 100) / BYTES_PER_TARGET));
}

/** @param {string} instance @param {[number, number]} position @param {Item} item */
export function channelText(instance, position, { json }) {
  return `{"parlor":1,"s":"${instance}","m":[${position}],"d":${json}}`;
}

/** @param {string} instance @param {Record<string, [number, number]>} targets @param {Item} item */
export const serverData = (instance, targets, { json }) => ({ parlor: 1, s: instance, t: targets, d: JSON.parse(json) });
/** @param {Item} item */
export const volatileData = ({ json }) => ({ parlor: 1, v: JSON.parse(json) });
/** @param {[string, number][]} acks */
export const ackData = (acks) => ({ parlor: 1, a: acks });
/** @param {string} id @param {string} challenge */
export const rejoinedData = (id, challenge) => ({ parlor: 1, rejoined: [id, challenge] });
/** @param {string} challenge */
export const proofData = (challenge) => ({ parlor: 1, proof: challenge });

/** It may come from anybody. @param {any} data @param {string} me my id @returns {Content} */
export function read(data, me) {
  if (data?.parlor !== 1) return { kind: 'plain', data };
  if ('v' in data) return { kind: 'volatile', data: data.v };
  if ('d' in data && isToken(data.s)) {
    const position = data.m ?? (data.t && Object.hasOwn(data.t, me) ? data.t[me] : null);
    if (!isPosition(position)) return { kind: 'other' };
    return { kind: 'message', stream: streamName(data.s, position[0]), n: position[1], data: data.d };
  }
  if (Array.isArray(data.a)) return { kind: 'ack', acks: data.a.filter(isAck) };
  if (Array.isArray(data.rejoined) && data.rejoined.every(isToken)) {
    return { kind: 'rejoined', id: data.rejoined[0], challenge: data.rejoined[1] };
  }
  return isToken(data.proof) ? { kind: 'proof', challenge: data.proof } : { kind: 'other' };
}

/** @param {unknown} data */
function encode(data) {
  let cause;
  try {
    const json = JSON.stringify(data);
    if (json) return json;
  } catch (error) {
    cause = error;
  }
  throw new ParlorError('bad-argument', { message: 'The data is not JSON', cause });
}

/** @param {string} json */
function depthOf(json) {
  let [depth, deepest] = [0, 0];
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') deepest = Math.max(deepest, ++depth);
    else if (token === ']' || token === '}') depth -= 1;
  }
  return deepest;
}

/** @param {any} value @returns {value is [number, number]} */
function isPosition(value) {
  return Array.isArray(value) && value.length === 2 && value.every((number) => Number.isSafeInteger(number) && number > 0);
}

/** @param {any} value @returns {value is [string, number]} */
function isAck(value) { return Array.isArray(value) && isToken(value[0]) && Number.isSafeInteger(value[1]); }

/** @param {any} value @returns {value is string} */
function isToken(value) { return typeof value === 'string' && value.length <= 128; }
