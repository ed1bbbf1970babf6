// My microphone, camera and screen: opened, muted, exchanged, published. Knows no page.
import { devices } from '../sdk/parlor.js';

/** @typedef {import('../sdk/parlor.js').Room} Room */
/** @typedef {import('../sdk/parlor.js').ParlorError} ParlorError */
/** @typedef {import('./logic/wording.js').Source} Source */
/** @typedef {'off' | 'muted' | 'on'} SourceState */

/**
 * Events: `change` after anything visible changed, `problem` ({source, error}) when something could not be
 * opened, `lost` ({source, replaced}) when a device was unplugged, `screen-ended` when the browser ended the share.
 */
export class LocalMedia extends EventTarget {
  /** @type {Room | null} */
  #room = null;
  /** @type {Map<Source, MediaStream>} */
  #streams = new Map();
  /** @type {Map<Source, ParlorError>} */
  #problems = new Map();
  /** @type {Map<Source, Promise<void>>} one thing at a time per source, so that fast clicks end in the last one */
  #queues = new Map();
  /** @type {Set<Source>} */
  #busy = new Set();
  #muted = false;
  #closed = false;
  #deviceIds = { microphone: '', camera: '' };

  /** @param {{microphoneId: string, cameraId: string}} choice */
  constructor(choice) {
    super();
    this.#deviceIds = { microphone: choice.microphoneId, camera: choice.cameraId };
  }

