import { expect, test } from "vitest";
import type { ModelInfo } from "../../api/types";
import { compare } from "./changes";
import { type Draft, draftOf, layerNames } from "./draft";
import { add, remove, setOption } from "./edits";
import { misfit } from "./fit";
import { english } from "../../text/en";

const info = (draft: Draft, params: number[]): ModelInfo => ({
  summary: {
    layers: draft.layers.map(({ layer }, place) => ({ name: layerNames(draft)[place] ?? "", layer, outputShape: [null, 10], params: params[place] ?? 0, trainable: true })),
    totalParams: params.reduce((sum, n) => sum + n, 0),
    trainableParams: 0,
  },
  spec: { input_shape: [28, 28, 1], layers: [] },
  untrainable: null,
  fit: {},
  validationSplit: null,
  costs: [],
  notes: [],
});

test("what is new, changed, edited, removed and the same", () => {
  const before = draftOf({ input_shape: [28, 28, 1], layers: [{ layer: "Flatten" }, { layer: "Dense", units: 64 }, { layer: "Dropout", rate: 0.5 }, { layer: "Dense", units: 10 }] });
  const used = { draft: before, info: info(before, [0, 64, 0, 10]) };
  expect(compare(english, used, used).rows.every(({ kind }) => kind === "same")).toBe(true);
  expect(compare(english, used, null).params).toBe(0);
  let draft = setOption(before, 3, "activation", "softmax");
  draft = setOption(draft, 1, "units", 32);
  draft = remove(add(draft, "BatchNormalization", 1).draft, 2);
  const { rows, removed, params } = compare(english, { draft, info: info(draft, [0, 32, 4, 10]) }, used);
  expect(rows.map(({ kind }) => kind)).toEqual(["same", "changed", "new", "edited"]);
  expect(rows[1]).toMatchObject({ before: { params: 64 } });
  expect(removed.map(({ name }) => name)).toEqual(["dropout"]);
  expect(params).toBe(-28);
});

test("what does not fit the pictures is said", () => {
  const pictures = { shape: [28, 28, 1], classes: 10 };
  expect(misfit(english, [28, 28, 1], [null, 10], pictures)).toBe("");
  expect(misfit(english, [32, 32, 3], [null, 10], pictures)).toContain("28 × 28 × 1");
  expect(misfit(english, [28, 28, 1], [null, 7], pictures)).toContain("7 classes apart, and the pictures have 10");
  expect(misfit(english, [28, 28, 1], [null, 1], { shape: [28, 28, 1], classes: 2 })).toBe("");
  expect(misfit(english, [1, 1, 1], [null, 1], null)).toBe("");
});
