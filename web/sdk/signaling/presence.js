// Who is in a room, asked over a connection of its own. Loaded when somebody asks.

import { ParlorError } from '../errors.js';
import { connectTimeout } from '../timing.js';
import { Transport } from './transport.js';

/**
 * @param {{room: string, token: string | undefined}} query
 * @param {{url: string, WebSocket: typeof WebSocket}} server
 * @returns {Promise<{members: {name: string}[]}>}
 */
export function ask(query, server) {
  return new Promise((resolve, reject) => {
    const transport = new Transport({ ...server, timeout: connectTimeout(2) }, {
      onFrame: (frame) => {
        if (frame.type === 'welcome') return transport.send({ type: 'presence', id: 1, protocol: 1, ...query });
        if (frame.type === 'presence') resolve({ members: frame.members });
        else if (frame.type === 'error') reject(new ParlorError(frame.code, frame));
        transport.close();
      },
      onDown: () => reject(new ParlorError('unreachable')),
    });
  });
}
