// Plays what others send. Notices when the browser waits for a click before it lets sound out.

/** Event: `change` when sound becomes blocked or free. */
export class Playback extends EventTarget {
  /** @type {Set<HTMLMediaElement>} */
  #elements = new Set();
  /** @type {Set<HTMLMediaElement>} */
  #blocked = new Set();
  #speakerId = '';

  get blocked() {
    return this.#blocked.size > 0;
  }

  /**
   * @param {HTMLMediaElement} element
   * @param {MediaStream | null} stream
   */
  play(element, stream) {
    if (!this.#elements.has(element)) {
      this.#elements.add(element);
      void this.#route(element);
    }
    if (element.srcObject !== stream) element.srcObject = stream;
    if (stream) void this.#try(element);
  }

  /** @param {HTMLMediaElement} element */
  drop(element) {
    element.srcObject = null;
    this.#elements.delete(element);
    this.#mark(element, false);
  }

  /** To be called from a click. */
  async start() {
    await Promise.all([...this.#elements].map((element) => this.#try(element)));
  }

  /** @param {string} speakerId empty: the system's choice */
  setSpeaker(speakerId) {
    if (speakerId === this.#speakerId) return;
    this.#speakerId = speakerId;
    for (const element of this.#elements) void this.#route(element);
  }

  /** @param {HTMLMediaElement} element */
  async #try(element) {
    if (!element.srcObject) return;
    try {
      await element.play();
      this.#mark(element, false);
    } catch (error) {
      // Anything else ends by itself: the element was emptied, or gets a new stream.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#mark(element, true);
    }
  }

  /** @param {HTMLMediaElement} element @param {boolean} blocked */
  #mark(element, blocked) {
    const before = this.blocked;
    if (blocked && this.#elements.has(element)) this.#blocked.add(element);
    else this.#blocked.delete(element);
    if (before !== this.blocked) this.dispatchEvent(new Event('change'));
  }

  /** @param {HTMLMediaElement} element */
  async #route(element) {
    if (!('setSinkId' in element) || (this.#speakerId === '' && element.sinkId === '')) return;
    // A speaker that is gone leaves the sound on the system's one.
    await element.setSinkId(this.#speakerId).catch(() => undefined);
  }
}
