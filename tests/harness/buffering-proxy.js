// An HTTP/1.1 proxy as some companies have them: nothing of an answer is passed on before all of it is there.

import { once } from 'node:events';
import { createServer, request } from 'node:http';

export async function startBufferingProxy({ to }) {
  const proxy = createServer(async (asked, answer) => {
    const outgoing = request({ port: to, host: 'localhost', path: asked.url, method: asked.method, headers: asked.headers, agent: false });
    answer.on('close', () => outgoing.destroy());
    outgoing.on('error', () => answer.destroy());
    asked.pipe(outgoing);
    const [told] = await once(outgoing, 'response').catch(() => []);
    if (!told) return;
    const chunks = [];
    told.on('data', (chunk) => chunks.push(chunk));
    told.on('error', () => answer.destroy());
    told.on('end', () => {
      const body = Buffer.concat(chunks);
      const { 'transfer-encoding': _, ...headers } = told.headers;
      answer.writeHead(told.statusCode, { ...headers, 'content-length': body.length });
      answer.end(body);
    });
  });
  proxy.listen(0, 'localhost');
  await once(proxy, 'listening');
  return {
    port: proxy.address().port,
    close: async () => {
      proxy.close();
      proxy.closeAllConnections();
      await once(proxy, 'close');
    },
  };
}
