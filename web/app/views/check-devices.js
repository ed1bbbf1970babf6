// Camera and microphone of the check: a picture and a level, for the person in front of them only.
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { Hearing } from '../logic/hearing.js';
import { LocalMedia } from '../local-media.js';
import { Meter } from '../meter.js';
import { settings } from '../settings.js';
import { DeviceChoice } from './device-choice.js';

/** @typedef {import('../../sdk/check.js').Observations['microphone']} DeviceSeen */
/** @typedef {'microphone' | 'camera'} Device */

/** @type {readonly Device[]} */
const DEVICES = ['microphone', 'camera'];

export class CheckDevices {
  #onChange;
  #stop = new AbortController();
  #media = new LocalMedia({ microphoneId: settings.values.microphoneId, cameraId: settings.values.cameraId });
  #choice = new DeviceChoice(this.#media, DEVICES);
  #hearing = new Hearing();
  /** @type {Meter | null} */ #meter = null;
  /** @type {MediaStream | null} */ #metered = null;
  /** @type {'waiting' | 'works' | 'quiet'} */ #heard = 'waiting';
  /** @type {Partial<Record<Device, string>>} what the browser says before it is asked for the device */ #denied = {};
  #frame = 0;

  #video = h('video', { class: 'mirrored', playsinline: true, autoplay: true, 'aria-label': t('prejoin.preview') });
  #size = h('p', { class: 'check-size' });
  #levelBar = h('span', { class: 'level-fill' });
  #level = h('div', { class: 'level', role: 'img', 'aria-label': t('prejoin.level') }, icon('sound'), h('span', { class: 'level-track' }, this.#levelBar));
  #preview = h('div', { class: 'check-preview', hidden: true }, this.#video, this.#size, this.#level);
  #button = h('button', { class: 'button', type: 'button', 'data-testid': 'check-devices', onclick: () => this.#toggle() }, t('check.devices.start'));

  /** @param {{onChange: () => void}} options */
  constructor({ onChange }) {
    this.#onChange = onChange;
    this.element = h('section', { class: 'check-devices', 'aria-label': t('check.devices') },
      h('h2', {}, t('check.devices')), this.#preview, this.#choice.element,
      isSecureContext
        ? h('div', { class: 'check-ask' }, this.#button, h('p', { class: 'note' }, t('check.devices.note')))
        : h('p', { class: 'note' }, t('check.devices.insecure')));
    this.#media.addEventListener('change', () => this.#refresh(), { signal: this.#stop.signal });
    this.#video.addEventListener('resize', () => this.#showSize(), { signal: this.#stop.signal });
    if (!isSecureContext) this.#denied = { microphone: 'insecure-page', camera: 'insecure-page' };
    else void this.#askPermissions();
    this.#render();
  }

  close() {
    this.#stop.abort();
    cancelAnimationFrame(this.#frame);
    this.#meter?.stop();
    this.#choice.close();
    this.#video.srcObject = null;
    this.#media.close();
  }

  /** @param {Device} device @returns {NonNullable<DeviceSeen>} */
  seen(device) {
    const code = this.#media.problem(device)?.code ?? this.#denied[device];
    if (code) return { state: 'failed', code };
    if (this.#media.isBusy(device)) return { state: 'waiting', code: '' };
    if (!this.#media.isOn(device)) return { state: 'untested', code: '' };
    return { state: device === 'camera' ? 'works' : this.#heard, code: '' };
  }

  get #running() {
    return DEVICES.some((device) => this.#media.isOn(device) || this.#media.isBusy(device));
  }

  /** Who allowed both before is not asked again: they can be tested at once. */
  async #askPermissions() {
    const states = await Promise.all(DEVICES.map(permission));
    if (this.#stop.signal.aborted) return;
    DEVICES.forEach((device, index) => { if (states[index] === 'denied') this.#denied[device] = 'permission-denied-user'; });
    if (states.every((state) => state === 'granted')) await this.#start();
    this.#refresh();
  }

  #toggle() {
    if (!this.#running) return void this.#start();
    void this.#media.setCamera(false);
    void this.#media.setMicrophone(false);
  }

  /** One after the other: two questions of the browser at once confuse. */
  async #start() {
    this.#denied = {};
    this.#hearing = new Hearing();
    this.#heard = 'waiting';
    await this.#media.setMicrophone(true);
    if (!this.#stop.signal.aborted) await this.#media.setCamera(true);
  }

  #refresh() {
    this.#render();
    this.#onChange();
  }

  #render() {
    const [camera, microphone] = [this.#media.stream('camera'), this.#media.isOn('microphone') ? this.#media.stream('microphone') : null];
    if (this.#video.srcObject !== camera) this.#video.srcObject = camera;
    this.#video.hidden = camera === null;
    this.#level.hidden = microphone === null;
    this.#preview.hidden = camera === null && microphone === null;
    this.#choice.element.hidden = !this.#running;
    this.#button.textContent = t(this.#running ? 'check.devices.stop' : 'check.devices.start');
    this.#showSize();
    this.#measure(microphone);
  }

  #showSize() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    this.#size.hidden = this.#video.hidden || width === 0;
    this.#size.textContent = t('check.devices.size', { width, height });
  }

  /** @param {MediaStream | null} stream */
  #measure(stream) {
    if (stream === this.#metered) return;
    this.#meter?.stop();
    cancelAnimationFrame(this.#frame);
    this.#metered = stream;
    this.#meter = stream ? new Meter(stream) : null;
    if (stream) this.#draw();
  }

  #draw() {
    const level = this.#meter?.level ?? 0;
    this.#levelBar.style.setProperty('--level', String(level));
    // A browser keeps the sound of an untouched page asleep: its silence says nothing.
    const awake = navigator.userActivation?.hasBeenActive !== false;
    const heard = awake || level > 0 ? this.#hearing.handleLevel(level, performance.now()) : 'waiting';
    if (heard !== this.#heard) {
      this.#heard = heard;
      this.#onChange();
    }
    this.#frame = requestAnimationFrame(() => this.#draw());
  }
}

/** @param {Device} name @returns {Promise<PermissionState>} */
async function permission(name) {
  try {
    return (await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) })).state;
  } catch {
    return 'prompt'; // Not every browser tells.
  }
}
