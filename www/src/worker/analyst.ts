/** An analyst: a worker for one question about an evaluation or about points. */
import type { Answer } from "../api/ask";
import { fieldsOf, toCnnLabError } from "../api/error";
import type { Curves, Embedded } from "../api/look-types";
import { loadAnalysis, type AnalysisOptions } from "./core";

export type ToAnalyst = { base: string } & (
  | { kind: "curves"; labels: Uint16Array; probabilities: Float32Array; classes: number; label: number }
  | { kind: "embed"; points: Float32Array; dimensions: number; options: AnalysisOptions }
);
export type FromAnalyst = Answer<Curves | Embedded, { share: number; positions: Float32Array<ArrayBuffer> }>;

/** Milliseconds of work between two reports. */
const PIECE = 100;

const scope = self as unknown as { postMessage: (message: FromAnalyst) => void };

async function answer(question: ToAnalyst): Promise<Curves | Embedded> {
  const analysis = await loadAnalysis(question.base);
  if (question.kind === "curves") {
    const { labels, probabilities, classes, label } = question;
    return analysis.curves(labels, probabilities, classes, label);
  }
  const work = new analysis.Embedding(question.points, question.dimensions, question.options);
  // Cancel ends the worker, so nothing has to be let in between.
  for (let share = 0; share < 1; ) {
    share = work.advance(PIECE);
    scope.postMessage({ kind: "progress", progress: { share, positions: work.positions() } });
  }
  return { positions: work.positions(), explained: work.explained() };
}

self.addEventListener("message", ({ data }: MessageEvent<ToAnalyst>) => {
  answer(data).then(
    (result) => scope.postMessage({ kind: "result", result }),
    (error: unknown) => scope.postMessage({ kind: "error", error: fieldsOf(toCnnLabError(error)) }),
  );
});
