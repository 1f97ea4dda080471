import { expect, test } from "vitest";
import { excerptOf, slidesOf, unitOf } from "./slides";
import { english } from "../../text/en";

const stage = (layer: string): Parameters<typeof slidesOf>[0]["stages"][number] => ({ layer, count: 1, height: 1, width: 1, values: new Float32Array(1), gradients: new Float32Array(1) });
const move = (name: string, shape: number[], gradients: number[]): Parameters<typeof slidesOf>[0]["moves"][number] => ({
  name, shape, before: new Float32Array(gradients.length), gradients: Float32Array.from(gradients), after: new Float32Array(gradients.length),
});

test("forward through all layers, the loss, backward from the last, the weights of each layer, and after", () => {
  const slides = slidesOf({ stages: [stage("a"), stage("b")], moves: [move("a/kernel", [1, 1], [0]), move("a/bias", [1], [0]), move("b/c/kernel", [1], [0])] });
  expect(slides.map((slide) => ("stage" in slide ? [slide.part, slide.stage.layer, slide.last] : "moves" in slide ? [slide.layer, slide.moves.length] : slide.part))).toEqual([
    ["forward", "a", false], ["forward", "b", true], "loss", ["backward", "b", true], ["backward", "a", false], ["a", 2], ["b/c", 1], "after",
  ]);
});

test("of a kernel the window that moves most, of a row of values those about the largest gradient", () => {
  const gradients = Array.from({ length: 16 }, (_, i) => (i === 13 ? -9 : i / 10));
  expect(excerptOf(english, move("k", [2, 2, 2, 2], gradients))).toEqual({ from: 12, rows: 2, columns: 2, most: 13, where: "filter 2 of 2, channel 2 of 2" });
  expect(excerptOf(english, move("b", [16], gradients))).toEqual({ from: 8, rows: 1, columns: 8, most: 13, where: "values 9 to 16" });
  expect(excerptOf(english, move("b", [3], [0, 1, 0]))).toEqual({ from: 0, rows: 1, columns: 3, most: 1, where: "all values" });
});

test("small values are written in a power of ten", () => {
  expect([[0.5, -2], [0.02, -0.05], [3e-6], [0]].map((values) => unitOf(Float32Array.from(values)))).toEqual([1, 0.01, 1e-6, 1]);
});
