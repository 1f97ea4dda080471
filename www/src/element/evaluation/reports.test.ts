import { expect, test } from "vitest";
import type { Curves, Evaluation } from "../../api/types";
import { svgText } from "../../view/figure";
import { cellText, clip, confusionCsv, confusionFigure, curvesCsv, scoresCsv, scoresJson, tint } from "./reports";
import { placeX, placeY, precisionRecallFigure, reliabilityFigure, rocFigure } from "./square";
import { english } from "../../text/en";

const evaluation = {
  loss: 0.5, accuracy: 0.75, count: 4, confusion: [[2, 1], [0, 1]], topK: [0.75, 1], balancedAccuracy: null,
  perClass: [{ label: "a, b", precision: 1, recall: 2 / 3, f1: 0.8, support: 3 }, { label: "c", precision: null, recall: 1, f1: null, support: 1 }],
  macroAverage: { precision: 1, recall: 0.5, f1: 0.8 }, weightedAverage: { precision: 1, recall: 0.75, f1: 0.8 },
  worst: [], calibration: { bins: [], expectedError: null, maximumError: null },
  predictions: { labels: new Uint16Array(4), predicted: new Uint16Array(4), losses: new Float32Array(4), probabilities: new Float32Array(8) },
} satisfies Evaluation;

const curves: Curves = {
  roc: { thresholds: Float64Array.of(Infinity, 0.5), falsePositiveRate: Float64Array.of(0, 1), truePositiveRate: Float64Array.of(0, 1), area: 0.5 },
  precisionRecall: { thresholds: Float64Array.of(0.5), precision: Float64Array.of(0.25), recall: Float64Array.of(1), average: 0.25 },
};

test("scores as files", () => {
  expect(scoresCsv(evaluation).split("\r\n")).toEqual([
    "class,precision,recall,f1,support", `"a, b",1,${2 / 3},0.8,3`, "c,,1,,1", "macro average,1,0.5,0.8,4", "weighted average,1,0.75,0.8,4", "",
  ]);
  const json = JSON.parse(scoresJson("test", evaluation)) as Record<string, unknown>;
  expect(json["split"]).toBe("test");
  expect(json["predictions"]).toBeUndefined();
  expect(json["confusion"]).toEqual([[2, 1], [0, 1]]);
});

test("the matrix as a file", () => {
  expect(confusionCsv(["a, b", "c"], evaluation.confusion)).toBe('true class,"a, b",c\r\n"a, b",2,1\r\nc,0,1\r\n');
  const text = svgText(confusionFigure(english, [0, 1], ["<a>", "c"], evaluation.confusion, true));
  expect(text).toContain("&lt;a&gt;");
  expect(text).toContain("66.7%");
  expect(text).toContain(">100%<");
});

test("curves as files", () => {
  expect(curvesCsv(curves).split("\r\n")).toEqual([
    "curve,threshold,false_positive_rate,true_positive_rate,precision,recall", "roc,Infinity,0,0,,", "roc,0.5,1,1,,", "precision-recall,0.5,,,0.25,1", "",
  ]);
  expect(svgText(rocFigure(english, curves.roc, { x: 0.5, y: 0.5 }))).toContain(`cx="${placeX(0.5)}" cy="${placeY(0.5)}"`);
  expect(svgText(precisionRecallFigure(english, curves.precisionRecall, 0.25, null))).not.toContain("circle");
  expect(reliabilityFigure(english, { bins: [{ low: 0, high: 1, count: 3, confidence: 0.5, accuracy: 1 }], expectedError: 0.5, maximumError: 0.5 }).marks.some((m) => m.kind === "rect")).toBe(true);
});

test("what stands in a cell", () => {
  expect(cellText(english, 0, 5, false, false)).toBe("·");
  expect(cellText(english, 0, 5, true, false)).toBe("0");
  expect(cellText(english, 1, 4, false, true)).toBe("25.0%");
  expect(cellText(english, 0, 0, true, true)).toBe("–");
  expect(tint(1, 10, false)).toBeCloseTo(0.3, 9);
  expect(tint(0, 0, true)).toBe(0);
  expect(clip("automobile", 6)).toBe("autom…");
});
