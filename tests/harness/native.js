// A member that speaks the native protocol by hand, without the SDK: for what no browser would say.

import { openSocket } from './ws.js';

/** Opens a connection and joins, or throws the refusal. */
export async function joinNative({ port, room, name }) {
  const member = new NativeMember(await openSocket({ port }));
  const answer = await member.join({ room, name });
  if (answer.type !== 'joined') throw new Error(`${name} may not join ${room}: ${JSON.stringify(answer)}`);
  return member;
}

export class NativeMember {
  #nextId = 1;

  constructor(socket) {
    this.socket = socket;
    this.joined = null;
  }

  get peer() {
    return this.joined.peer;
  }

  get secret() {
    return this.joined.secret;
  }

  async join(fields) {
    this.joined = await this.request({ type: 'join', protocol: 1, ...fields });
    return this.joined;
  }

  /** Sends with the next id and returns what answers it: an `ok`, an `error`, a `pong`… */
  request(message, timeoutMs) {
    const id = this.#nextId++;
    this.socket.send({ ...message, id });
    return this.socket.take((answer) => answer.id === id, timeoutMs);
  }

  /** The next event of a type. */
  event(type, timeoutMs) {
    return this.socket.take((message) => message.type === type, timeoutMs);
  }
}
