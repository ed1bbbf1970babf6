// Which side panel is open. On a narrow page a panel covers everything, and what it covers can't be reached.

/** @typedef {'chat' | 'people'} PanelName */
/** @typedef {{element: HTMLElement, opened: () => void}} Panel */

const NARROW = '(max-width: 860px)';

export class Panels {
  #panels;
  #covered;
  #onChange;
  #narrow = matchMedia(NARROW);
  /** @type {PanelName | null} */
  #open = null;
  /** @type {(() => void) | null} */
  #returnFocus = null;

  /**
   * @param {{panels: Record<PanelName, Panel>, covered: HTMLElement[], onChange: (open: PanelName | null) => void, signal: AbortSignal}} options
   */
  constructor({ panels, covered, onChange, signal }) {
    this.#panels = panels;
    this.#covered = covered;
    this.#onChange = onChange;
    this.#narrow.addEventListener('change', () => this.#cover(), { signal });
  }

  get open() {
    return this.#open;
  }

  /**
   * @param {PanelName} name
   * @param {HTMLElement} opener gets the focus back
   */
  toggle(name, opener) {
    if (this.#open === name) return this.close();
    this.#open = name;
    this.#returnFocus = () => opener.focus();
    this.#show();
    this.#panels[name].opened();
  }

  close() {
    if (this.#open === null) return;
    const hadFocus = this.#panels[this.#open].element.contains(document.activeElement);
    this.#open = null;
    this.#show();
    if (hadFocus) this.#returnFocus?.();
  }

  #show() {
    for (const [name, panel] of Object.entries(this.#panels)) panel.element.hidden = name !== this.#open;
    this.#cover();
    this.#onChange(this.#open);
  }

  #cover() {
    for (const element of this.#covered) element.inert = this.#open !== null && this.#narrow.matches;
  }
}
