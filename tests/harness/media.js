// Whether media really flows, asked of the browser's own statistics and of what it shows.

import { until } from './browser.js';

/** Waits until every one of `count` remote videos on the page has a size and its time advances. */
export async function seesVideos(page, count, selector = 'video', timeoutMs = undefined) {
  await until(page, ([wanted, query]) => {
    const videos = [...document.querySelectorAll(query)];
    return videos.filter((video) => video.videoWidth > 0 && video.currentTime > 0).length >= wanted;
  }, [count, selector], timeoutMs);
}

/**
 * Makes the page remember its peer connections, before any script of the page runs. The page itself is not changed
 * by it: the constructor only keeps what it makes.
 */
export async function rememberPeerConnections(context) {
  await context.addInitScript(() => {
    const Native = window.RTCPeerConnection;
    window.peerConnections = [];
    window.RTCPeerConnection = class extends Native {
      constructor(...options) {
        super(...options);
        window.peerConnections.push(this);
      }
    };
  });
}

/** Per open peer connection: frames decoded so far and the loudest level heard. */
export function received(page) {
  return page.evaluate(async () => {
    const open = window.peerConnections.filter((peer) => peer.connectionState === 'connected');
    return Promise.all(open.map(async (peer) => {
      const inbound = [...(await peer.getStats()).values()].filter(({ type }) => type === 'inbound-rtp');
      const most = (kind, field) => Math.max(0, ...inbound.filter((one) => one.kind === kind).map((one) => one[field] ?? 0));
      return { frames: most('video', 'framesDecoded'), energy: most('audio', 'totalAudioEnergy') };
    }));
  });
}

/** Waits until `count` peer connections are open, and each has decoded more frames and heard more sound than at first. */
export async function mediaFlows(page, count, timeoutMs = 30_000) {
  const deadline = Date.now() + timeoutMs;
  let first = await received(page);
  for (;;) {
    await page.waitForTimeout(250);
    const now = await received(page);
    if (now.length !== first.length) first = now;
    const grown = now.filter((one, index) => one.frames > first[index].frames && one.energy > first[index].energy);
    if (now.length === count && grown.length === count) return;
    if (Date.now() > deadline) throw new Error(`media does not flow from ${count}: ${JSON.stringify({ first, now })}`);
  }
}
