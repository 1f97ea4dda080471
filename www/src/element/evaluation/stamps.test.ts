import { expect, test } from "vitest";
import { press, type Sheet } from "./stamps";

const sheet = (): Sheet => {
  const pixels = new Uint32Array(8 * 8);
  return { pixels, width: 8, margin: 2, ratio: 2, image: { width: 8, height: 8 } as ImageData };
};
const solid = 0xff0000ff;
const faint = 0x400000ff;

test("a mark is put at its place, in the pixels of the device", () => {
  const on = sheet();
  press(on, { offsets: Int32Array.of(0, 1), colours: Uint32Array.of(solid, faint) }, 1, 0.5);
  // Margin 2, twice as many pixels: column 4, row 3.
  expect(on.pixels[3 * 8 + 4]).toBe(solid);
  expect(on.pixels[3 * 8 + 5]).toBe(faint);
});

test("what shines through covers nothing, and what is off the stage is left out", () => {
  const on = sheet();
  press(on, { offsets: Int32Array.of(0), colours: Uint32Array.of(solid) }, 1, 1);
  press(on, { offsets: Int32Array.of(0), colours: Uint32Array.of(faint) }, 1, 1);
  expect(on.pixels[4 * 8 + 4]).toBe(solid);
  for (const [x, y] of [[-9, 1], [1, 99], [NaN, 1]] as const) {
    press(on, { offsets: Int32Array.of(0), colours: Uint32Array.of(solid) }, x, y);
  }
  expect(on.pixels.filter((pixel) => pixel !== 0)).toHaveLength(1);
});
