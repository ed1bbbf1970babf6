// How many chat messages wait to be read. No DOM.

export class Unread {
  #count = 0;
  #reading = false;

  get count() {
    return this.#count;
  }

  /** @param {{mine: boolean}} message */
  arrived(message) {
    if (!this.#reading && !message.mine) this.#count += 1;
  }

  /** @param {boolean} reading whether the chat is in front of the reader */
  setReading(reading) {
    this.#reading = reading;
    if (reading) this.#count = 0;
  }
}

/** @param {number} count @returns {string} what fits into a badge */
export function badgeText(count) {
  if (count <= 0) return '';
  return count > 99 ? '99+' : String(count);
}
