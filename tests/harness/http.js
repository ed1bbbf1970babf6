// HTTP as it is on the wire: nothing is decoded, normalised, followed or kept alive.

import { request } from 'node:http';

/** @returns {Promise<{ status: number, headers: import('node:http').IncomingHttpHeaders, body: Buffer }>} */
export function http({ port, path = '/', method = 'GET', headers = {} }) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', path, method, agent: false, headers: { Host: `localhost:${port}`, ...headers } });
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error(`${method} ${path} got no answer`)));
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.end();
  });
}
