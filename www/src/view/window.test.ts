import { describe, expect, test } from "vitest";
import { cellAt, fitCell, inSight, layGrid, moveBy, nextPage, scrollFor, tooMany } from "./window";

// 50,000 cells of 60 x 80 in a room of 640 x 500: 10 columns, 5,000 rows.
const total = 50_000;
const grid = layGrid(total, 640, 60, 80);

test("the grid has whole columns, and at least one", () => {
  expect(grid).toEqual({ columns: 10, rows: 5000, stepX: 60, stepY: 80, height: 400_000 });
  expect(layGrid(3, 20, 60, 80)).toMatchObject({ columns: 1, rows: 3 });
  expect(layGrid(0, 640, 60, 80)).toMatchObject({ rows: 0, height: 0 });
});

describe("what is in sight", () => {
  test("rows that show in part count", () => {
    expect(inSight(grid, total, 0, 500)).toEqual({ first: 0, end: 70 });
    expect(inSight(grid, total, 79, 500)).toEqual({ first: 0, end: 80 });
    expect(inSight(grid, total, 80, 480)).toEqual({ first: 10, end: 70 });
  });

  test("the last row may be short, and beyond it there is nothing", () => {
    const short = layGrid(23, 640, 60, 80);
    expect(inSight(short, 23, 0, 500)).toEqual({ first: 0, end: 23 });
    expect(inSight(short, 23, 10_000, 500)).toEqual({ first: 23, end: 23 });
    expect(inSight(layGrid(0, 640, 60, 80), 0, 0, 500)).toEqual({ first: 0, end: 0 });
  });
});

test("a point finds its cell; beside the columns and after the last there is none", () => {
  expect(cellAt(grid, total, 65, 85)).toBe(11);
  expect(cellAt(grid, total, 601, 85)).toBeNull();
  expect(cellAt(grid, 12, 125, 85)).toBeNull();
  expect(cellAt(grid, total, -1, 5)).toBeNull();
});

describe("pages", () => {
  test("those in sight come first, then the neighbours", () => {
    const sight = { first: 250, end: 420 };
    const fetched: number[] = [];
    for (let page = nextPage(sight, 100, total, (p) => fetched.includes(p)); page !== null; ) {
      fetched.push(page);
      page = nextPage(sight, 100, total, (p) => fetched.includes(p));
    }
    expect(fetched).toEqual([2, 3, 4, 5, 1]);
  });

  test("there is no page before the first or after the last", () => {
    expect(nextPage({ first: 0, end: 70 }, 100, 70, (page) => page === 0)).toBeNull();
    expect(nextPage({ first: 0, end: 0 }, 100, 0, () => false)).toBeNull();
  });

  test("the farthest are let go", () => {
    expect(tooMany([0, 5, 9, 10, 11], 10, 3)).toEqual([0, 5]);
    expect(tooMany([1, 2], 1, 3)).toEqual([]);
    expect(tooMany([1, 2], 1, 2)).toEqual([]);
  });
});

test("keys move by cells, rows and screens, and stop at the ends", () => {
  const move = (key: string, from: number): number | null => moveBy(key, from, grid, total, 500);
  expect(move("ArrowRight", 9)).toBe(10);
  expect(move("ArrowLeft", 0)).toBe(0);
  expect(move("ArrowDown", 3)).toBe(13);
  expect(move("ArrowUp", 3)).toBe(3);
  expect(move("ArrowDown", total - 4)).toBe(total - 4);
  expect(move("PageDown", 3)).toBe(63);
  expect(move("PageUp", 3)).toBe(0);
  expect(move("Home", 777)).toBe(0);
  expect(move("End", 777)).toBe(total - 1);
  expect(move("a", 3)).toBeNull();
  expect(moveBy("End", 0, grid, 0, 500)).toBeNull();
});

test("scrolling is the least that shows the cell", () => {
  expect(scrollFor(15, grid, 0, 500)).toBe(0);
  expect(scrollFor(65, grid, 0, 500)).toBe(60);
  expect(scrollFor(5, grid, 300, 500)).toBe(0);
});

test("pictures are zoomed by whole numbers, up or down", () => {
  expect(fitCell(28, 28, 64)).toEqual({ width: 56, height: 56 });
  expect(fitCell(64, 48, 64)).toEqual({ width: 64, height: 48 });
  expect(fitCell(150, 150, 112)).toEqual({ width: 75, height: 75 });
  expect(fitCell(1, 1, 64)).toEqual({ width: 64, height: 64 });
});
