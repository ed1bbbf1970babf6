// Starts the app and decides which view is in front. The views know nothing of each other.
import { fill } from './dom.js';
import { t } from './i18n.js';
import { forgetCall, rememberCall, settings, wasInCall } from './settings.js';
import { roomFromPath, roomPath } from './logic/room-name.js';
import { takeInvitation } from './invitation.js';
import { LocalMedia } from './local-media.js';
import { CallView } from './views/call.js';
import { EndedView } from './views/ended.js';
import { PrejoinView } from './views/prejoin.js';
import { RejoinView } from './views/rejoin.js';
import { StartView } from './views/start.js';

/** @typedef {import('../sdk/parlor.js').Room} Room */
/** @typedef {{element: HTMLElement, heading: HTMLElement, close: () => void}} View */

const CHECK_PATH = '/check';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));

/** @type {View | null} */
let current = null;
/** Whether there is a page of ours to go back to. */
let cameHere = false;

/**
 * The heading is focused, so that a screen reader says where one is.
 * @param {View} view
 * @param {string} title
 */
function show(view, title) {
  const first = current === null;
  current?.close();
  current = view;
  document.title = title;
  fill(app, view.element);
  if (!first) view.heading.focus({ preventScroll: true });
}

function route() {
  if (location.pathname === '/') return showStart();
  if (location.pathname === CHECK_PATH) return void showCheck();
  const room = roomFromPath(location.pathname);
  if (room === null) return showStart(t('start.badAddress'));
  takeInvitation(room);
  return wasReloaded() && wasInCall(room) ? rejoin(room) : showPrejoin(room);
}

/** A tab opened from this one inherits its memory, but was not in the call. */
function wasReloaded() {
  const [navigation] = performance.getEntriesByType('navigation');
  return navigation instanceof PerformanceNavigationTiming && ['reload', 'back_forward'].includes(navigation.type);
}

/** @param {string} [problem] */
function showStart(problem = '') {
  show(new StartView({ problem, onEnter: (room) => go(roomPath(room)), onCheck: () => go(CHECK_PATH) }), t('app.name'));
}

/** @param {string} room */
function showPrejoin(room) {
  const view = new PrejoinView({
    room,
    media: openMedia(),
    onJoined: (joined, media) => showCall(joined, media),
    onBack: () => go('/'),
    onCheck: () => go(CHECK_PATH),
  });
  show(view, t('app.titleJoin', { room }));
}

/** Few come here: it is loaded when somebody does. */
async function showCheck() {
  const { CheckView } = await import('./views/check.js');
  if (location.pathname !== CHECK_PATH) return;
  show(new CheckView({ onBack: () => (cameHere ? history.back() : go('/')) }), t('check.title'));
}

/** A reload goes straight back, with the remembered devices. @param {string} room */
function rejoin(room) {
  const view = new RejoinView({
    room,
    media: openMedia(),
    onJoined: (joined, media) => showCall(joined, media),
    onFailed: (reason) => showEnded(room, 'failed', reason),
    onCancel: () => showEnded(room, 'left'),
  });
  show(view, t('app.titleRoom', { room }));
}

/** @param {Room} room @param {LocalMedia} media */
function showCall(room, media) {
  rememberCall(room.name);
  settings.visited(room.name);
  const view = new CallView({ room, media, onEnded: (why, reason) => showEnded(room.name, why, reason) });
  show(view, t('app.titleRoom', { room: room.name }));
}

/**
 * @param {string} room
 * @param {import('./views/ended.js').Why} why
 * @param {string} [reason]
 */
function showEnded(room, why, reason = '') {
  forgetCall();
  show(new EndedView({ why, reason, onRejoin: () => rejoin(room), onHome: () => go('/'), onCheck: () => go(CHECK_PATH) }), t('app.titleLeft'));
}

function openMedia() {
  return new LocalMedia(settings.values);
}

/** @param {string} path */
function go(path) {
  cameHere = true;
  history.pushState(null, '', path);
  route();
}

function applyTheme() {
  document.documentElement.dataset['theme'] = settings.values.theme;
}

settings.addEventListener('change', applyTheme);
addEventListener('popstate', () => {
  forgetCall();
  route();
});
applyTheme();
route();
