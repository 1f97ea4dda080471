import { expect, test } from "vitest";
import type { LayerSpec } from "../../api/types";
import { activate, convolvedAt, explains, largest, pictureValues, pooledAt, type Values } from "./arithmetic";

const values = (count: number, height: number, width: number, of = (i: number): number => i): Values => ({
  count, height, width, data: Float32Array.from({ length: count * height * width }, (_, i) => of(i)),
});
const conv: LayerSpec = { layer: "Conv2D", filters: 2, kernel_size: [2, 2], strides: [1, 1], activation: "relu" };

test("a pixel is the sum of the products over the window and all channels, the bias, and the activation", () => {
  const made = convolvedAt(conv, values(2, 3, 3), { ...values(4, 2, 2, (i) => (i < 8 ? 1 : -1)), bias: Float32Array.of(0.5, 1) }, 0, 1, 0)!;
  expect([...made.parts[0]!.patch]).toEqual([3, 4, 6, 7]);
  expect(made.parts.map(({ channel, sum }) => [channel, sum])).toEqual([[0, 20], [1, 56]]);
  expect([made.bias, made.sum, made.result]).toEqual([0.5, 76.5, 76.5]);
  expect(convolvedAt(conv, values(2, 3, 3), { ...values(4, 2, 2, () => -1) }, 1, 0, 0)!.result).toBe(0);
});

test("beyond the edge there is nothing to add, and dilation leaves gaps", () => {
  const same = convolvedAt({ ...conv, kernel_size: [3, 3], padding: "same" }, values(1, 4, 4), values(2, 3, 3, () => 1), 0, 0, 0)!;
  expect([...same.parts[0]!.patch]).toEqual([NaN, NaN, NaN, NaN, 0, 1, NaN, 4, 5]);
  expect(same.sum).toBe(10);
  const wide = convolvedAt({ ...conv, dilation_rate: [2, 2] }, values(1, 4, 4), values(2, 2, 2, () => 1), 0, 1, 1)!;
  expect([...wide.parts[0]!.patch]).toEqual([5, 7, 13, 15]);
});

test("groups and depthwise convolutions look at their own channels", () => {
  const grouped = convolvedAt({ ...conv, groups: 2 }, values(4, 2, 2), values(4, 2, 2), 1, 0, 0)!;
  expect(grouped.parts.map(({ channel }) => channel)).toEqual([2, 3]);
  expect([...grouped.parts[0]!.kernel]).toEqual([8, 9, 10, 11]);
  const depthwise = convolvedAt({ ...conv, layer: "DepthwiseConv2D" }, values(2, 2, 2), values(4, 2, 2), 3, 0, 0)!;
  expect(depthwise.parts.map(({ channel }) => channel)).toEqual([1]);
});

test("poolings take the largest or the mean of what lies inside", () => {
  const pool = { layer: "MaxPooling2D", pool_size: [2, 2], strides: [2, 2] };
  expect(pooledAt(pool, values(2, 4, 4), 1, 0, 1)).toMatchObject({ takes: "largest", result: 23 });
  expect(pooledAt({ ...pool, layer: "AveragePooling2D", padding: "same" }, values(1, 3, 3), 0, 1, 1)).toMatchObject({ takes: "mean", result: 8 });
  expect(pooledAt(conv, values(1, 3, 3), 0, 0, 0)).toBeNull();
});

test("the parts that count most, with or against, and the rest", () => {
  const part = (channel: number, sum: number): { channel: number; patch: Float32Array; kernel: Float32Array; sum: number } => ({ channel, patch: new Float32Array(1), kernel: new Float32Array(1), sum });
  const { shown, others, rest } = largest([part(0, 1), part(1, -5), part(2, 3), part(3, 0.5)], 2);
  expect([shown.map(({ channel }) => channel), others, rest]).toEqual([[1, 2], 2, 1.5]);
});

test("activations as Keras has them", () => {
  expect(activate("gelu", 1)).toBeCloseTo(0.8413447, 6);
  expect(activate("leaky_relu", -1)).toBeCloseTo(-0.2);
  expect(activate("hard_sigmoid", 0)).toBe(0.5);
  expect(activate("softmax", 1)).toBeNull();
});

test("a picture's values, and whether they make the maps", () => {
  const picture = { width: 2, height: 2, data: Uint8ClampedArray.of(0, 0, 0, 255, 255, 0, 0, 255, 51, 0, 0, 255, 0, 0, 0, 0) } as ImageData;
  const input = pictureValues(picture, 1, 1 / 255);
  expect([...input.data].map((value) => Number(value.toFixed(4)))).toEqual([0, 1, 0.2, 1]);
  const kernels = values(2, 2, 2, () => 1);
  expect(explains(conv, input, kernels, values(2, 1, 1, () => 2.2))).toBe(true);
  expect(explains(conv, input, kernels, values(2, 1, 1, () => 2.3))).toBe(false);
  const pool: LayerSpec = { layer: "AveragePooling2D", pool_size: [2, 2] };
  expect(explains(pool, input, null, values(1, 1, 1, () => 0.55))).toBe(true);
  expect(explains(pool, input, null, values(1, 1, 1, () => 0.6))).toBe(false);
});
