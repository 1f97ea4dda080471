/** Figures whose axes both go from 0 to 1: curves of a class, and the reliability diagram. */
import type { Calibration, Curves } from "../../api/types";
import type { Figure, Mark } from "../../view/figure";
import "../../text/en/evaluation";
import type { Texts } from "../../text/texts";

const [left, top, side] = [52, 12, 240];
const width = left + side + 12;
const height = top + side + 44;

export const placeX = (x: number): number => left + x * side;
export const placeY = (y: number): number => top + (1 - y) * side;

/** The frame, its ticks and what the axes are. */
function axes(t: Texts, across: string, up: string): Mark[] {
  const marks: Mark[] = [];
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    const text = t.rate(tick);
    marks.push({ kind: "line", points: [[placeX(tick), placeY(0)], [placeX(tick), placeY(1)]], ink: "line" });
    marks.push({ kind: "line", points: [[placeX(0), placeY(tick)], [placeX(1), placeY(tick)]], ink: "line" });
    marks.push({ kind: "text", x: placeX(tick), y: placeY(0) + 18, text, ink: "muted", anchor: "middle" });
    marks.push({ kind: "text", x: left - 8, y: placeY(tick) + 4, text, ink: "muted", anchor: "end" });
  }
  marks.push({ kind: "text", x: left + side / 2, y: height - 6, text: across, ink: "muted", anchor: "middle" });
  marks.push({ kind: "text", x: 14, y: top + side / 2, text: up, ink: "muted", anchor: "middle", turned: true });
  return marks;
}

const points = (x: ArrayLike<number>, y: ArrayLike<number>): [number, number][] => Array.from({ length: x.length }, (_, i) => [placeX(x[i] ?? 0), placeY(y[i] ?? 0)]);

/** A place on a curve. */
export type Spot = { x: number; y: number } | null;

const dot = (spot: Spot): Mark[] => (spot ? [{ kind: "dot", x: placeX(spot.x), y: placeY(spot.y), r: 6, ink: "validation" }] : []);

export function rocFigure(t: Texts, { falsePositiveRate, truePositiveRate }: Curves["roc"], spot: Spot): Figure {
  return {
    width, height,
    marks: [
      ...axes(t, t.evaluation.falsePositiveRate, t.evaluation.recallAxis),
      { kind: "line", points: [[placeX(0), placeY(0)], [placeX(1), placeY(1)]], ink: "edge", dash: true },
      { kind: "line", points: points(falsePositiveRate, truePositiveRate), ink: "training", width: 2 },
      ...dot(spot),
    ],
  };
}

/** `share`: of the pictures that are of the class, which is what guessing gives. */
export function precisionRecallFigure(t: Texts, { precision, recall }: Curves["precisionRecall"], share: number, spot: Spot): Figure {
  return {
    width, height,
    marks: [
      ...axes(t, t.common.recallName, t.common.precisionName),
      { kind: "line", points: [[placeX(0), placeY(share)], [placeX(1), placeY(share)]], ink: "edge", dash: true },
      { kind: "line", points: points(recall, precision), ink: "training", width: 2 },
      ...dot(spot),
    ],
  };
}

/** How often it is right, by how sure it is, and below how many pictures are that sure. */
export function reliabilityFigure(t: Texts, { bins }: Calibration): Figure {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const low = height + 8;
  const tall = 64;
  const marks: Mark[] = axes(t, t.evaluation.confidenceAxis, t.evaluation.accuracyAxis);
  for (const { low: from, high: to, count, accuracy, confidence } of bins) {
    const [x, wide] = [placeX(from) + 1, (to - from) * side - 2];
    if (accuracy !== null && count > 0) {
      marks.push({ kind: "rect", x, y: placeY(accuracy), width: wide, height: Math.max(1, accuracy * side), ink: "training", opacity: 0.75 });
    }
    if (confidence !== null) {
      marks.push({ kind: "line", points: [[x, placeY(confidence)], [x + wide, placeY(confidence)]], ink: "validation", width: 2 });
    }
    const bar = (count / most) * tall;
    marks.push({ kind: "rect", x, y: low + tall - bar, width: wide, height: bar, ink: "edge" });
  }
  marks.push({ kind: "line", points: [[placeX(0), placeY(0)], [placeX(1), placeY(1)]], ink: "text", dash: true });
  marks.push({ kind: "line", points: [[placeX(0), low + tall], [placeX(1), low + tall]], ink: "edge" });
  marks.push({ kind: "text", x: left - 8, y: low + 8, text: t.count(most), ink: "muted", anchor: "end" });
  marks.push({ kind: "text", x: 14, y: low + tall / 2, text: t.common.pictures, ink: "muted", anchor: "middle", turned: true });
  return { width, height: low + tall + 8, marks };
}
