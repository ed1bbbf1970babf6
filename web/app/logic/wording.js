// Which words fit a state or an error. No DOM.
import { isKey, t } from '../i18n.js';

/** @typedef {'microphone' | 'camera' | 'screen'} Source */
/** @typedef {{code?: string, message: string, hint?: string}} Problem */
/** @typedef {{state: string, retryInMs?: number, recovered?: number, anew?: boolean}} StateDetail */
/** @typedef {{text: string, lasting: boolean}} Notice */

/**
 * A device that could not be opened.
 * @param {Source} source
 * @param {Problem} problem
 * @returns {{title: string, advice: string}}
 */
export function deviceProblem(source, problem) {
  const title = `problem.${problem.code}.${source}`;
  const advice = `problem.${problem.code}.advice`;
  return {
    title: t(isKey(title) ? title : `problem.other.${source}`),
    advice: isKey(advice) ? t(advice) : explain(problem),
  };
}

/**
 * Something that the server or the network refused, in one sentence or two.
 * @param {Problem} problem
 */
export function explain(problem) {
  const key = `refusal.${problem.code}`;
  if (isKey(key)) return t(key);
  return [problem.message, problem.hint].filter((part) => part && part.length > 0).map(asSentence).join(' ');
}

/** @param {string | undefined} text */
function asSentence(text = '') {
  const upper = text.charAt(0).toLocaleUpperCase() + text.slice(1);
  return /[.!?…]$/.test(upper) ? upper : `${upper}.`;
}

/**
 * What to say when the connection changes, or null when it needs no word.
 * @param {string} previous
 * @param {StateDetail} detail
 * @returns {Notice | null}
 */
export function connectionNotice(previous, detail) {
  if (detail.state === 'reconnecting') {
    const seconds = Math.round((detail.retryInMs ?? 0) / 1000);
    return { text: seconds > 0 ? t('notice.retry', { count: seconds }) : t('notice.lost'), lasting: true };
  }
  if (detail.state === 'connected' && previous === 'reconnecting') {
    if (detail.anew) return { text: t('notice.anew'), lasting: false };
    const count = detail.recovered ?? 0;
    return { text: count > 0 ? t('notice.recovered', { count }) : t('notice.back'), lasting: false };
  }
  return null;
}

/** @param {string} state */
export function stateWord(state) {
  const key = `state.${state}`;
  return isKey(key) ? t(key) : state;
}

/** @param {string | undefined} stage where a peer connection got stuck */
export function peerFailure(stage) {
  const key = `peer.failed.${stage}`;
  return t(isKey(key) ? key : 'peer.failed.unknown');
}
