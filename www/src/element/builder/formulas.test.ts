import { expect, test } from "vitest";
import type { LayerSpec } from "../../api/types";
import { formulasOf } from "./formulas";
import { english } from "../../text/en";

/** "rule | filled | result", with ordinary spaces, by title. */
function told(layer: LayerSpec, input: number[] | number[][], output: number[], params = 0): Record<string, string> {
  const inputs = Array.isArray(input[0]) ? (input as number[][]) : [input as number[]];
  return Object.fromEntries(
    formulasOf(english, { layer, inputs, output, params }).map(({ title, rule, filled, result }) => [title, `${rule} | ${filled} | ${result}`.replaceAll("\u202f", " ")]),
  );
}

test("the lesson's convolution: 16 filters of 2 with stride 2 on 200 × 200 × 1", () => {
  const conv = { layer: "Conv2D", filters: 16, kernel_size: [2, 2], strides: [2, 2], padding: "valid", use_bias: true };
  expect(told(conv, [200, 200, 1], [100, 100, 16], 80)).toEqual({
    "Height and width": "⌊(W − F) / S⌋ + 1 | ⌊(200 − 2) / 2⌋ + 1 | 100",
    Parameters: "K × F × F × D_in + K | 16 × 2 × 2 × 1 + 16 | 80",
    "Multiply-adds": "H × W × K × F × F × D_in | 100 × 100 × 16 × 2 × 2 × 1 | 640 000",
  });
});

test("same padding: the size, and where the odd zero goes", () => {
  const [first] = formulasOf(english, { layer: { layer: "Conv2D", filters: 4, kernel_size: [2, 2], strides: [2, 2], padding: "same" }, inputs: [[5, 5, 3]], output: [3, 3, 4], params: 52 });
  expect(first).toMatchObject({ rule: "⌈W / S⌉", filled: "⌈5 / 2⌉", result: "3" });
  expect(first?.note).toContain("1 zero is added, 0 before and 1 after");
});

test("heights and widths that differ are told one by one; dilation stretches the kernel", () => {
  const conv = { layer: "Conv2D", filters: 4, kernel_size: [3, 1], strides: [1, 1], padding: "valid", dilation_rate: [2, 1], use_bias: false, groups: 2 };
  const rows = told(conv, [10, 8, 6], [6, 8, 4], 36);
  expect(rows["Height"]).toBe("⌊(W − F) / S⌋ + 1 | ⌊(10 − 5) / 1⌋ + 1 | 6");
  expect(rows["Width"]).toBe("⌊(W − F) / S⌋ + 1 | ⌊(8 − 1) / 1⌋ + 1 | 8");
  expect(rows["Parameters"]).toBe("K × F_h × F_w × D_in / G | 4 × 3 × 1 × 6 / 2 | 36");
  expect(rows["Multiply-adds"]).toContain("| 6 × 8 × 4 × 3 × 1 × 3 | 1 728");
});

test("pooling, with a stride of its own and with its window's", () => {
  expect(told({ layer: "MaxPooling2D", pool_size: [3, 3], strides: [2, 2], padding: "valid" }, [11, 11, 4], [5, 5, 4])["Height and width"]).toBe("⌊(W − F) / S⌋ + 1 | ⌊(11 − 3) / 2⌋ + 1 | 5");
  expect(told({ layer: "AveragePooling2D", pool_size: [2, 2], strides: [2, 2], padding: "valid" }, [9, 9, 4], [4, 4, 4])["Parameters"]).toBe(" |  | 0");
});

test("BatchNormalization's four rows, and fewer without gamma and beta", () => {
  const [formula] = formulasOf(english, { layer: { layer: "BatchNormalization", center: true, scale: true }, inputs: [[8, 8, 16]], output: [8, 8, 16], params: 64 });
  expect(formula).toMatchObject({ rule: "4 × D", filled: "4 × 16", result: "64" });
  expect(formula?.note).toContain("gamma, beta, moving mean, moving variance. 32 are trained; 32");
  expect(told({ layer: "BatchNormalization", center: false, scale: false }, [16], [16], 32)["Parameters"]).toBe("2 × D | 2 × 16 | 32");
});

test("depthwise and separable convolutions", () => {
  const window = { kernel_size: [3, 3], strides: [1, 1], padding: "valid", use_bias: true };
  expect(told({ layer: "DepthwiseConv2D", depth_multiplier: 2, ...window }, [6, 6, 3], [4, 4, 6], 60)).toMatchObject({
    Parameters: "F × F × D_in × M + D_in × M | 3 × 3 × 3 × 2 + 6 | 60",
    "Multiply-adds": "H × W × D_out × F × F | 4 × 4 × 6 × 3 × 3 | 864",
  });
  expect(told({ layer: "SeparableConv2D", filters: 10, depth_multiplier: 1, ...window }, [6, 6, 3], [4, 4, 10], 67)).toMatchObject({
    Parameters: "F × F × D_in × M + D_in × M × K + K | 3 × 3 × 3 × 1 + 3 × 10 + 10 | 67",
    "Multiply-adds": "H × W × (F × F × D_in × M + D_in × M × K) | 4 × 4 × (3 × 3 × 3 + 3 × 10) | 912",
  });
});

test("dense layers, flattening, dropout, borders, enlarging and merging", () => {
  expect(told({ layer: "Dense", units: 64, use_bias: true }, [576], [64], 36_928)).toEqual({
    Parameters: "N × U + U | 576 × 64 + 64 | 36 928",
    "Multiply-adds": "N × U | 576 × 64 | 36 864",
  });
  expect(told({ layer: "Flatten" }, [3, 3, 64], [576])["Output"]).toBe("H × W × D | 3 × 3 × 64 | 576 values");
  expect(told({ layer: "Dropout", rate: 0.25 }, [64], [64])["Dropped in each step"]).toBe("rate × values | 0.25 × 64 | about 16 values");
  expect(told({ layer: "ZeroPadding2D", padding: [[1, 0], [2, 3]] }, [8, 8, 1], [9, 13, 1])["Width"]).toBe("W + left + right | 8 + 2 + 3 | 13");
  expect(told({ layer: "UpSampling2D", size: [2, 3] }, [8, 8, 1], [16, 24, 1])["Width"]).toBe("W × size | 8 × 3 | 24");
  expect(told({ layer: "Concatenate" }, [[8, 8, 4], [8, 8, 2]], [8, 8, 6])["Channels"]).toBe("D_1 + D_2 | 4 + 2 | 6");
  expect(told({ layer: "Softmax" }, [10], [10])["Parameters"]).toBe(" |  | 0");
});
