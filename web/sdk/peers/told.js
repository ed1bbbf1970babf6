// Tells the server by what kind of candidate a peer connection was made, for its statistics. Nobody waits for it.

import { selectedIn } from './stats.js';

/** Until the path that works best is found, by and large; what is shorter is not told. */
const SETTLED = 5_000;

/** @param {string} url of the server's WebSocket @param {RTCPeerConnection} pc */
export async function tell(url, pc) {
  await new Promise((resolve) => setTimeout(resolve, SETTLED));
  const selected = pc.connectionState === 'connected' && selectedIn(await pc.getStats());
  if (!selected) return;
  const place = new URL('api/v1/ice-selected', url.replace(/^ws/, 'http'));
  await fetch(place, { method: 'POST', body: JSON.stringify(selected), keepalive: true, credentials: 'omit' });
}
