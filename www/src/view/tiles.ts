/**
 * Where the pictures of a grid stand: whole-number zoom, so that no pixel is smoothed; or, of
 * pictures too big for that, whole-number blocks of pixels that are shown as one.
 */
export type Tiles = {
  zoom: number;
  /** A pixel of the grid stands for so many pixels across and down. */
  block: number;
  columns: number;
  rows: number;
  /** Size of the whole grid in pixels of the page. */
  width: number;
  height: number;
  /** From one picture's left (or top) edge to the next. */
  stepX: number;
  stepY: number;
};

/** Pictures are not made smaller than this to fit. */
const LEAST_SIDE = 24;

/**
 * The largest zoom at which `count` pictures of `width` x `height` fit into `room` pixels
 * across within `maxHeight`; where none fits, zoom 1, with pixels put together into blocks as
 * far as that helps.
 */
export function layTiles(
  count: number,
  width: number,
  height: number,
  room: number,
  maxHeight: number,
  gap = 2,
  maxZoom = 8,
): Tiles {
  const at = (zoom: number, block = 1): Tiles => {
    const stepX = Math.ceil(width / block) * zoom + gap;
    const stepY = Math.ceil(height / block) * zoom + gap;
    const columns = Math.max(1, Math.min(count, Math.floor((room + gap) / stepX)));
    const rows = Math.ceil(count / columns);
    return { zoom, block, columns, rows, width: columns * stepX - gap, height: rows * stepY - gap, stepX, stepY };
  };
  let best = at(1);
  for (let zoom = 2; zoom <= maxZoom; zoom += 1) {
    const next = at(zoom);
    if (next.width > room || next.height > maxHeight) {
      break;
    }
    best = next;
  }
  const least = (block: number): number => Math.ceil(Math.min(width, height) / block);
  for (let block = 2; best.height > maxHeight && least(block) >= LEAST_SIDE; block += 1) {
    best = at(1, block);
  }
  return best;
}

/** Which pixel (of a block, the first) of which picture lies under a point of the grid; null between pictures. */
export function tileAt(
  tiles: Tiles,
  count: number,
  x: number,
  y: number,
): { index: number; row: number; column: number } | null {
  const across = Math.floor(x / tiles.stepX);
  const down = Math.floor(y / tiles.stepY);
  const column = Math.floor((x - across * tiles.stepX) / tiles.zoom) * tiles.block;
  const row = Math.floor((y - down * tiles.stepY) / tiles.zoom) * tiles.block;
  const index = down * tiles.columns + across;
  const inside =
    x >= 0 && y >= 0 && across < tiles.columns && index < count &&
    // In the gap there is no pixel.
    x - across * tiles.stepX < tiles.stepX - gapOf(tiles, "x") &&
    y - down * tiles.stepY < tiles.stepY - gapOf(tiles, "y");
  return inside ? { index, row, column } : null;
}

function gapOf(tiles: Tiles, axis: "x" | "y"): number {
  return axis === "x"
    ? tiles.columns * tiles.stepX - tiles.width
    : tiles.rows * tiles.stepY - tiles.height;
}
