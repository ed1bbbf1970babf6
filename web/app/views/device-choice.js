// The selections of microphone, camera and speaker: filled from what is plugged in, remembered when chosen.
import { devices } from '../../sdk/parlor.js';
import { fill, h, icon, uniqueId } from '../dom.js';
import { t } from '../i18n.js';
import { settings } from '../settings.js';

/** @typedef {import('../local-media.js').LocalMedia} LocalMedia */
/** @typedef {'microphone' | 'camera' | 'speaker'} Kind */

const KINDS = /** @type {const} */ (['microphone', 'camera', 'speaker']);
const ICONS = /** @type {const} */ ({ microphone: 'mic', camera: 'camera', speaker: 'sound' });

export class DeviceChoice {
  #media;
  /** @type {Map<Kind, {row: HTMLElement, select: HTMLSelectElement}>} */
  #rows = new Map();
  #stop = new AbortController();

  /** @param {LocalMedia} media @param {readonly Kind[]} [kinds] */
  constructor(media, kinds = KINDS) {
    this.#media = media;
    for (const kind of kinds) this.#rows.set(kind, this.#row(kind));
    this.element = h('div', { class: 'device-choice' }, ...[...this.#rows.values()].map(({ row }) => row));
    const refresh = () => void this.refresh();
    devices.addEventListener('change', refresh, { signal: this.#stop.signal });
    // Names of devices are known only once one of them was opened.
    media.addEventListener('change', refresh, { signal: this.#stop.signal });
    refresh();
  }

  close() {
    this.#stop.abort();
  }

  async refresh() {
    const found = await devices.list().catch(() => null);
    if (!found || this.#stop.signal.aborted) return;
    this.#offer('microphone', found.microphones);
    this.#offer('camera', found.cameras);
    this.#offer('speaker', 'setSinkId' in HTMLMediaElement.prototype ? found.speakers : []);
  }

  /** @param {Kind} kind */
  #row(kind) {
    const id = uniqueId(kind);
    const select = h('select', { id, 'data-testid': `${kind}-select`, onchange: () => this.#chosen(kind, select.value) });
    const row = h('div', { class: 'device-row' }, h('label', { for: id }, icon(ICONS[kind]), t(`devices.${kind}`)), select);
    return { row, select };
  }

  /** @param {Kind} kind @param {MediaDeviceInfo[]} found */
  #offer(kind, found) {
    const parts = this.#rows.get(kind);
    if (!parts) return;
    const { row, select } = parts;
    const named = found.filter((device) => device.deviceId !== '' && device.deviceId !== 'default');
    const options = [{ value: '', label: t('devices.default') },
      ...named.map((device, index) => ({ value: device.deviceId, label: device.label || t(`devices.${kind}Number`, { number: index + 1 }) }))];
    row.hidden = found.length === 0;
    const wanted = settings.values[`${kind}Id`];
    const value = options.some((option) => option.value === wanted) ? wanted : '';
    // An open list must not be pulled from under the pointer.
    const same = select.options.length === options.length && options.every((option, index) => select.options[index]?.text === option.label && select.options[index]?.value === option.value);
    if (!same) fill(select, ...options.map((option) => h('option', { value: option.value }, option.label)));
    select.value = value;
  }

  /** @param {Kind} kind @param {string} deviceId */
  #chosen(kind, deviceId) {
    settings.update({ [`${kind}Id`]: deviceId });
    if (kind !== 'speaker') void this.#media.choose(kind, deviceId);
  }
}
