import { describe, expect, test } from "vitest";
import { mnistDigit, type Ink } from "./stroke";

/** A drawing area with filled rectangles: left, top, width, height, ink. */
function drawing(size: number, ...rectangles: [number, number, number, number, number?][]): Ink {
  const data = new Uint8Array(size * size);
  for (const [left, top, width, height, ink = 255] of rectangles) {
    for (let y = top; y < top + height; y += 1) {
      data.fill(ink, y * size + left, y * size + left + width);
    }
  }
  return { data, width: size, height: size };
}

/** The box of what is not zero, and the centre of mass. */
function measure(digit: Uint8ClampedArray): { left: number; right: number; top: number; bottom: number; x: number; y: number } {
  let [left, right, top, bottom, mass, x, y] = [28, 0, 28, 0, 0, 0, 0];
  digit.forEach((ink, i) => {
    if (ink > 0) {
      const [column, row] = [i % 28, Math.floor(i / 28)];
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row + 1);
      mass += ink;
      x += ink * (column + 0.5);
      y += ink * (row + 0.5);
    }
  });
  return { left, right, top, bottom, x: x / mass, y: y / mass };
}

describe("a drawing becomes a digit as MNIST has it", () => {
  test("nothing drawn gives nothing", () => {
    expect(mnistDigit(drawing(280))).toBeNull();
  });

  test("a small square in a corner fills the 20 x 20 box in the middle", () => {
    const digit = mnistDigit(drawing(280, [3, 5, 40, 40]));
    expect(measure(digit!)).toEqual({ left: 4, right: 24, top: 4, bottom: 24, x: 14, y: 14 });
    expect(Math.max(...digit!)).toBe(255);
  });

  test("a tall bar keeps its proportions", () => {
    const { left, right, top, bottom } = measure(mnistDigit(drawing(280, [200, 10, 25, 250]))!);
    expect([right - left, bottom - top]).toEqual([2, 20]);
    expect([left, top]).toEqual([13, 4]);
  });

  test("the centre of mass, not of the box, stands in the middle", () => {
    // Like a 7: a heavy bar at the top, a thin stem below.
    const digit = mnistDigit(drawing(280, [40, 40, 200, 40], [200, 80, 40, 160]));
    const { x, y, top } = measure(digit!);
    expect(Math.abs(x - 14)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(y - 14)).toBeLessThanOrEqual(0.5);
    expect(top).toBeGreaterThan(4);
  });

  test("ink far off centre stays inside the field", () => {
    const digit = mnistDigit(drawing(280, [0, 0, 280, 20, 255], [0, 20, 4, 260, 20]))!;
    const before = measure(digit);
    expect(before.bottom).toBeLessThanOrEqual(28);
    expect(before.bottom - before.top).toBe(20);
  });

  test("shrinking averages the ink, so thin strokes grow faint, not broken", () => {
    // 280 pixels to 20: each pixel is the mean of 14 x 14, and 7 of 14 columns are inked.
    const digit = mnistDigit(drawing(280, [0, 0, 7, 280], [273, 0, 7, 280]))!;
    const row = [...digit.slice(14 * 28, 15 * 28)];
    expect(row.filter((ink) => ink > 0)).toEqual([128, 128]);
  });
});
