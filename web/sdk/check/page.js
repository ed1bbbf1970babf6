// What this page and this browser can do at all.
/** @import { BrowserSeen, PageSeen } from './types.js' */

/** @param {URL} base @returns {PageSeen} */
export function lookAtPage(base) {
  return { address: base.origin, secure: isSecureContext, online: navigator.onLine };
}

/** @returns {BrowserSeen} */
export function lookAtBrowser() {
  /** @type {BrowserSeen['missing']} */
  const missing = [];
  if (typeof RTCPeerConnection !== 'function' || !('createDataChannel' in RTCPeerConnection.prototype)) missing.push('webrtc');
  if (typeof WebSocket !== 'function') missing.push('websocket');
  // An insecure page has none in any browser.
  if (isSecureContext && !navigator.mediaDevices?.getUserMedia) missing.push('devices');
  return { name: navigator.userAgent, missing };
}
