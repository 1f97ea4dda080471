import { expect, test } from "vitest";
import { receptiveFieldOf, sizesOf } from "./receptive-field";
import type { LayerSpec } from "./types";

const conv = (o: object = {}): LayerSpec => ({ layer: "Conv2D", kernel_size: [3, 3], strides: [1, 1], ...o });
const pool = { layer: "MaxPooling2D", pool_size: [2, 2], strides: [2, 2] };
const field = (size: number, layers: LayerSpec[], place: number, row: number, column: number): number[] => {
  const { top, left, bottom, right } = receptiveFieldOf({ input_shape: [size, size, 1], layers }, place, row, column);
  return [top, left, bottom, right];
};

test("the convnet of the lessons: where its values look", () => {
  const layers = [conv(), pool, conv(), pool, conv()];
  expect(sizesOf({ input_shape: [28, 28, 1], layers })).toEqual([[26, 26], [13, 13], [11, 11], [5, 5], [3, 3]]);
  expect(field(28, layers, 0, 0, 0)).toEqual([0, 0, 3, 3]);
  expect(field(28, layers, 0, 25, 25)).toEqual([25, 25, 28, 28]);
  expect(field(28, layers, 1, 1, 0)).toEqual([2, 0, 6, 4]);
  expect(field(28, layers, 2, 2, 1)).toEqual([4, 2, 12, 10]);
  expect(field(28, layers, 4, 2, 0)).toEqual([8, 0, 26, 18]);
});

test("with same padding it reaches over the edge, with the odd zero at the bottom and right", () => {
  expect(field(28, [conv({ padding: "same" })], 0, 0, 0)).toEqual([-1, -1, 2, 2]);
  expect(field(28, [conv({ padding: "same" }), conv({ padding: "same" })], 1, 27, 0)).toEqual([25, -2, 30, 3]);
  // 28 with stride 2: one zero in all, and it is the last.
  expect(field(28, [conv({ padding: "same", strides: [2, 2] })], 0, 0, 13)).toEqual([0, 26, 3, 29]);
});

test("dilation leaves gaps, a border shifts, upsampling divides", () => {
  expect(field(28, [conv({ dilation_rate: [2, 2] })], 0, 1, 1)).toEqual([1, 1, 6, 6]);
  expect(field(28, [{ layer: "ZeroPadding2D", padding: [[1, 1], [2, 2]] }, conv()], 1, 0, 0)).toEqual([-1, -2, 2, 1]);
  const up = { layer: "UpSampling2D", size: [2, 2], interpolation: "nearest" };
  expect(field(10, [up], 0, 5, 4)).toEqual([2, 2, 3, 3]);
  expect(field(10, [{ ...up, interpolation: "bilinear" }], 0, 5, 4)).toEqual([2, 1, 4, 3]);
  expect(field(10, [{ ...up, interpolation: "bilinear" }], 0, 0, 19)).toEqual([0, 9, 1, 10]);
});

test("branches see what any of them does, and a vector sees all", () => {
  const layers = [
    conv({ name: "a", padding: "same" }),
    conv({ name: "b", padding: "same", kernel_size: [1, 5] }),
    { layer: "Add", name: "c", inputs: ["a", "b"] },
  ];
  expect(field(9, layers, 2, 4, 4)).toEqual([3, 1, 6, 8]);
  expect(field(9, [conv(), { layer: "Flatten" }, { layer: "Dense" }], 2, 0, 0)).toEqual([0, 0, 9, 9]);
  expect(field(9, [conv(), { layer: "GlobalAveragePooling2D", keepdims: true }], 1, 0, 0)).toEqual([0, 0, 9, 9]);
});
