// The bar below the stage: my devices, the panels, and the way out.
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { badgeText } from '../logic/unread.js';
import { ToggleButton } from './media-button.js';

/** @typedef {import('../local-media.js').LocalMedia} LocalMedia */
/** @typedef {{microphone: () => void, camera: () => void, share: () => void, hand: () => void, chat: () => void, people: () => void, leave: () => void}} ToolbarActions */

export class Toolbar {
  #microphone;
  #camera;
  #share;
  #canShare;
  #hand;
  #chat;
  #people;

  /** @param {ToolbarActions} actions */
  constructor(actions) {
    this.#microphone = new ToggleButton({ testid: 'mic', icon: 'mic', iconOff: 'mic-off', label: t('control.microphoneShort'), className: 'device', onPress: actions.microphone });
    this.#camera = new ToggleButton({ testid: 'camera', icon: 'camera', iconOff: 'camera-off', label: t('control.camera'), className: 'device', onPress: actions.camera });
    this.#share = new ToggleButton({ testid: 'share', icon: 'share', label: t('control.share'), short: t('control.shareShort'), onPress: actions.share });
    this.#hand = new ToggleButton({ testid: 'hand', icon: 'hand', label: t('control.hand'), short: t('control.handShort'), className: 'hand', onPress: actions.hand });
    this.#chat = new ToggleButton({ testid: 'chat', icon: 'chat', label: t('control.chat'), onPress: actions.chat });
    this.#people = new ToggleButton({ testid: 'people', icon: 'people', label: t('control.people'), onPress: actions.people });
    const leave = h('button', { class: 'tool leave', type: 'button', 'data-testid': 'leave', title: t('control.tip.leave'), onclick: actions.leave },
      h('span', { class: 'tool-icon' }, icon('leave')), h('span', { class: 'tool-label' }, t('control.leave')));
    // Phones have no screen sharing: a button that can only fail helps nobody.
    this.#canShare = typeof navigator.mediaDevices?.getDisplayMedia === 'function' || !matchMedia('(pointer: coarse)').matches;
    this.element = h('section', { class: 'toolbar', 'aria-label': t('call.controls') },
      this.#microphone.element, this.#camera.element, this.#share.element, this.#hand.element,
      h('span', { class: 'toolbar-gap' }), this.#chat.element, this.#people.element,
      h('span', { class: 'toolbar-gap' }), leave);
  }

  get chatButton() {
    return this.#chat.element;
  }

  get peopleButton() {
    return this.#people.element;
  }

  /** @param {LocalMedia} media */
  showMedia(media) {
    for (const [button, source] of /** @type {const} */ ([[this.#microphone, 'microphone'], [this.#camera, 'camera']])) {
      const pressed = media.isOn(source);
      button.update({ pressed, busy: media.isBusy(source), trouble: media.problem(source) !== null, tip: t(`control.tip.${source}${pressed ? 'On' : 'Off'}`) });
    }
    const sharing = media.isOn('screen');
    this.#share.update({ pressed: sharing, busy: media.isBusy('screen'), tip: t(sharing ? 'control.tip.shareOn' : 'control.tip.shareOff') });
  }

  /**
   * What can't be used has no button; a banner says why.
   * @param {{microphone: boolean, camera: boolean, screen: boolean}} missing
   */
  showMissing({ microphone, camera, screen }) {
    this.#microphone.element.hidden = microphone;
    this.#camera.element.hidden = camera;
    this.#share.element.hidden = screen || !this.#canShare;
  }

  /** @param {boolean} raised */
  showHand(raised) {
    this.#hand.update({ pressed: raised, tip: t(raised ? 'control.tip.handOn' : 'control.tip.handOff') });
  }

  /** @param {'chat' | 'people' | null} open */
  showPanel(open) {
    this.#chat.update({ pressed: open === 'chat', tip: t('control.tip.chat') });
    this.#people.update({ pressed: open === 'people', tip: t('control.tip.people') });
  }

  /** @param {number} count */
  showUnread(count) {
    this.#chat.setBadge(badgeText(count), count > 0 ? t('control.chatUnread', { count }) : t('control.chat'));
  }

  /** @param {number} count @param {number} waiting to be let in: more urgent than how many are here */
  showPeople(count, waiting) {
    this.#people.element.classList.toggle('urgent', waiting > 0);
    if (waiting > 0) this.#people.setBadge(badgeText(waiting), t('people.waiting', { count: waiting }));
    else this.#people.setBadge(count > 1 ? badgeText(count) : '', t('control.peopleCount', { count }));
  }
}
