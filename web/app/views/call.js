// The call: brings stage, toolbar, panels and words together, and follows the room.
import { h } from '../dom.js';
import { list, t } from '../i18n.js';
import { roomPath } from '../logic/room-name.js';
import { missing, places } from '../logic/moderation.js';
import { Unread } from '../logic/unread.js';
import { connectionNotice, deviceProblem, explain, peerFailure, stateWord } from '../logic/wording.js';
import { Playback } from '../playback.js';
import { settings } from '../settings.js';
import { Banners } from './banners.js';
import { CallHeader } from './call-header.js';
import { ChatPanel } from './chat.js';
import { ConnectionPopover } from './connection-popover.js';
import { openHelp } from './help.js';
import { listenToKeys } from './keyboard.js';
import { Moderating } from './moderating.js';
import { News } from './news.js';
import { Panels } from './panels.js';
import { PeoplePanel } from './people.js';
import { openSettings } from './settings-dialog.js';
import { Stage } from './stage.js';
import { Toasts } from './toasts.js';
import { Toolbar } from './toolbar.js';
import { KnockBanner } from './waiting-list.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').ParlorError} ParlorError */
/** @typedef {import('../local-media.js').LocalMedia} LocalMedia */
/** @typedef {import('./ended.js').Why} Why */

/** @type {Readonly<Record<string, Why>>} */
const ENDINGS = { left: 'left', replaced: 'replaced', removed: 'removed', 'room-ended': 'ended', expired: 'expired' };

/** By the tile of the member, or when the device was lost. */
const TOLD_ELSEWHERE = new Set(['device-lost', 'peer-unreachable', 'negotiation-failed']);

export class CallView {
  #room;
  #media;
  #onEnded;
  #stop = new AbortController();
  /** @type {(() => void)[]} */
  #unsubscribe = [];
  #state = 'connected';
  #unread = new Unread();
  #playback = new Playback();
  #toasts = new Toasts();
  #news = new News(this.#toasts);
  #moderating;
  #knocks;
  #link;
  #header;
  #stage;
  #toolbar;
  #chat;
  #people;
  #panels;
  #banners;
  #details;

