import { expect, test } from "vitest";
import { fold, foldSources, frozenText } from "./fold";
import { english } from "../../text/en";

test("neighbours of one pretrained network are one row", () => {
  const rows = fold([undefined, "net", "net", "net", undefined, null]);
  expect(rows).toEqual([
    { first: 0, last: 0, base: null },
    { first: 1, last: 3, base: "net" },
    { first: 4, last: 4, base: null },
    { first: 5, last: 5, base: null },
  ]);
  // The picture, a residual sum within, and a layer behind that takes two.
  expect(foldSources([[-1], [0], [1], [1, 2], [3], [4, 0]], rows)).toEqual([[-1], [0], [1], [2, 0]]);
});

test("how much of it learns is said of layers with weights", () => {
  const layer = (params: number, trainable: boolean): { params: number; trainable: boolean } => ({ params, trainable });
  expect(frozenText(english, [layer(0, true), layer(9, false)])).toBe("frozen");
  expect(frozenText(english, [layer(9, true), layer(9, false)])).toBe("1 free");
  expect(frozenText(english, [layer(9, true)])).toBe("free");
});
