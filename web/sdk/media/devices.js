// Microphones, cameras and screens: opened, listed, measured, and errors told apart by who can mend them.

import { ParlorError, deviceError } from '../errors.js';

/** Speech at a normal distance is about -30 dBFS, silence in a room below -60. */
const QUIETEST_DB = -60;

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
    return open('getUserMedia', { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...exactly(deviceId) } });
  }

  /** @param {{deviceId?: string, width?: number, height?: number}} [options] @returns {Promise<MediaStream>} */
  openCamera({ deviceId, width = 1280, height = 720 } = {}) {
    return open('getUserMedia', { video: { width: { ideal: width }, height: { ideal: height }, ...exactly(deviceId) } });
  }

  /** Must be called from a click. @param {{audio?: boolean}} [options] @returns {Promise<MediaStream>} */
  openScreen({ audio = true } = {}) {
    return open('getDisplayMedia', { video: true, audio });
  }
}

export const devices = new Devices();

/** How loud a stream is, for the bars beside a microphone. */
export class LevelMeter {
  #context;
  #analyser;
  #samples;

  /** @param {MediaStream} stream with an audio track */
  constructor(stream) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 512;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    // Suspended until the first click on the page: the level is 0 until then.
    this.#context.resume().catch(() => {});
  }

  /** 0 to 1, linear in decibels, as ears are. */
  get level() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    const decibels = 10 * Math.log10(power);
    return Math.max(0, Math.min(1, 1 - decibels / QUIETEST_DB));
  }

  stop() {
    this.#context.close().catch(() => {});
  }
}

/** @param {'getUserMedia' | 'getDisplayMedia'} method @param {MediaStreamConstraints} constraints */
async function open(method, constraints) {
  const media = mediaDevices();
  if (typeof media[method] !== 'function') {
    throw new ParlorError('unsupported', { message: 'This browser can not share the screen', hint: 'Share from a computer' });
  }
  try {
    return await media[method](constraints);
  } catch (cause) {
    throw deviceError(cause, method === 'getDisplayMedia');
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
