import { expect, test } from "vitest";
import { costsOf, sourcesOf } from "./costs";
import type { LayerSpec, Summary } from "./types";

function summary(...shapes: number[][]): Summary {
  const layers = shapes.map((shape) => ({ name: "", layer: "", outputShape: [null, ...shape], params: 0, trainable: true }));
  return { layers, totalParams: 0, trainableParams: 0 };
}

function fields(input_shape: number[], layers: LayerSpec[], ...shapes: number[][]): [number, number][] {
  return costsOf({ input_shape, layers }, summary(...shapes)).map(({ receptiveField }) => receptiveField);
}

test("the convnet of the MNIST lessons: what its layers see, and their multiply-adds", () => {
  const conv = (filters: number): LayerSpec => ({ layer: "Conv2D", filters, kernel_size: [3, 3], strides: [1, 1] });
  const pool = { layer: "MaxPooling2D", pool_size: [2, 2], strides: [2, 2] };
  const layers = [conv(32), pool, conv(64), pool, conv(64), { layer: "Flatten" }, { layer: "Dense", units: 64 }];
  const shapes = [[26, 26, 32], [13, 13, 32], [11, 11, 64], [5, 5, 64], [3, 3, 64], [576], [64]];
  expect(fields([28, 28, 1], layers, ...shapes)).toEqual([[3, 3], [4, 4], [8, 8], [10, 10], [18, 18], [18, 18], [28, 28]]);
  const costs = costsOf({ input_shape: [28, 28, 1], layers }, summary(...shapes));
  expect(costs.map(({ multiplyAdds }) => multiplyAdds)).toEqual([
    26 * 26 * 32 * 9, 0, 11 * 11 * 64 * 9 * 32, 0, 3 * 3 * 64 * 9 * 64, 0, 576 * 64,
  ]);
  expect(costs[0]?.values).toBe(26 * 26 * 32);
});

test("dilation widens what a kernel sees, strides what the next one does, each direction by itself", () => {
  const layers = [
    { layer: "Conv2D", kernel_size: [3, 1], strides: [2, 1], dilation_rate: [2, 1] },
    { layer: "DepthwiseConv2D", kernel_size: 3 },
  ];
  expect(fields([40, 40, 3], layers, [18, 40, 8], [16, 38, 8])).toEqual([[5, 1], [9, 3]]);
});

test("nothing sees more than the picture", () => {
  const layers = [{ layer: "Conv2D", kernel_size: 7 }, { layer: "Conv2D", kernel_size: 7 }];
  expect(fields([10, 20, 1], layers, [10, 20, 1], [10, 20, 1])).toEqual([[7, 7], [10, 13]]);
});

test("depthwise, separable and grouped convolutions do less", () => {
  const layers = [
    { layer: "DepthwiseConv2D", kernel_size: 3, depth_multiplier: 2 },
    { layer: "SeparableConv2D", filters: 10, kernel_size: 3, depth_multiplier: 1 },
    { layer: "Conv2D", filters: 4, kernel_size: 1, groups: 2 },
  ];
  const costs = costsOf({ input_shape: [6, 6, 3], layers }, summary([4, 4, 6], [2, 2, 10], [2, 2, 4]));
  expect(costs.map(({ multiplyAdds }) => multiplyAdds)).toEqual([16 * 6 * 9, 4 * 6 * 9 + 4 * 6 * 10, (4 * 4 * 10) / 2]);
});

test("branches meet with the wider view; names lead to places", () => {
  const layers: LayerSpec[] = [
    { layer: "Conv2D", name: "a", kernel_size: 1 },
    { layer: "Conv2D", name: "b", kernel_size: 5 },
    { layer: "Add", name: "sum", inputs: ["a", "b"] },
    { layer: "Conv2D", name: "c", kernel_size: 3, inputs: ["input"] },
    { layer: "Concatenate", name: "all", inputs: ["sum", "c"] },
  ];
  expect(sourcesOf(layers)).toEqual([[-1], [0], [0, 1], [-1], [2, 3]]);
  const shapes = layers.map(() => [9, 9, 4]);
  expect(fields([9, 9, 4], layers, ...shapes)).toEqual([[1, 1], [5, 5], [5, 5], [3, 3], [5, 5]]);
});

test("enlarging brings neighbours closer, and mixing them widens the view", () => {
  const conv = { layer: "Conv2D", kernel_size: 3 };
  const nearest = [{ layer: "UpSampling2D", size: 2, interpolation: "nearest" }, conv];
  expect(fields([20, 20, 1], nearest, [40, 40, 1], [38, 38, 1])).toEqual([[1, 1], [2, 2]]);
  const bilinear = [{ layer: "UpSampling2D", size: 2, interpolation: "bilinear" }, conv];
  expect(fields([20, 20, 1], bilinear, [40, 40, 1], [38, 38, 1])).toEqual([[2, 2], [3, 3]]);
});
