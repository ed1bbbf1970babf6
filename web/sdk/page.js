// When the page sleeps, wakes, changes networks and goes away. In Node nothing of that happens.

/**
 * @param {{onWake: () => void, onNetwork: () => void, onHide: (returns: boolean) => void}} hooks
 * @returns {() => void} stops watching
 */
export function watchPage({ onWake, onNetwork, onHide }) {
  if (typeof document === 'undefined') return () => {};
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener('pageshow', onWake, { signal });
  addEventListener('online', onNetwork, { signal });
  addEventListener('pagehide', ({ persisted }) => onHide(persisted), { signal });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) onWake(); }, { signal });
  return () => stop.abort();
}
