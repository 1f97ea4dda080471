/** Curves and maps of points: the methods of the class that ask a worker of their own. */
import type { FromAnalyst, ToAnalyst } from "../worker/analyst";
import { ask as askWorker } from "./ask";
import { siteBase } from "./base";
import { checkFunction, checkNumber, checkObject, checkOneOf, checkOptions, checkPlace, checkSeed, checkSignal, checkWhole } from "./check";
import { optionError } from "./error";
import type { Curves, Embedded, EmbedOptions, Evaluation, Hidden } from "./types";

type Question<T = ToAnalyst> = T extends unknown ? Omit<T, "base"> : never;

function ask(question: Question, o: Pick<EmbedOptions, "signal" | "onProgress">): Promise<Curves | Embedded> {
  const spawn = (): Worker => new Worker(new URL("../worker/analyst.ts", import.meta.url), { type: "module", name: "cnn-lab analyst" });
  return askWorker<FromAnalyst>(spawn, { ...question, base: siteBase() }, { what: "The analysis", ...o });
}

export async function curves(evaluation: Evaluation, label: number): Promise<Curves> {
  checkObject("evaluation", evaluation, "what evaluate() gave");
  checkPlace("label", label);
  const { predictions, perClass } = evaluation;
  if (label >= perClass.length) throw optionError("label", `The classes are 0 to ${perClass.length - 1}; there is no ${label}.`);
  if (predictions.probabilities.length === 0) {
    throw optionError("evaluation", "There are too many pictures of too many classes to keep every probability, so there are no curves. Evaluate a smaller split.");
  }
  const { labels, probabilities } = predictions;
  return (await ask({ kind: "curves", labels, probabilities, classes: perClass.length, label }, {})) as Curves;
}

export async function embed(points: Pick<Hidden, "data" | "length">, o: EmbedOptions): Promise<Embedded> {
  checkObject("points", points, "what hidden() gave");
  checkOptions(o, ["method", "perplexity", "iterations", "seed", "signal", "onProgress"]);
  const { method = "pca", perplexity, iterations, seed, signal, onProgress } = o;
  checkOneOf("method", method, ["pca", "tsne"] as const);
  checkNumber("perplexity", perplexity);
  checkWhole("iterations", iterations, 1);
  checkSeed(seed);
  checkSignal(signal);
  checkFunction("onProgress", onProgress);
  const options = Object.fromEntries(Object.entries({ method, perplexity, iterations, seed }).filter(([, value]) => value !== undefined));
  return (await ask({ kind: "embed", points: points.data, dimensions: points.length, options }, { signal, onProgress })) as Embedded;
}
