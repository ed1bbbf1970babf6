// Before the call: who am I, how do I look and sound, who is there.
import { join, presence } from '../../sdk/parlor.js';
import { fill, h, icon, uniqueId, wordmark } from '../dom.js';
import { list, t } from '../i18n.js';
import { cleanName, NAME_LIMIT } from '../logic/limits.js';
import { invited } from '../invitation.js';
import { deviceProblem, explain } from '../logic/wording.js';
import { LocalMedia } from '../local-media.js';
import { Meter } from '../meter.js';
import { settings } from '../settings.js';
import { checkLink } from './check-link.js';
import { DeviceChoice } from './device-choice.js';
import { ToggleButton } from './media-button.js';
import { WaitCard } from './wait-card.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').ParlorError} ParlorError */

const PRESENCE_EVERY_MS = 8000;
const NAMES_SHOWN = 3;

export class PrejoinView {
  #room;
  #media;
  #onJoined;
  #handedOver = false;
  #stop = new AbortController();
  /** @type {Meter | null} */
  #meter = null;
  /** @type {MediaStream | null} */
  #metered = null;
  #presenceTimer = 0;
  #frame = 0;

  #video = h('video', { class: 'mirrored', playsinline: true, autoplay: true, 'aria-label': t('prejoin.preview') });
  #placeholder = h('p', { class: 'preview-words' });
  #levelBar = h('span', { class: 'level-fill' });
  #level = h('div', { class: 'level', role: 'img', 'aria-label': t('prejoin.level') }, icon('sound'), h('span', { class: 'level-track' }, this.#levelBar));
  #problems = h('div', { class: 'problems', role: 'status' });
  #presence = h('p', { class: 'presence', role: 'status' });
  #error = h('p', { class: 'field-error', role: 'alert', hidden: true });
  #microphone = new ToggleButton({
    testid: 'prejoin-mic', icon: 'mic', iconOff: 'mic-off', label: t('control.microphone'), className: 'round', onPress: () => this.#toggle('microphone'),
  });
  #camera = new ToggleButton({
    testid: 'prejoin-camera', icon: 'camera', iconOff: 'camera-off', label: t('control.camera'), className: 'round', onPress: () => this.#toggle('camera'),
  });
  #choice;
  #form;
  #wait;
  /** Ends with the wait, or with the page. @type {AbortController | null} */
  #joining = null;
  #name;
  #joinButton;
  #bareButton;

  /** @param {{room: string, media: LocalMedia, onJoined: (room: Room, media: LocalMedia) => void, onBack: () => void, onCheck: () => void}} options */
  constructor({ room, media, onJoined, onBack, onCheck }) {
    this.#room = room;
    this.#media = media;
    this.#onJoined = onJoined;
    this.#choice = new DeviceChoice(media);
    const nameId = uniqueId('name');
    this.#name = h('input', {
      id: nameId, type: 'text', name: 'name', autocomplete: 'nickname', dir: 'auto', maxlength: NAME_LIMIT, enterkeyhint: 'go', required: true,
      'data-testid': 'name-input', placeholder: t('prejoin.namePlaceholder'), value: settings.values.name,
    });
    this.#joinButton = h('button', { class: 'button primary large', type: 'submit', 'data-testid': 'join' }, t('prejoin.join'));
    this.#bareButton = h('button', { class: 'button quiet', type: 'button', 'data-testid': 'join-without-devices', onclick: () => void this.#join(false) }, t('prejoin.withoutDevices'));
    this.heading = h('h1', { tabindex: -1 }, t('prejoin.heading'));
    this.#wait = new WaitCard({ room, onCancel: () => this.#stopWaiting() });
    this.#form = this.#joinForm(nameId, onCheck);
    this.element = this.#page(onBack);
    media.addEventListener('change', () => this.#refresh(), { signal: this.#stop.signal });
    this.#refresh();
    this.#startDevices();
    void this.#askPresence();
    this.#drawLevel();
  }

  close() {
    this.#stop.abort();
    this.#joining?.abort();
    clearTimeout(this.#presenceTimer);
    cancelAnimationFrame(this.#frame);
    this.#meter?.stop();
    this.#choice.close();
    this.#video.srcObject = null;
    if (!this.#handedOver) this.#media.close();
  }

  /** @param {() => void} onBack */
  #page(onBack) {
    const preview = h('section', { class: 'preview', 'aria-label': t('prejoin.preview') },
      h('div', { class: 'preview-stage' },
        this.#video, this.#placeholder, this.#level,
        h('div', { class: 'preview-controls' }, this.#microphone.element, this.#camera.element)));
    return h('div', { class: 'entry prejoin' },
      h('header', { class: 'entry-header' },
        wordmark(t('app.name')),
        h('button', { class: 'button quiet', type: 'button', onclick: onBack }, icon('back'), t('prejoin.back'))),
      h('main', { class: 'prejoin-main' },
        preview, this.#problems, h('div', { class: 'join-place' }, this.#form, this.#wait.element),
        h('section', { class: 'prejoin-devices', 'aria-label': t('prejoin.devices') }, this.#choice.element)));
  }

  /** @param {string} nameId @param {() => void} onCheck */
  #joinForm(nameId, onCheck) {
    return h('form', { class: 'join-card', novalidate: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.#join(true); } },
      this.heading,
      h('p', { class: 'join-room' }, h('span', { class: 'visually-hidden' }, `${t('prejoin.room')}: `), icon('door'), h('bdi', {}, this.#room)),
      this.#presence,
      h('label', { for: nameId }, t('prejoin.nameLabel')),
      this.#name,
      this.#error,
      this.#joinButton,
      this.#bareButton,
      h('p', { class: 'note' }, t('prejoin.privacy')),
      checkLink(onCheck));
  }

  /** One after the other: two questions of the browser at once confuse. */
  async #startDevices() {
    if (settings.values.microphoneOn) await this.#media.setMicrophone(true);
    if (settings.values.cameraOn && !this.#stop.signal.aborted) await this.#media.setCamera(true);
  }

  /** @param {'microphone' | 'camera'} source */
  #toggle(source) {
    const on = !this.#media.isOn(source);
    settings.update(source === 'microphone' ? { microphoneOn: on } : { cameraOn: on });
    void (source === 'microphone' ? this.#media.setMicrophone(on) : this.#media.setCamera(on));
  }

  #refresh() {
    const media = this.#media;
    const camera = media.stream('camera');
    if (this.#video.srcObject !== camera) this.#video.srcObject = camera;
    this.#video.hidden = camera === null;
    this.#placeholder.hidden = camera !== null;
    this.#video.parentElement?.classList.toggle('empty', camera === null && !media.isBusy('camera'));
    this.#placeholder.textContent = t(media.isBusy('camera') ? 'prejoin.cameraStarting' : 'prejoin.cameraOff');
    this.#microphone.update({
      pressed: media.isOn('microphone'), busy: media.isBusy('microphone'), trouble: media.problem('microphone') !== null,
      tip: t(media.isOn('microphone') ? 'control.tip.microphoneOn' : 'control.tip.microphoneOff'),
    });
    this.#camera.update({
      pressed: media.isOn('camera'), busy: media.isBusy('camera'), trouble: media.problem('camera') !== null,
      tip: t(media.isOn('camera') ? 'control.tip.cameraOn' : 'control.tip.cameraOff'),
    });
    const heard = media.isOn('microphone');
    this.#level.classList.toggle('off', !heard);
    this.#level.setAttribute('aria-label', t(heard ? 'prejoin.level' : 'prejoin.levelMuted'));
    this.#showProblems();
    this.#meterMicrophone();
  }

  #showProblems() {
    const sources = /** @type {const} */ (['microphone', 'camera']);
    const cards = sources.flatMap((source) => {
      const problem = this.#media.problem(source);
      if (!problem) return [];
      const { title, advice } = deviceProblem(source, problem);
      return [h('div', { class: 'problem', 'data-testid': `problem-${source}` }, icon(source === 'microphone' ? 'mic-off' : 'camera-off'),
        h('div', {}, h('p', { class: 'problem-title' }, title), h('p', {}, advice)),
        h('button', { class: 'button small', type: 'button', onclick: () => this.#toggle(source) }, t('devices.retry')))];
    });
    const shown = sources.map((source) => this.#media.problem(source)?.code ?? '').join();
    if (this.#problems.dataset['shown'] === shown) return;
    this.#problems.dataset['shown'] = shown;
    fill(this.#problems, ...cards);
  }

  #meterMicrophone() {
    const stream = this.#media.stream('microphone');
    if (stream === this.#metered) return;
    this.#meter?.stop();
    this.#metered = stream;
    this.#meter = stream ? new Meter(stream) : null;
  }

  #drawLevel() {
    const on = this.#media.isOn('microphone');
    this.#levelBar.style.setProperty('--level', String(on ? (this.#meter?.level ?? 0) : 0));
    this.#frame = requestAnimationFrame(() => this.#drawLevel());
  }

  async #askPresence() {
    const answer = await presence(invited(this.#room)).catch(() => null);
    if (this.#stop.signal.aborted) return;
    if (answer) this.#showPresence(answer.members.map((member) => member.name));
    this.#presenceTimer = window.setTimeout(() => void this.#askPresence(), PRESENCE_EVERY_MS);
  }

  /** @param {string[]} names */
  #showPresence(names) {
    const shown = names.slice(0, NAMES_SHOWN);
    const rest = names.length - shown.length;
    const words = rest > 0 ? [...shown, t('prejoin.more', { count: rest })] : shown;
    const text = names.length === 0 ? t('prejoin.nobody') : t('prejoin.here', { count: names.length, names: list(words) });
    if (this.#presence.textContent !== text) fill(this.#presence, h('bdi', {}, text));
    this.#presence.classList.toggle('somebody', names.length > 0);
  }

  /** @param {boolean} withDevices */
  async #join(withDevices) {
    const name = cleanName(this.#name.value);
    if (name === '') return this.#refuse(t('prejoin.nameNeeded'));
    settings.update(withDevices ? { name } : { name, microphoneOn: false, cameraOn: false });
    this.#setJoining(true);
    try {
      const joining = this.#joining = new AbortController();
      const room = await join({ ...invited(this.#room), name, signal: joining.signal, onWaiting: () => this.#setWaiting(true) });
      this.#handedOver = withDevices;
      // Fresh ones for who joins without: an unanswered question of the browser holds nobody up.
      this.#onJoined(room, withDevices ? this.#media : new LocalMedia(settings.values));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#setJoining(false);
      this.#setWaiting(false);
      if (this.#joining?.signal.aborted) return;
      this.#refuse(explain(/** @type {ParlorError} */ (error)), false);
    }
  }

  /** Whoever waits can still choose devices. @param {boolean} waiting */
  #setWaiting(waiting) {
    if (this.#form.hidden === waiting) return;
    this.#form.hidden = waiting;
    this.#wait.show(waiting);
    document.title = t(waiting ? 'wait.title' : 'app.titleJoin', { room: this.#room });
    if (!waiting) this.#joinButton.focus();
  }

  #stopWaiting() {
    this.#joining?.abort();
  }

  /** @param {boolean} joining */
  #setJoining(joining) {
    this.#error.hidden = true;
    this.#joinButton.textContent = t(joining ? 'prejoin.joining' : 'prejoin.join');
    this.#joinButton.disabled = joining;
    this.#bareButton.disabled = joining;
  }

  /** @param {string} text @param {boolean} [nameIsWrong] */
  #refuse(text, nameIsWrong = true) {
    this.#error.textContent = text;
    this.#error.hidden = false;
    if (nameIsWrong) this.#name.focus();
  }
}
