// One WebSocket: opened within a deadline, pinged, and given up when it falls silent.

/** @import { ClientFrame, ServerFrame } from '../wire.js' */

/**
 * @typedef {object} TransportHooks
 * @property {(frame: ServerFrame) => void} onFrame
 * @property {(closeCode: number) => void} onDown called once; 0 = given up by this side
 */

export class Transport {
  /** @type {WebSocket} */ #socket;
  /** @type {TransportHooks | null} */ #hooks;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #pingInterval = 0;
  #heardAt = 0;

  /**
   * @param {{url: string, WebSocket: typeof WebSocket, timeout: number}} options
   * @param {TransportHooks} hooks
   */
  constructor({ url, WebSocket, timeout }, hooks) {
    this.#hooks = hooks;
    this.#socket = new WebSocket(url);
    this.#socket.onmessage = (event) => this.#handleText(event.data);
    this.#socket.onclose = (event) => this.#down(event.code);
    this.#socket.onerror = () => {};
    this.#timer = setTimeout(() => this.abandon(), timeout);
  }

  /** @param {ClientFrame} frame */
  send(frame) {
    if (this.#hooks && this.#socket.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** Asks for a sign of life at once: the page woke up, or the network changed. */
  probe(patience = 2_000) {
    if (this.#pingInterval === 0) return;
    const asked = performance.now();
    this.send({ type: 'ping' });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#judge(asked), patience);
  }

  /** Later events of this socket are nobody's business any more. */
  abandon() {
    this.#down(0);
  }

  /** Ends it for good, telling nobody here. */
  close() {
    this.#hooks = null;
    clearTimeout(this.#timer);
    this.#socket.close(1000);
  }

  /** @param {unknown} text */
  #handleText(text) {
    if (!this.#hooks || typeof text !== 'string') return;
    this.#heardAt = performance.now();
    /** @type {ServerFrame} */
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return this.abandon();
    }
    if (frame.type === 'welcome') {
      this.#pingInterval = Math.max(frame.pingIntervalMs, 100);
      this.#restAndPing();
    }
    this.#hooks.onFrame(frame);
  }

  #restAndPing() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.probe(this.#pingInterval), this.#pingInterval);
  }

  /** @param {number} asked */
  #judge(asked) {
    if (this.#heardAt < asked) this.abandon();
    else this.#restAndPing();
  }

  /** @param {number} code */
  #down(code) {
    const hooks = this.#hooks;
    this.#hooks = null;
    clearTimeout(this.#timer);
    if (code === 0) this.#socket.close();
    hooks?.onDown(code);
  }
}
