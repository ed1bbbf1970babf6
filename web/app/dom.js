// Builds elements from data. Text is always text: nothing here parses HTML.
import { DOOR, ICONS, LETTERS } from './icons.js';

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * `on…` keys are listeners, `true` is an empty attribute, `false`, `null` and `undefined` are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else {
      setAttribute(element, name, value);
    }
  }
  element.append(...present(children));
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
export function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/**
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function present(children) {
  return /** @type {(Node | string)[]} */ (children.filter((child) => child !== null && child !== undefined && child !== false));
}

/** @typedef {keyof typeof ICONS} IconName */

/**
 * Decoration only: whoever uses it gives the words.
 * @param {IconName} name
 */
export function icon(name) {
  const svg = svgElement('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' });
  svg.append(svgElement('path', { d: ICONS[name] }));
  return svg;
}

/**
 * @param {SVGElement} svg made by `icon`
 * @param {IconName} name
 */
export function setIcon(svg, name) {
  const path = svg.firstElementChild;
  if (path?.getAttribute('d') !== ICONS[name]) path?.setAttribute('d', ICONS[name]);
}

/**
 * The name mark.
 * @param {string} label
 */
export function wordmark(label) {
  // In a narrow place the door alone remains.
  const svg = svgElement('svg', { class: 'wordmark', viewBox: '0 0 150 44', preserveAspectRatio: 'xMinYMid slice', role: 'img', 'aria-label': label });
  svg.append(
    svgElement('path', { class: 'wordmark-door', d: DOOR.frame }),
    svgElement('path', { class: 'wordmark-light', d: DOOR.light }),
    svgElement('path', { class: 'wordmark-letters', d: LETTERS }));
  return svg;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 */
function svgElement(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

let lastId = 0;

/** @param {string} prefix */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
