// Real Socket.IO clients, and what they are asked to do in every test.

import { io } from 'socket.io-client';
import { endWithFile } from './cleanup.js';

export const TRANSPORTS = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };

const ANSWER_TIMEOUT_MS = 10_000;

/** The next event of a name: its arguments, without the offset that recovery puts behind them. */
export function next(socket, name, timeoutMs = ANSWER_TIMEOUT_MS) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.off(name, hear);
      reject(new Error(`no ${name} came`));
    }, timeoutMs);
    const hear = (...args) => {
      clearTimeout(timer);
      resolve(args);
    };
    socket.once(name, hear);
  });
}

/** Connects, or throws what the server said instead. */
export async function connect(url, options = {}) {
  const socket = io(url, { forceNew: true, transports: TRANSPORTS.websocket, ...options });
  endWithFile(() => socket.close());
  const refused = next(socket, 'connect_error').then(([error]) => Promise.reject(error));
  refused.catch(() => {});
  await Promise.race([next(socket, 'connect'), refused]);
  return socket;
}

/** A member of a room, who has heard the room's answer. */
export async function join(url, { room, name, ...options }) {
  const socket = await connect(url, options);
  const answer = await socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck('join-room', room, name);
  if (!answer.ok) throw new Error(`not let in: ${answer.message}`);
  return socket;
}

/** Collects an event's first argument, in the order of coming. */
export function collect(socket, name) {
  const heard = [];
  socket.on(name, (first) => heard.push(first));
  return heard;
}

/** Waits until something holds, looking again after each turn of the loop. `what` may be told when it is over. */
export async function until(holds, what, timeoutMs = ANSWER_TIMEOUT_MS) {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never: ${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