  /** @param {{room: Room, media: LocalMedia, onEnded: (why: Why, reason?: string) => void}} options */
  constructor({ room, media, onEnded }) {
    this.#room = room;
    this.#media = media;
    this.#onEnded = onEnded;
    this.#link = new URL(roomPath(room.name), location.href).href;
    const onCopyLink = () => void this.#copyLink();
    this.#header = new CallHeader({ room: room.name, onCopyLink, onSettings: () => this.#openSettings(), onHelp: () => openHelp() });
    this.#details = new ConnectionPopover(room);
    this.#moderating = new Moderating({ room, toasts: this.#toasts, onChange: () => this.#refresh() });
    const togglePeople = () => this.#panels.toggle('people', this.#toolbar.peopleButton);
    this.#knocks = new KnockBanner({ moderating: this.#moderating, onSee: togglePeople });
    this.#stage = new Stage({ room, media, playback: this.#playback, link: this.#link, onCopyLink, details: this.#details });
    this.#toolbar = new Toolbar({
      microphone: () => this.#toggleMicrophone(), camera: () => this.#toggleCamera(), share: () => this.#toggleScreen(),
      hand: () => this.#toggleHand(), chat: () => this.#panels.toggle('chat', this.#toolbar.chatButton), people: togglePeople,
      leave: () => this.#leave(),
    });
    this.#chat = new ChatPanel({ room, onClose: () => this.#panels.close() });
    this.#people = new PeoplePanel({ moderating: this.#moderating, onClose: () => this.#panels.close(), onCopyLink });
    this.#banners = new Banners({ onStartAudio: () => void this.#playback.start(), onStopSharing: () => void media.setScreen(false) });
    this.#banners.element.prepend(this.#knocks.element);
    this.heading = this.#header.heading;
    this.element = h('div', { class: 'call' }, this.#header.element, this.#stage.element, this.#banners.element, this.#toolbar.element,
      this.#chat.element, this.#people.element, this.#details.element, this.#toasts.element);
    this.#panels = new Panels({
      panels: { chat: this.#chat, people: this.#people },
      covered: [this.#header.element, this.#stage.element, this.#banners.element, this.#toolbar.element],
      onChange: (open) => this.#panelChanged(open), signal: this.#stop.signal,
    });
    this.#followRoom();
    this.#followMedia();
    this.#followKeys();
    this.#header.showState(room.state);
    this.#panelChanged(null);
    this.#refresh();
    void media.attach(room);
  }

  close() {
    this.#stop.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    /** @type {HTMLDialogElement | null} */ (document.querySelector('dialog[open]'))?.close();
    this.#moderating.close();
    this.#news.close();
    this.#toasts.close();
    this.#stage.close();
    this.#details.close();
    this.#media.close();
    if (this.#room.state !== 'closed') void this.#room.leave().catch(() => undefined);
  }

  #followRoom() {
    const room = this.#room;
    const refresh = () => this.#refresh();
    this.#unsubscribe = [
      room.on('state', (detail) => this.#stateChanged(detail)),
      room.on('member-joined', ({ member }) => { this.#news.joined(member); refresh(); }),
      room.on('member-left', ({ member, reason }) => { this.#toasts.dismiss(`peer-${member.id}`); this.#news.left(member, reason); refresh(); }),
      room.on('member-updated', ({ member }) => { if (member.isMe) this.#heed(); this.#news.updated(member); refresh(); }),
      room.on('track', ({ member, source }) => { this.#news.track(member, source); refresh(); }),
      room.on('track-ended', ({ member, source }) => { this.#news.trackEnded(member, source); refresh(); }),
      room.on('peer-state', (detail) => { this.#peerChanged(detail); refresh(); }),
      room.on('chat', (message) => this.#heard(message)),
      room.on('going-away', ({ inMs }) => this.#warn(inMs)),
      room.on('error', (error) => this.#troubled(error)),
    ];
  }

  /** A small tile has no room for advice, so it is said in a toast too. @param {import('../../sdk/parlor.js').RoomEvents['peer-state']} detail */
  #peerChanged({ member, state, stage }) {
    const key = `peer-${member.id}`;
    if (state === 'failed') this.#toasts.show({ title: t('peer.failed', { name: member.name }), text: peerFailure(stage), kind: 'warning', key });
    else if (state === 'connected') this.#toasts.dismiss(key);
  }

  /** @param {ParlorError} error */
  #troubled(error) {
    if (TOLD_ELSEWHERE.has(error.code)) return;
    this.#toasts.show({ text: explain(error), kind: 'problem', key: `error-${error.code}` });
  }

  #followMedia() {
    const { signal } = this.#stop;
    this.#media.addEventListener('change', () => this.#refresh(), { signal });
    this.#media.addEventListener('problem', (event) => {
      const { source, error } = /** @type {CustomEvent} */ (event).detail;
      const { title, advice } = deviceProblem(source, error);
      this.#toasts.show({ title, text: advice, kind: 'problem', key: `problem-${source}` });
    }, { signal });
    this.#media.addEventListener('lost', (event) => {
      const { source, replaced } = /** @type {CustomEvent} */ (event).detail;
      const key = source === 'camera' ? 'devices.lostCamera' : replaced ? 'devices.switchedMicrophone' : 'devices.lostMicrophone';
      this.#toasts.show({ text: t(key), kind: replaced ? 'warning' : 'problem', key: `lost-${source}` });
    }, { signal });
    this.#media.addEventListener('screen-ended', () => this.#toasts.show({ text: t('call.shareEnded') }), { signal });
    this.#playback.addEventListener('change', () => { this.#banners.showSoundBlocked(this.#playback.blocked); }, { signal });
    settings.addEventListener('change', () => this.#playback.setSpeaker(settings.values.speakerId), { signal });
    this.#playback.setSpeaker(settings.values.speakerId);
  }

  #followKeys() {
    listenToKeys({
      press: (action) => {
        if (action === 'microphone') this.#toggleMicrophone();
        else if (action === 'camera') this.#toggleCamera();
        else if (action === 'share') this.#toggleScreen();
        else if (action === 'hand') this.#toggleHand();
        else if (action === 'chat') this.#panels.toggle('chat', this.#toolbar.chatButton);
        else if (action === 'people') this.#panels.toggle('people', this.#toolbar.peopleButton);
        else openHelp();
      },
      escape: () => {
        const was = this.#panels.open;
        this.#panels.close();
        return was !== null;
      },
      talk: (talking) => this.#talk(talking),
    }, this.#stop.signal);
  }

  /** What a moderator has decided about my devices. */
  #heed() {
    const { permissions } = this.#room.me;
    if (this.#media.heed((source) => permissions.includes(source))) this.#toasts.show({ text: t('mine.muted'), key: 'mine' });
  }

  #refresh() {
    this.#details.update();
    const { members } = this.#room;
    this.#stage.showHands(places(this.#moderating.hands));
    this.#stage.update();
    this.#people.update(members);
    this.#toolbar.showMedia(this.#media);
    this.#toolbar.showPeople(members.length, this.#moderating.waiting.length);
    this.#showStanding();
    this.#banners.showSharing(this.#media.isOn('screen'));
  }

  /** What I may, and how the room is run. */
  #showStanding() {
    if (this.#room.state === 'closed') return;
    const { me } = this.#room;
    const lacks = missing(me.permissions);
    this.#toolbar.showMissing(lacks);
    this.#toolbar.showHand(me.hand !== null);
    this.#banners.showMissing(missingWords(lacks));
    this.#chat.showMay(!lacks.chat);
    this.#header.showLocked(this.#moderating.rules.locked);
    this.#knocks.update(this.#panels.open === 'people');
  }

  /** @param {import('../../sdk/parlor.js').RoomEvents['state']} detail */
  #stateChanged(detail) {
    const notice = connectionNotice(this.#state, detail);
    this.#state = detail.state;
    this.#header.showState(detail.state);
    if (notice) this.#toasts.show({ text: notice.text, lasting: notice.lasting, kind: notice.lasting ? 'warning' : 'good', key: 'connection' });
    this.#showTitle();
    this.#refresh();
    if (detail.state === 'closed') this.#closed(detail.reason);
  }

  /** The server ends. @param {number} inMs */
  #warn(inMs) {
    this.#toasts.show({ text: t('notice.goingAway', { count: Math.ceil(inMs / 1000) }), lasting: true, kind: 'warning', key: 'connection' });
  }

  /** @param {ParlorError | undefined} reason */
  #closed(reason) {
    const why = reason ? (ENDINGS[reason.code] ?? 'failed') : 'left';
    this.#onEnded(why, reason ? explain(reason) : '');
  }

  #leave() {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    void this.#room.leave().catch(() => undefined);
    this.#onEnded('left');
  }

  /** @param {import('../../sdk/parlor.js').ChatMessage} message */
  #heard(message) {
    this.#chat.add(message);
    this.#unread.arrived(message);
    this.#toolbar.showUnread(this.#unread.count);
    if (this.#panels.open !== 'chat' && !message.mine) this.#news.said(message, () => this.#panels.toggle('chat', this.#toolbar.chatButton));
    this.#showTitle();
  }

  /** @param {import('./panels.js').PanelName | null} open */
  #panelChanged(open) {
    this.#unread.setReading(open === 'chat');
    if (open === 'chat') this.#news.chatOpened();
    this.element.classList.toggle('with-panel', open !== null);
    this.#toolbar.showPanel(open);
    this.#toolbar.showUnread(this.#unread.count);
    this.#knocks.update(open === 'people');
    this.#showTitle();
  }

  #showTitle() {
    const room = this.#room.name;
    const unread = this.#unread.count;
    document.title = this.#state !== 'connected'
      ? t('app.titleState', { state: stateWord(this.#state), room })
      : unread > 0 ? t('app.titleUnread', { unread, room }) : t('app.titleRoom', { room });
  }

  #toggleHand() {
    void this.#moderating.raiseHand(this.#room.me.hand === null);
  }

  #toggleMicrophone() {
    if (!this.#may('microphone')) return;
    const on = !this.#media.isOn('microphone');
    settings.update({ microphoneOn: on });
    void this.#media.setMicrophone(on);
  }

  #toggleCamera() {
    if (!this.#may('camera')) return;
    const on = !this.#media.isOn('camera');
    settings.update({ cameraOn: on });
    void this.#media.setCamera(on);
  }

  #toggleScreen() {
    if (this.#may('screen')) void this.#media.setScreen(!this.#media.isOn('screen'));
  }

  /** @param {import('../logic/moderation.js').Source} source */
  #may(source) {
    return this.#room.me.permissions.includes(source);
  }

  /** @param {boolean} talking */
  #talk(talking) {
    if (talking && this.#media.state('microphone') !== 'muted') return false;
    this.#banners.showTalking(talking);
    void this.#media.setMicrophone(talking);
    return true;
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(this.#link);
      this.#toasts.show({ text: t('call.copied'), kind: 'good', key: 'copy' });
    } catch {
      this.#toasts.show({ text: t('call.copyFailed', { link: this.#link }), kind: 'problem', key: 'copy' });
    }
  }

  #openSettings() {
    openSettings({
      media: this.#media, name: this.#room.me.name, onHelp: () => openHelp(),
      onName: (name) => {
        settings.update({ name });
        void this.#room.update({ name }).catch((error) => this.#toasts.show({ text: explain(error), kind: 'problem' }));
      },
    });
  }
}

/** Why buttons are missing. @param {ReturnType<typeof missing>} lacks */
function missingWords(lacks) {
  if (lacks.microphone && lacks.camera && lacks.screen) return t('mine.listens');
  const names = /** @type {const} */ ([['microphone', 'control.microphone'], ['camera', 'control.camera'], ['screen', 'control.share']]);
  const off = names.filter(([source]) => lacks[source]).map(([, key]) => t(key));
  return off.length ? t('mine.someOff', { what: list(off) }) : '';
}
