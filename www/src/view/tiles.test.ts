import { expect, test } from "vitest";
import { layTiles, tileAt } from "./tiles";

test("32 maps of 26 x 26 in a narrow panel stay at zoom 1, in whole columns", () => {
  expect(layTiles(32, 26, 26, 340, 120)).toMatchObject({ zoom: 1, columns: 12, rows: 3, width: 334, height: 82 });
});

test("small maps are enlarged as far as they fit", () => {
  const tiles = layTiles(64, 3, 3, 340, 120);
  expect(tiles.zoom).toBeGreaterThan(4);
  expect(tiles.width).toBeLessThanOrEqual(340);
  expect(tiles.height).toBeLessThanOrEqual(120);
  expect(tiles.columns * tiles.rows).toBeGreaterThanOrEqual(64);
});

test("what is wider than the room is shown whole at zoom 1", () => {
  expect(layTiles(2, 400, 10, 340, 100)).toMatchObject({ zoom: 1, columns: 1, rows: 2 });
});

test("big maps are put together from blocks of pixels, and a point still finds its pixel", () => {
  const tiles = layTiles(32, 148, 148, 360, 140);
  expect(tiles).toMatchObject({ zoom: 1, block: 5, columns: 11, rows: 3, stepX: 32 });
  expect(tiles.height).toBeLessThanOrEqual(140);
  expect(tileAt(tiles, 32, 32 + 29, 2)).toEqual({ index: 1, row: 10, column: 145 });
  expect(layTiles(512, 30, 30, 200, 50)).toMatchObject({ block: 1 });
});

test("a point finds its picture and pixel, and a gap finds none", () => {
  const tiles = layTiles(5, 10, 10, 70, 70, 2, 3); // zoom 2: 3 columns, 2 rows, steps of 22
  expect(tiles).toMatchObject({ zoom: 2, columns: 3, rows: 2, stepX: 22 });
  expect(tileAt(tiles, 5, 0, 0)).toEqual({ index: 0, row: 0, column: 0 });
  expect(tileAt(tiles, 5, 22 + 19, 22 + 4)).toEqual({ index: 4, row: 2, column: 9 });
  expect(tileAt(tiles, 5, 20.5, 3)).toBeNull(); // the gap
  expect(tileAt(tiles, 5, 50, 30)).toBeNull(); // after the last picture
  expect(tileAt(tiles, 5, -1, 3)).toBeNull();
});
