// The stage: everything has its place, nothing overlaps, nothing moves without need.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layoutTiles } from '../logic/grid.js';

const DESKTOP = { width: 1264, height: 640, gap: 8 };
const PHONE = { width: 374, height: 700, gap: 8 };
const ZOOMED = { width: 624, height: 280, gap: 8 };

/** @param {number} count */
const people = (count) => Array.from({ length: count }, (_, index) => `p${index}`);

/** @param {import('../logic/grid.js').Layout} layout */
function overlaps({ tiles }) {
  const rects = [...tiles.values()];
  return rects.some((a, i) => rects.slice(i + 1).some((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height));
}

/** @param {import('../logic/grid.js').Layout} layout */
const columns = ({ tiles }) => new Set([...tiles.values()].filter((rect, _, all) => rect.y === all[0]?.y).map((rect) => rect.x)).size;

test('tiles never overlap and stay on the stage, whatever the count and the size', () => {
  for (const area of [DESKTOP, PHONE, ZOOMED, { width: 300, height: 150, gap: 8 }]) {
    for (let count = 1; count <= 30; count += 1) {
      for (const focus of [null, 'p0', `p${count - 1}`]) {
        const layout = layoutTiles(people(count), area, focus);
        assert.equal(overlaps(layout), false, `${count} on ${area.width}×${area.height}, focus ${focus}`);
        assert.equal(layout.tiles.size + layout.hidden.length, count);
        for (const rect of layout.tiles.values()) {
          assert.ok(rect.x >= 0 && rect.x + rect.width <= area.width + 1 && rect.y >= 0 && rect.y + rect.height <= layout.height + 1, JSON.stringify(rect));
        }
      }
    }
  }
});

test('a lying stage puts two side by side, a standing one puts them one above the other', () => {
  assert.equal(columns(layoutTiles(people(2), DESKTOP, null)), 2);
  assert.equal(columns(layoutTiles(people(2), PHONE, null)), 1);
  assert.equal(columns(layoutTiles(people(4), PHONE, null)), 2);
});

test('in the grid all tiles have one size, and the last row is centred', () => {
  const { tiles } = layoutTiles(people(5), DESKTOP, null);
  assert.equal(new Set([...tiles.values()].map(({ width, height }) => `${width}×${height}`)).size, 1);
  const left = tiles.get('p3')?.x ?? NaN;
  const right = DESKTOP.width - (tiles.get('p4')?.x ?? NaN) - (tiles.get('p4')?.width ?? NaN);
  assert.ok(Math.abs(left - right) <= 1);
});

test('a newcomer at the end changes no one’s place in the order', () => {
  const order = (/** @type {number} */ count) => [...layoutTiles(people(count), DESKTOP, null).tiles.entries()]
    .sort(([, a], [, b]) => a.y - b.y || a.x - b.x).map(([key]) => key);
  assert.deepEqual(order(7).slice(0, 6), order(6));
});

test('the tile in focus is much larger than the others', () => {
  for (const area of [DESKTOP, PHONE]) {
    const { tiles } = layoutTiles(people(4), area, 'p2');
    const size = (/** @type {string} */ key) => (tiles.get(key)?.width ?? 0) * (tiles.get(key)?.height ?? 0);
    assert.ok(size('p2') > 5 * size('p0'));
  }
});

test('a focus that is not there is no focus', () => {
  assert.deepEqual(layoutTiles(people(3), DESKTOP, 'gone'), layoutTiles(people(3), DESKTOP, null));
});

test('what does not fit beside the large tile is counted, not lost', () => {
  const { tiles, hidden } = layoutTiles(people(12), ZOOMED, 'p0');
  assert.ok(hidden.length > 0);
  assert.deepEqual([...tiles.keys(), ...hidden], people(12));
});

test('too many for the stage: it scrolls and nobody becomes too small to be read', () => {
  const layout = layoutTiles(people(40), PHONE, null);
  assert.ok(layout.height > PHONE.height);
  assert.ok([...layout.tiles.values()].every((rect) => rect.width >= 130));
});

test('a stage without a size holds nothing', () => {
  assert.deepEqual(layoutTiles(['a'], { width: 0, height: 0, gap: 8 }, null), { tiles: new Map(), hidden: ['a'], height: 0 });
});
