// One WebSocket: opened within a deadline, pinged, given up when it falls silent.
/** @import { ClientFrame, TransportHooks } from '../internal.js' */

export class Transport {
  #socket;
  /** @type {TransportHooks | null} */ #hooks;
  #timer = 0;
  #pingInterval = 0;
  #heardAt = 0;

  /** @param {{url: string, WebSocket: typeof WebSocket, timeout: number}} options @param {TransportHooks} hooks */
  constructor({ url, WebSocket, timeout }, hooks) {
    this.#hooks = hooks;
    this.#socket = new WebSocket(url);
    this.#socket.onmessage = ({ data }) => this.#handleText(data);
    this.#socket.onclose = ({ code }) => this.#down(code);
    this.#socket.onerror = () => {};
    this.#timer = setTimeout(() => this.fail(), timeout);
  }

  /** @param {ClientFrame} frame */
  send(frame) {
    if (this.#hooks && this.#socket.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** Asks for a sign of life. */
  probe(patience = 2_000) {
    if (!this.#pingInterval) return;
    const asked = performance.now();
    this.send({ type: 'ping' });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#heardAt < asked ? this.fail() : this.#rest()), patience);
  }

  /** Ends it, and tells nobody. */
  close() {
    this.#hooks = null;
    clearTimeout(this.#timer);
    this.#socket.close(1000);
  }

  /** @param {any} text */
  #handleText(text) {
    if (!this.#hooks) return; // It was given up before.
    this.#heardAt = performance.now();
    const frame = JSON.parse(text);
    if (frame.type === 'welcome') {
      this.#pingInterval = frame.pingIntervalMs;
      this.#rest();
    }
    this.#hooks.onFrame(frame);
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.probe(this.#pingInterval), this.#pingInterval);
  }

  /** Gives it up. */
  fail() {
    this.#down(0);
    this.#socket.close();
  }

  /** @param {number} code */
  #down(code) {
    const hooks = this.#hooks;
    this.#hooks = null;
    clearTimeout(this.#timer);
    hooks?.onDown(code);
  }
}
