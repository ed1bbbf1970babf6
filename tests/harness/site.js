// A web site of somebody else on this machine: a folder of pages on a port of its own.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { endWithFile } from './cleanup.js';

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8' };

/** @param {URL} folder */
export async function serveFiles(folder) {
  const site = createServer(async ({ url }, answer) => {
    const { pathname } = new URL(url, 'http://localhost');
    const file = await readFile(new URL(`.${pathname}`, folder)).catch(() => null);
    answer.writeHead(file ? 200 : 404, { 'Content-Type': TYPES[pathname.split('.').pop()] ?? 'text/plain' });
    answer.end(file);
  });
  site.listen(0, 'localhost');
  await once(site, 'listening');
  const end = () => {
    site.close();
    site.closeAllConnections();
  };
  endWithFile(end);
  return {
    url: `http://localhost:${site.address().port}`,
    close: async () => {
      const closed = once(site, 'close');
      end();
      await closed;
    },
  };
}
