/**
 * Which part of a long grid can be seen. Cells have a fixed size, so that where each of 50,000
 * pictures stands is a matter of arithmetic, and only those in sight are fetched and drawn.
 */

/** Where the cells stand. */
export type Grid = {
  columns: number;
  rows: number;
  /** From one cell's left (or top) edge to the next. */
  stepX: number;
  stepY: number;
  /** Height of all rows. */
  height: number;
};

/** Lays `total` cells into `room` pixels across; at least one column. */
export function layGrid(total: number, room: number, stepX: number, stepY: number): Grid {
  const columns = Math.max(1, Math.floor(room / stepX));
  const rows = Math.ceil(total / columns);
  return { columns, rows, stepX, stepY, height: rows * stepY };
}

/** The cells from `first` up to, not including, `end` that are at least partly in sight. */
export function inSight(grid: Grid, total: number, top: number, tall: number): { first: number; end: number } {
  const firstRow = Math.max(0, Math.min(Math.floor(top / grid.stepY), grid.rows));
  const endRow = Math.max(firstRow, Math.min(Math.ceil((top + tall) / grid.stepY), grid.rows));
  return { first: Math.min(total, firstRow * grid.columns), end: Math.min(total, endRow * grid.columns) };
}

/** The cell under a point of the grid, its gaps included; null outside. */
export function cellAt(grid: Grid, total: number, x: number, y: number): number | null {
  const column = Math.floor(x / grid.stepX);
  const cell = Math.floor(y / grid.stepY) * grid.columns + column;
  return x >= 0 && y >= 0 && column < grid.columns && cell < total ? cell : null;
}

/**
 * The page to fetch next: one in sight, from the top, then the one after and the one before,
 * which will be scrolled to. Null where all of them are there or on their way.
 */
export function nextPage(
  { first, end }: { first: number; end: number },
  size: number,
  total: number,
  has: (page: number) => boolean,
): number | null {
  if (total === 0 || end <= first) {
    return null;
  }
  const [from, to] = [Math.floor(first / size), Math.floor((end - 1) / size)];
  for (let page = from; page <= to; page += 1) {
    if (!has(page)) {
      return page;
    }
  }
  const last = Math.floor((total - 1) / size);
  return [to + 1, from - 1].find((page) => page >= 0 && page <= last && !has(page)) ?? null;
}

/** Which pages to let go, farthest from the one in sight first, so that at most `most` stay. */
export function tooMany(pages: Iterable<number>, middle: number, most: number): number[] {
  return [...pages].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle)).slice(0, -most || undefined);
}

/** Where a key leads from a cell; null for a key that leads nowhere. */
export function moveBy(key: string, from: number, grid: Grid, total: number, tall: number): number | null {
  const page = Math.max(1, Math.floor(tall / grid.stepY)) * grid.columns;
  const move = {
    ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns,
    PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity,
  }[key];
  if (move === undefined || total === 0) {
    return null;
  }
  const to = from + move;
  // Up and down keep their column; at an edge they stay.
  if ((key === "ArrowUp" && to < 0) || (key === "ArrowDown" && to >= total)) {
    return from;
  }
  return Math.max(0, Math.min(to, total - 1));
}

/** The least scrolling that brings a cell wholly into sight. */
export function scrollFor(cell: number, grid: Grid, top: number, tall: number): number {
  const y = Math.floor(cell / grid.columns) * grid.stepY;
  if (y < top) {
    return y;
  }
  return Math.max(top, y + grid.stepY - tall);
}

/**
 * How a picture is shown in a cell of about `most` pixels: enlarged by a whole number, so that
 * no pixel is smoothed, or made smaller by one. Both sides alike.
 */
export function fitCell(width: number, height: number, most: number): { width: number; height: number } {
  const long = Math.max(width, height, 1);
  if (long <= most) {
    const zoom = Math.max(1, Math.floor(most / long));
    return { width: width * zoom, height: height * zoom };
  }
  const share = Math.ceil(long / most);
  return { width: Math.max(1, Math.round(width / share)), height: Math.max(1, Math.round(height / share)) };
}
