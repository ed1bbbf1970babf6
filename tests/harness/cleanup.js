// What a test leaves behind when it fails half-way (servers, sockets) is ended with its file, else the file would
// never end itself.

import { after } from 'node:test';

const leftovers = new Set();

// Hooks run in the order of their registration, and the file's own must come first: it is being loaded now.
setImmediate(() => after(() => leftovers.forEach((end) => end())));

/** @returns what to call when the thing has ended by itself */
export function endWithFile(end) {
  leftovers.add(end);
  return () => leftovers.delete(end);
}

/** A promise that does not wait for ever. */
export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
