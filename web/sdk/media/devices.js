// Microphones, cameras and screens: opened and listed. Why one could not be is in device-errors.js.

import { ParlorError } from '../errors.js';

export class Devices extends EventTarget {
  constructor() {
    super();
    globalThis.navigator?.mediaDevices?.addEventListener('devicechange', () => this.dispatchEvent(new Event('change')));
  }

  /** @param {'change'} type @param {() => void} listener @returns {() => void} stops listening */
  on(type, listener) {
    this.addEventListener(type, listener);
    return () => this.removeEventListener(type, listener);
  }

  /** Labels are empty until a device was allowed once. */
  async list() {
    const all = await using((media) => media.enumerateDevices());
    const ofKind = (/** @type {MediaDeviceKind} */ kind) => all.filter((device) => device.kind === kind);
    return { microphones: ofKind('audioinput'), cameras: ofKind('videoinput'), speakers: ofKind('audiooutput') };
  }

  /** @param {{deviceId?: string}} [options] @returns {Promise<MediaStream>} */
  openMicrophone({ deviceId } = {}) {
    return using((media) => media.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...exactly(deviceId) } }));
  }

  /** @param {{deviceId?: string, width?: number, height?: number}} [options] @returns {Promise<MediaStream>} */
  openCamera({ deviceId, width = 1280, height = 720 } = {}) {
    return using((media) => media.getUserMedia({ video: { width: { ideal: width }, height: { ideal: height }, ...exactly(deviceId) } }));
  }

  /** Must be called from a click. @param {{audio?: boolean}} [options] @returns {Promise<MediaStream>} */
  openScreen({ audio = true } = {}) {
    return using((media) => media.getDisplayMedia({ video: true, audio }), true);
  }
}

export const devices = new Devices();

/** At once, while the click counts that a screen needs. @template T @param {(media: MediaDevices) => Promise<T>} use @param {boolean} [screen] */
async function using(use, screen = false) {
  try {
    return await use(navigator.mediaDevices);
  } catch (cause) {
    const { deviceError } = await import('./device-errors.js').catch(() => { throw new ParlorError('unreachable', { cause }); });
    throw deviceError(cause, screen);
  }
}

/** @param {string | undefined} deviceId */
function exactly(deviceId) {
  return deviceId ? { deviceId: { exact: deviceId } } : {};
}
