import { expect, test } from "vitest";
import { blockCount, changesFor, freeBlocks } from "./blocks";

const names = ["Conv1", "bn_Conv1", "Conv1_relu", "expanded_conv_depthwise", "block_1_expand", "block_1_expand_BN", "block_2_expand", "Conv_1", "Conv_1_bn"];
const kind = (name: string): string => (/_BN$|^bn_|_bn$/.test(name) ? "BatchNormalization" : name.includes("relu") ? "ReLU" : "Conv2D");
const net = (free: readonly string[]): { name: string; layer: string; outputShape: []; params: number; trainable: boolean; base?: string }[] => [
  ...names.map((name) => ({ name, layer: kind(name), outputShape: [] as [], params: kind(name) === "ReLU" ? 0 : 9, trainable: free.includes(name), base: "mobilenet-v2" })),
  { name: "dense", layer: "Dense", outputShape: [], params: 9, trainable: true },
];

test("the last blocks are set free without their batch normalisations, and what lies behind them with the last", () => {
  expect(blockCount(net([]))).toBe(3);
  expect(freeBlocks(net([]))).toBe(0);
  expect(changesFor(net([]), 1)).toEqual({ free: ["block_2_expand", "Conv_1"], freeze: [] });
  expect(changesFor(net([]), 2)).toEqual({ free: ["block_1_expand", "block_2_expand", "Conv_1"], freeze: [] });
  expect(freeBlocks(net(["block_1_expand", "block_2_expand", "Conv_1"]))).toBe(2);
  // Never what lies before the first block.
  expect(changesFor(net([]), 3).free).not.toContain("Conv1");
});

test("each network calls its blocks otherwise", () => {
  const layers = ["stem_conv", "block1a_dwconv", "block1a_bn", "block2a_expand_conv", "block2b_expand_conv", "top_conv"].map((name) => ({
    name, layer: "Conv2D", outputShape: [] as [], params: 9, trainable: false, base: "efficientnet-lite0",
  }));
  expect(blockCount(layers)).toBe(3);
  expect(changesFor(layers, 1)).toEqual({ free: ["block2b_expand_conv", "top_conv"], freeze: [] });
});

test("what is free already stays, what is too much is frozen", () => {
  const free = ["block_1_expand", "block_1_expand_BN", "block_2_expand", "Conv_1"];
  expect(changesFor(net(free), 1)).toEqual({ free: [], freeze: ["block_1_expand", "block_1_expand_BN"] });
  expect(changesFor(net(free), 0)).toEqual({ free: [], freeze: free });
});
