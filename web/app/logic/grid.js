// Where each tile goes on the stage, from counts and sizes alone. No DOM.

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{tiles: Map<string, Rect>, hidden: string[], height: number}} Layout */
/** @typedef {{width: number, height: number, gap: number}} Area */

/** Wider than this and a face is lost in the middle of its tile. */
const WIDEST = 16 / 9;
/** A lying stage crops a camera picture at most to this. */
const NARROWEST_LYING = 1.25;
/** A standing stage (a phone) may crop to a portrait. */
const NARROWEST_STANDING = 0.6;
/** Below this width a name can't be read: the stage scrolls instead. */
const SMALLEST = 136;
const SIDE_BY_SIDE = 0.88;
const STRIP_ASPECT = 4 / 3;

/**
 * @param {string[]} keys in their stable order
 * @param {Area} area
 * @param {string | null} focus the tile that is shown large
 * @returns {Layout}
 */
export function layoutTiles(keys, area, focus) {
  if (keys.length === 0 || area.width <= 0 || area.height <= 0) return { tiles: new Map(), hidden: [...keys], height: 0 };
  if (focus !== null && keys.includes(focus)) return focusLayout(keys, area, focus);
  return gridLayout(keys, area);
}

/**
 * @param {string[]} keys
 * @param {Area} area
 * @returns {Layout}
 */
function gridLayout(keys, area) {
  const { columns, tile } = bestColumns(keys.length, area);
  const rows = Math.ceil(keys.length / columns);
  const used = rows * tile.height + (rows - 1) * area.gap;
  const top = Math.max(0, (area.height - used) / 2);
  const tiles = new Map(keys.map((key, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, keys.length - row * columns);
    const left = (area.width - inRow * tile.width - (inRow - 1) * area.gap) / 2;
    return [key, round({
      x: left + (index % columns) * (tile.width + area.gap),
      y: top + row * (tile.height + area.gap),
      ...tile,
    })];
  }));
  return { tiles, hidden: [], height: Math.max(area.height, Math.floor(used)) };
}

/**
 * @param {number} count
 * @param {Area} area
 */
function bestColumns(count, area) {
  let best = { columns: 1, tile: fit(area.width, area.height, area) };
  let bestSize = -1;
  const lying = area.width > area.height;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = fit((area.width - (columns - 1) * area.gap) / columns, (area.height - (rows - 1) * area.gap) / rows, area);
    const size = tile.width * tile.height;
    // Side by side looks better than one above the other, even when it is a little smaller.
    if (size > bestSize * (lying ? SIDE_BY_SIDE : 1) && tile.width >= SMALLEST) {
      best = { columns, tile };
      bestSize = Math.max(size, bestSize);
    }
  }
  return bestSize < 0 ? scrolling(area) : best;
}

/** @param {Area} area */
function scrolling(area) {
  const columns = Math.max(1, Math.floor((area.width + area.gap) / (SMALLEST + area.gap)));
  const width = (area.width - (columns - 1) * area.gap) / columns;
  return { columns, tile: { width, height: width / STRIP_ASPECT } };
}

/**
 * The largest tile of a pleasant shape in a cell.
 * @param {number} width
 * @param {number} height
 * @param {Area} area
 */
function fit(width, height, area) {
  const narrowest = area.width > area.height ? NARROWEST_LYING : NARROWEST_STANDING;
  const aspect = Math.min(WIDEST, Math.max(narrowest, width / height));
  return width / height > aspect ? { width: height * aspect, height } : { width, height: width / aspect };
}

/**
 * One tile large, the others in a strip: beside it on a lying stage, below it on a standing one.
 * @param {string[]} keys
 * @param {Area} area
 * @param {string} focus
 * @returns {Layout}
 */
function focusLayout(keys, area, focus) {
  const others = keys.filter((key) => key !== focus);
  const whole = { x: 0, y: 0, width: area.width, height: area.height };
  if (others.length === 0) return { tiles: new Map([[focus, whole]]), hidden: [], height: area.height };
  const lying = area.width > area.height;
  const strip = lying ? sideStrip(others.length, area) : bottomStrip(others.length, area);
  const tiles = new Map([[focus, lying
    ? { ...whole, width: area.width - strip.width - area.gap }
    : { ...whole, height: area.height - strip.height - area.gap }]]);
  others.slice(0, strip.fits).forEach((key, index) => tiles.set(key, round(lying
    ? { x: area.width - strip.width, y: strip.start + index * (strip.height + area.gap), width: strip.width, height: strip.height }
    : { x: strip.start + index * (strip.width + area.gap), y: area.height - strip.height, width: strip.width, height: strip.height })));
  return { tiles, hidden: others.slice(strip.fits), height: area.height };
}

/** @param {number} count @param {Area} area */
function sideStrip(count, area) {
  const share = (area.height - (count - 1) * area.gap) / count;
  const width = Math.min(clamp(area.width * 0.18, 96, 240), Math.max(96, share * STRIP_ASPECT));
  return stripOf({ count, width, height: width / STRIP_ASPECT, along: area.height, step: width / STRIP_ASPECT, gap: area.gap });
}

/** @param {number} count @param {Area} area */
function bottomStrip(count, area) {
  const share = (area.width - (count - 1) * area.gap) / count;
  const width = clamp(share, 76, clamp(area.height * 0.22, 84, 180) * STRIP_ASPECT);
  return stripOf({ count, width, height: width / STRIP_ASPECT, along: area.width, step: width, gap: area.gap });
}

/** @param {{count: number, width: number, height: number, along: number, step: number, gap: number}} strip */
function stripOf({ count, width, height, along, step, gap }) {
  const fits = Math.max(1, Math.min(count, Math.floor((along + gap + 0.5) / (step + gap))));
  return { width, height, fits, start: Math.max(0, (along - fits * step - (fits - 1) * gap) / 2) };
}

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.min(Math.max(low, high), Math.max(low, value));
}

/** @param {Rect} rect @returns {Rect} */
function round(rect) {
  return { x: Math.round(rect.x), y: Math.round(rect.y), width: Math.floor(rect.width), height: Math.floor(rect.height) };
}
