// Builds elements from data. Text is always text: nothing here parses HTML.

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

/**
 * A picture from the sprite. Decoration only: whoever uses it gives the words.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `/app/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/**
 * @param {SVGElement} svg made by `icon`
 * @param {string} name
 */
export function setIcon(svg, name) {
  const href = `/app/icons.svg#${name}`;
  const use = svg.firstElementChild;
  if (use?.getAttribute('href') !== href) use?.setAttribute('href', href);
}

/**
 * The name mark, drawn from the sprite.
 * @param {string} label
 */
export function wordmark(label) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'wordmark');
  svg.setAttribute('viewBox', '0 0 150 44');
  // In a narrow place the door alone remains.
  svg.setAttribute('preserveAspectRatio', 'xMinYMid slice');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', '/app/icons.svg#wordmark');
  svg.append(use);
  return svg;
}

let lastId = 0;

/** @param {string} prefix */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
