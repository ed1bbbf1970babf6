// Which of the announced servers serve which step, and what several answers say about the network. No browser objects.
/** @import { DirectSeen, Mapping, Relay } from './types.js' */

/** @type {readonly Relay[]} */
export const RELAYS = ['relay-udp', 'relay-tcp', 'relay-tls'];

/** @param {RTCIceServer[]} servers @returns {string[]} */
export function stunUrls(servers) {
  return servers.flatMap(({ urls }) => urls).filter((url) => url.startsWith('stun:'));
}

/** The first that is reached this way, and by nothing else. @param {RTCIceServer[]} servers @param {Relay} relay @returns {(RTCIceServer & {urls: string}) | null} */
export function findRelay(servers, relay) {
  for (const { urls, ...credentials } of servers) {
    const url = [urls].flat().find((one) => relayKind(one) === relay);
    if (url) return { ...credentials, urls: url };
  }
  return null;
}

/** RFC 7065. @param {string} url @returns {Relay | null} */
function relayKind(url) {
  if (url.startsWith('turns:')) return 'relay-tls';
  if (!url.startsWith('turn:')) return null;
  return /[?&]transport=tcp\b/.test(url) ? 'relay-tcp' : 'relay-udp';
}

/**
 * A network that shows each destination another port lets nobody in who was not asked.
 * Several network interfaces look similar; they are told apart by one server that sees two ports.
 * @param {Mapping[]} mappings
 * @returns {Pick<DirectSeen, 'ports' | 'families'>}
 */
export function readMappings(mappings) {
  const perDestination = mappings.some(({ address }) => {
    const group = mappings.filter((one) => one.address === address);
    const servers = new Set(group.map(({ url }) => url));
    const ports = new Set(group.map(({ port }) => port));
    return group.length > 1 && servers.size === group.length && ports.size === group.length;
  });
  const families = /** @type {const} */ (['IPv4', 'IPv6'])
    .filter((family) => mappings.some(({ address }) => address.includes(':') === (family === 'IPv6')));
  return { ports: mappings.length === 0 ? 'none' : perDestination ? 'per-destination' : 'found', families };
}
