// Why a call does or does not connect from here: looks at page, browser, server and network, one after the other. Loaded by pages that check.

import { measureDirect } from './check/direct.js';
import { findRelay, RELAYS, stunUrls } from './check/ice.js';
import { lookAtBrowser, lookAtPage } from './check/page.js';
import { measureRelay } from './check/relay.js';
import { askIceServers, measureServer, readClock } from './check/server.js';
/** @import { CheckOptions, Observations, Step } from './check/types.js' */

/**
 * @typedef {import('./check/types.js').CheckOptions} CheckOptions
 * @typedef {import('./check/types.js').Finding} Finding
 * @typedef {import('./check/types.js').Observations} Observations
 * @typedef {import('./check/types.js').Step} Step
 * @typedef {import('./check/types.js').Verdict} Verdict
 */

export { judge } from './check/judge.js';

/** In this order. @type {readonly Step[]} */
export const STEPS = ['page', 'browser', 'server', 'clock', 'direct', ...RELAYS];

/**
 * What was seen; `judge` says what it means. Opens no device.
 * @param {CheckOptions} [options]
 * @returns {Promise<Observations>}
 */
export async function observe({ url = new URL('../', import.meta.url), signal, onStep = () => {} } = {}) {
  const base = new URL(url, globalThis.location?.href);
  /** @type {Observations} */
  const seen = {};
  /** @type {<S extends Step>(step: S, look: () => Observations[S] | Promise<Observations[S]>) => Promise<void>} */
  const run = async (step, look) => {
    signal?.throwIfAborted();
    onStep(step, seen);
    seen[step] = await look();
  };
  await run('page', () => lookAtPage(base));
  await run('browser', lookAtBrowser);
  const missing = seen.browser?.missing ?? [];
  if (!missing.includes('websocket')) await run('server', () => measureServer(base, signal));
  await run('clock', () => readClock(base));
  if (missing.includes('webrtc')) return seen;
  const servers = await askIceServers(base);
  seen.ice = { answer: servers.answer };
  await run('direct', () => measureDirect(stunUrls(servers.iceServers), signal));
  for (const step of RELAYS) {
    await run(step, () => measureRelay(findRelay(servers.iceServers, step), signal));
  }
  signal?.throwIfAborted();
  return seen;
}
