// The token that somebody was invited with: taken out of the address at once, so that nobody copies it, and kept for this tab.
import { forgetToken, keepToken, keptToken } from './settings.js';

/** From `#token=…` or `?token=…`. @param {string} room */
export function takeInvitation(room) {
  const url = new URL(location.href);
  const hash = new URLSearchParams(url.hash.slice(1));
  const token = hash.get('token') ?? url.searchParams.get('token');
  if (token === null) return;
  hash.delete('token');
  url.searchParams.delete('token');
  url.hash = hash.toString();
  history.replaceState(history.state, '', url);
  if (token === '') forgetToken();
  else keepToken(room, token);
}

/** @param {string} room @returns {{room: string, token?: string}} what to ask the server with */
export function invited(room) {
  const token = keptToken(room);
  return token === undefined ? { room } : { room, token };
}
