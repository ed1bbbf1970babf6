// Microphones, cameras and screens: opened, listed, and errors told apart by who can mend them.

import { ParlorError, deviceError } from '../errors.js';

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
    const all = await mediaDevices().enumerateDevices();
    const ofKind = (/** @type {MediaDeviceKind} */ kind) => all.filter((device) => device.kind === kind);
    return { microphones: ofKind('audioinput'), cameras: ofKind('videoinput'), speakers: ofKind('audiooutput') };
  }

  /** @param {{deviceId?: string}} [options] @returns {Promise<MediaStream>} */
  openMicrophone({ deviceId } = {}) {
    return open({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...exactly(deviceId) } });
  }

  /** @param {{deviceId?: string, width?: number, height?: number}} [options] @returns {Promise<MediaStream>} */
  openCamera({ deviceId, width = 1280, height = 720 } = {}) {
    return open({ video: { width: { ideal: width }, height: { ideal: height }, ...exactly(deviceId) } });
  }

  /** Must be called from a click. @param {{audio?: boolean}} [options] @returns {Promise<MediaStream>} */
  async openScreen({ audio = true } = {}) {
    const media = mediaDevices();
    if (typeof media.getDisplayMedia !== 'function') {
      throw new ParlorError('unsupported', { message: 'This browser can not share the screen', hint: 'Share from a computer' });
    }
    try {
      return await media.getDisplayMedia({ video: true, audio });
    } catch (cause) {
      throw deviceError(cause, true);
    }
  }
}

export const devices = new Devices();

/** @param {MediaStreamConstraints} constraints */
async function open(constraints) {
  const media = mediaDevices();
  try {
    return await media.getUserMedia(constraints);
  } catch (cause) {
    throw deviceError(cause);
  }
}

function mediaDevices() {
  const media = globalThis.navigator?.mediaDevices;
  if (media) return media;
  throw new ParlorError(globalThis.isSecureContext === false ? 'insecure-page' : 'unsupported');
}

/** @param {string | undefined} deviceId */
function exactly(deviceId) {
  return deviceId ? { deviceId: { exact: deviceId } } : {};
}