  /** @param {Source} source @returns {SourceState} */
  state(source) {
    if (!this.#streams.has(source)) return 'off';
    return source === 'microphone' && this.#muted ? 'muted' : 'on';
  }

  /** @param {Source} source */
  isOn(source) {
    return this.state(source) === 'on';
  }

  /** @param {Source} source */
  isBusy(source) {
    return this.#busy.has(source);
  }

  /** @param {Source} source */
  stream(source) {
    return this.#streams.get(source) ?? null;
  }

  /** @param {Source} source why it could not be opened the last time */
  problem(source) {
    return this.#problems.get(source) ?? null;
  }

  /** The device that is really used, for the selection. @param {'microphone' | 'camera'} source */
  deviceId(source) {
    return this.stream(source)?.getTracks()[0]?.getSettings().deviceId ?? this.#deviceIds[source];
  }

  /**
   * An opened microphone is muted rather than closed, so that speaking again takes no time.
   * @param {boolean} on
   */
  setMicrophone(on) {
    return this.#enqueue('microphone', async () => {
      if (on && !this.#streams.has('microphone')) await this.#open('microphone');
      if (this.#streams.has('microphone')) await this.#setMuted(!on);
    });
  }

  /**
   * A camera is closed when it is off: its light goes out.
   * @param {boolean} on
   */
  setCamera(on) {
    return this.#enqueue('camera', () => (on ? this.#open('camera') : this.#shut('camera')));
  }

  /** @param {boolean} on */
  setScreen(on) {
    return this.#enqueue('screen', () => (on ? this.#open('screen') : this.#shut('screen')));
  }

  /**
   * @param {'microphone' | 'camera'} source
   * @param {string} deviceId
   */
  choose(source, deviceId) {
    this.#deviceIds[source] = deviceId;
    return this.#enqueue(source, async () => {
      if (!this.#streams.has(source) && !this.#problems.has(source)) return;
      // Some systems open a second stream of one device only after the first is closed.
      stop(this.#streams.get(source));
      this.#streams.delete(source);
      await this.#open(source);
    });
  }

  /** Publishes what is open, and from now on whatever is opened. @param {Room} room */
  async attach(room) {
    this.#room = room;
    for (const source of /** @type {Source[]} */ (['microphone', 'camera', 'screen'])) {
      await this.#enqueue(source, () => this.#publish(source));
    }
  }

  /**
   * What somebody who moderates has switched off is off here too; what may not be sent is closed.
   * @param {(source: Source) => boolean} may
   * @returns {boolean} whether a microphone was switched off that may be switched on again
   */
  heed(may) {
    for (const source of /** @type {Source[]} */ (['microphone', 'camera', 'screen'])) {
      const isSilenced = this.#streams.get(source)?.getTracks()[0]?.enabled === false;
      if (this.#streams.has(source) && (!may(source) || (source !== 'microphone' && isSilenced))) {
        void this.#enqueue(source, () => this.#shut(source));
      }
    }
    const microphone = this.#streams.get('microphone')?.getAudioTracks()[0];
    if (this.#muted || microphone?.enabled !== false || !may('microphone')) return false;
    this.#muted = true;
    this.#emit('change', { source: 'microphone' });
    return true;
  }

  close() {
    this.#closed = true;
    this.#room = null;
    for (const stream of this.#streams.values()) stop(stream);
    this.#streams.clear();
  }

  /** @param {Source} source */
  async #open(source) {
    if (this.#streams.has(source)) return;
    try {
      const stream = await this.#request(source);
      if (this.#closed) return stop(stream);
      this.#problems.delete(source);
      this.#adopt(source, stream);
      await this.#publish(source);
    } catch (error) {
      await this.#failed(source, /** @type {ParlorError} */ (error));
    }
  }

  /** @param {Source} source @returns {Promise<MediaStream>} */
  async #request(source) {
    if (source === 'screen') return devices.openScreen({ audio: true });
    const open = (/** @type {string} */ deviceId) => (source === 'microphone'
      ? devices.openMicrophone(deviceId ? { deviceId } : {})
      : devices.openCamera(deviceId ? { deviceId } : {}));
    try {
      return await open(this.#deviceIds[source]);
    } catch (error) {
      // The remembered device is at home and its owner is not: any other one will do.
      const gone = ['device-not-found', 'device-constraints'].includes(/** @type {ParlorError} */ (error).code);
      if (!gone || !this.#deviceIds[source]) throw error;
      return open('');
    }
  }

  /** @param {Source} source @param {MediaStream} stream */
  #adopt(source, stream) {
    this.#streams.set(source, stream);
    if (source === 'microphone') enableAudio(stream, !this.#muted);
    const main = stream.getTracks().find((track) => track.kind === (source === 'microphone' ? 'audio' : 'video'));
    main?.addEventListener('ended', () => {
      if (this.#streams.get(source) === stream) this.#ended(source);
    });
  }

  /** The browser or the cable ended it. @param {Source} source */
  #ended(source) {
    this.#enqueue(source, async () => {
      await this.#shut(source);
      if (source === 'screen') return this.#emit('screen-ended', {});
      if (source === 'microphone') {
        this.#deviceIds.microphone = '';
        await this.#open('microphone');
      }
      this.#emit('lost', { source, replaced: this.#streams.has(source) });
    });
  }

  /** @param {Source} source */
  async #shut(source) {
    stop(this.#streams.get(source));
    if (!this.#streams.delete(source)) return;
    await this.#room?.unpublish(source);
  }

  /** @param {boolean} muted */
  async #setMuted(muted) {
    this.#muted = muted;
    const stream = this.#streams.get('microphone');
    if (stream) enableAudio(stream, !muted);
    await this.#room?.setMuted('microphone', muted);
  }

  /** @param {Source} source */
  async #publish(source) {
    const stream = this.#streams.get(source);
    if (!stream || !this.#room) return;
    await this.#room.publish(source, stream, { muted: this.state(source) === 'muted' });
  }

  /** @param {Source} source @param {ParlorError} error */
  async #failed(source, error) {
    if (this.#room && this.#room.me.sources[source] !== 'off') await this.#room.unpublish(source);
    if (error.code === 'share-cancelled') return;
    this.#problems.set(source, error);
    this.#emit('problem', { source, error });
  }

  /**
   * @param {Source} source
   * @param {() => Promise<void> | void} task
   */
  #enqueue(source, task) {
    const turn = (this.#queues.get(source) ?? Promise.resolve()).then(async () => {
      if (this.#closed) return;
      this.#busy.add(source);
      this.#emit('change', { source });
      try {
        await task();
      } catch (error) {
        this.#emit('problem', { source, error });
      }
      this.#busy.delete(source);
      this.#emit('change', { source });
    });
    this.#queues.set(source, turn);
    return turn;
  }

  /** @param {string} type @param {unknown} detail */
  #emit(type, detail) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {MediaStream | undefined} stream */
function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** @param {MediaStream} stream @param {boolean} enabled */
function enableAudio(stream, enabled) {
  for (const track of stream.getAudioTracks()) track.enabled = enabled;
}
