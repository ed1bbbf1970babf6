// Engine.IO and Socket.IO by hand, over both transports: for packets and an order of packets that no library would send.

import { ask } from './sse.js';
import { Opcode, openSocket } from './ws.js';

const QUERY = '/socket.io/?EIO=4';

/** A session over a WebSocket, from its first frame or for a session that polls. */
export async function openSession({ port, sid, query = '' }) {
  const path = `${QUERY}&transport=websocket${sid ? `&sid=${sid}` : ''}${query}`;
  const socket = await openSocket({ port, path });
  if (!sid) await socket.takeText((text) => text.startsWith('0'));
  return {
    socket,
    say: (packet) => socket.frame({ payload: packet }),
    sayBinary: (bytes) => socket.frame({ opcode: Opcode.binary, payload: Buffer.from(bytes) }),
    /** The next packet that begins so. */
    hear: (start, timeoutMs) => socket.takeText((text) => text.startsWith(start), timeoutMs),
    closed: async () => (await socket.closed()).code,
    destroy: () => socket.destroy(),
  };
}

/** The same, in the main namespace. */
export async function openMember(options) {
  const session = await openSession(options);
  session.say('40');
  session.id = JSON.parse((await session.hear('40{')).slice(2)).sid;
  return session;
}

/** A session by polling. */
export async function openPolling({ port, query = '' }) {
  const path = `${QUERY}&transport=polling${query}`;
  const { status, body } = await ask({ port, path });
  if (status !== 200) throw new Error(`refused with ${status}: ${body}`);
  const { sid } = JSON.parse(body.slice(1));
  const of = (method, content) => ask({ port, path: `${path}&sid=${sid}`, method, body: content });
  return {
    sid,
    path: `${path}&sid=${sid}`,
    get: () => of('GET'),
    post: (content) => of('POST', content),
    /** Whether the server knows the session no more. */
    isOver: async () => {
      const answer = await of('POST', '3');
      return answer.status === 400 && JSON.parse(answer.body).code === 1;
    },
  };
}
