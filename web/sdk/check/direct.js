// Whether UDP gets out, and under which address others see this network.

import { deadline } from './wait.js';
import { readMappings } from './ice.js';
/** @import { DirectSeen, Mapping } from './types.js' */

/** Browsers repeat an unanswered question for about ten seconds; whoever answers does so within one. */
const PATIENCE_MS = 4_000;

/** @param {string[]} urls of STUN servers @param {AbortSignal} [signal] @returns {Promise<DirectSeen>} */
export async function measureDirect(urls, signal) {
  const connection = new RTCPeerConnection({ iceServers: urls.map((url) => ({ urls: url })) });
  /** @type {Mapping[]} */
  const mappings = [];
  try {
    const gathered = new Promise((resolve, reject) => {
      signal?.addEventListener('abort', reject, { once: true });
      connection.onicecandidate = (event) => {
        const { candidate } = event;
        if (!candidate) return resolve(undefined);
        const { type, address, port } = candidate;
        if (type === 'srflx') mappings.push({ address: address ?? '', port: port ?? 0, url: urlOf(event) });
      };
    });
    connection.createDataChannel('check');
    await connection.setLocalDescription();
    await deadline(urls.length > 0 ? PATIENCE_MS : 0, gathered).catch(() => {});
  } finally {
    connection.close();
  }
  return { stunServers: urls.length, ...readMappings(mappings) };
}

/** Older browsers have it in the event, newer ones in the candidate. @param {any} event */
function urlOf(event) {
  return String(event.candidate?.url ?? event.url ?? '');
}
