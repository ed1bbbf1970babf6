// A list whose rows stay the same elements while their content changes: who has the focus on a button keeps it.

/**
 * @template T
 * @typedef {{element: HTMLElement, update: (item: T, index: number) => void}} Row
 */

/** @template T */
export class KeyedList {
  #element;
  #keyOf;
  #make;
  /** @type {Map<string, Row<T>>} */
  #rows = new Map();

  /** @param {{element: HTMLElement, keyOf: (item: T) => string, make: (item: T) => Row<T>}} options */
  constructor({ element, keyOf, make }) {
    this.#element = element;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  /** @param {readonly T[]} items */
  update(items) {
    const keys = new Set(items.map(this.#keyOf));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      this.#remove(row.element);
      this.#rows.delete(key);
    }
    let next = this.#element.firstElementChild;
    items.forEach((item, index) => {
      const row = this.#rowOf(item);
      row.update(item, index);
      if (row.element === next) next = next.nextElementSibling;
      else this.#element.insertBefore(row.element, next);
    });
  }

  /** @param {T} item @returns {Row<T>} */
  #rowOf(item) {
    const key = this.#keyOf(item);
    const row = this.#rows.get(key) ?? this.#make(item);
    this.#rows.set(key, row);
    return row;
  }

  /** Who was in the row goes to the next one, not to the top of the page. @param {HTMLElement} element */
  #remove(element) {
    if (element.contains(document.activeElement)) {
      const neighbour = element.nextElementSibling ?? element.previousElementSibling;
      const target = neighbour?.querySelector('button') ?? this.#element.closest('.panel')?.querySelector('h2');
      if (target instanceof HTMLElement) target.focus();
    }
    element.remove();
  }
}
