import { expect, test } from "vitest";
import { colour, scaleFor } from "./colormap";

/** Red, green, blue of a canvas colour. */
const rgb = (c: number): number[] => [c & 255, (c >> 8) & 255, (c >> 16) & 255];

test("values that are never negative run from zero to the largest", () => {
  const scale = scaleFor(Float32Array.of(0.5, 2, 1));
  expect(scale).toEqual({ low: 0, high: 2, signed: false });
  expect(rgb(colour(0, scale))).toEqual([68, 1, 84]);
  expect(rgb(colour(2, scale))).toEqual([253, 231, 37]);
});

test("lightness rises all the way through the sequential map", () => {
  const scale = { low: 0, high: 255, signed: false };
  const lightness = Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = rgb(colour(i, scale)) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  expect(lightness).toEqual([...lightness].sort((a, b) => a - b));
});

test("signed values are white at zero and reach alike to both sides", () => {
  const scale = scaleFor(Float32Array.of(-3, 0, 1));
  expect(scale).toEqual({ low: -3, high: 3, signed: true });
  expect(Math.min(...rgb(colour(0, scale)))).toBeGreaterThan(240);
  expect(rgb(colour(-3, scale))).toEqual([5, 48, 97]);
  expect(rgb(colour(3, scale))).toEqual([103, 0, 31]);
});

test("a dead map is dark, and what is no number is transparent", () => {
  const dead = scaleFor(new Float32Array(4));
  expect(rgb(colour(0, dead))).toEqual([68, 1, 84]);
  expect(colour(NaN, { low: 0, high: 1, signed: false })).toBe(0);
});
