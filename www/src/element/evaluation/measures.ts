/** What is worked out of an evaluation: which pictures to show, and scores at a threshold. */
import type { Calibration, Evaluation, Predictions } from "../../api/types";
import "../../text/en/evaluation";
import type { Texts } from "../../text/texts";

/** The places of the `n` smallest values, smallest first. What is no number, or infinite, is left out. */
export function smallest(values: ArrayLike<number>, n: number): number[] {
  const sorted = Float64Array.from(values).sort();
  const limit = sorted[Math.min(n, sorted.length) - 1];
  if (limit === undefined) {
    return [];
  }
  const places: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? NaN;
    if (value < Infinity && !(value > limit)) places.push(i);
  }
  return places.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b).slice(0, n);
}

/** The pictures with the highest loss, highest first. */
export function worst({ losses }: Predictions, n: number): number[] {
  return smallest(losses.map((loss) => -loss), n);
}

/** How far the likeliest class of each picture is ahead of the next; empty where probabilities were not kept. */
export function margins({ labels, probabilities }: Predictions): Float32Array {
  const classes = labels.length > 0 ? probabilities.length / labels.length : 0;
  const found = new Float32Array(classes > 0 ? labels.length : 0);
  for (let i = 0; i < found.length; i += 1) {
    let [first, second] = [0, 0];
    for (let at = i * classes; at < (i + 1) * classes; at += 1) {
      const p = probabilities[at] ?? 0;
      if (p > first) [first, second] = [p, first];
      else if (p > second) second = p;
    }
    found[i] = first - second;
  }
  return found;
}

/** The pictures that the network could least decide on. */
export function leastCertain(predictions: Predictions, n: number): number[] {
  return smallest(margins(predictions), n);
}

/** Those that it got right, but could have got wrong as easily. */
export function barelyRight(predictions: Predictions, n: number): number[] {
  const { labels, predicted } = predictions;
  return smallest(margins(predictions).map((margin, i) => (labels[i] === predicted[i] ? margin : Infinity)), n);
}

/** The pictures of a class that were taken for a class, the most wrong first. */
export function picturesOf({ labels, predicted, losses }: Predictions, actual: number, said: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < labels.length; i += 1) {
    if (labels[i] === actual && predicted[i] === said) found.push(i);
  }
  return found.sort((a, b) => (losses[b] ?? 0) - (losses[a] ?? 0) || a - b);
}

/** The probability that the network gave a class for a picture; null where that was not kept. */
export function probability({ labels, losses, probabilities }: Predictions, index: number, label: number): number | null {
  const classes = probabilities.length / Math.max(1, labels.length);
  if (classes > 0) {
    return probabilities[index * classes + label] ?? null;
  }
  // The loss is the logarithm of that of the true class.
  return label === labels[index] ? Math.exp(-(losses[index] ?? NaN)) : null;
}

/** A picture's likeliest classes, likeliest first. */
export function best({ labels, probabilities }: Predictions, index: number, n: number): { label: number; probability: number }[] {
  const classes = probabilities.length / Math.max(1, labels.length);
  return Array.from(probabilities.subarray(index * classes, (index + 1) * classes), (p, label) => ({ label, probability: p }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, n);
}

export type At = {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
  /** Null where nothing is taken for the class. */
  precision: number | null;
  /** Null where no picture is of the class. */
  recall: number | null;
  /** Null where every picture is of the class. */
  falsePositiveRate: number | null;
};

/** One class against the rest, where a probability of at least `threshold` is a yes. */
export function atThreshold({ labels, probabilities }: Predictions, label: number, threshold: number): At {
  const classes = probabilities.length / Math.max(1, labels.length);
  let [truePositives, falsePositives, falseNegatives, trueNegatives] = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i += 1) {
    const yes = (probabilities[i * classes + label] ?? 0) >= threshold;
    if (labels[i] === label) {
      if (yes) truePositives += 1;
      else falseNegatives += 1;
    } else if (yes) falsePositives += 1;
    else trueNegatives += 1;
  }
  const share = (part: number, rest: number): number | null => (part + rest > 0 ? part / (part + rest) : null);
  return {
    truePositives, falsePositives, falseNegatives, trueNegatives,
    precision: share(truePositives, falsePositives),
    recall: share(truePositives, falseNegatives),
    falsePositiveRate: share(falsePositives, trueNegatives),
  };
}

export type ScoreColumn = "label" | "precision" | "recall" | "f1" | "support";
export type ClassScores = Evaluation["perClass"][number];

/** The classes' scores by a column; what is not defined comes last either way. */
export function sortScores(scores: readonly ClassScores[], column: ScoreColumn | null, descending: boolean): ClassScores[] {
  if (column === null) {
    return [...scores];
  }
  const sign = descending ? -1 : 1;
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  return [...scores].sort((a, b) => {
    if (column === "label") {
      return sign * compare(a.label, b.label);
    }
    const [x, y] = [a[column], b[column]];
    return x === null || y === null ? Number(x === null) - Number(y === null) : sign * (x - y);
  });
}

/** Whether the network is surer than it should be: its mean confidence less its accuracy; null without pictures. */
export function overconfidence({ bins }: Calibration): number | null {
  let [sum, pictures] = [0, 0];
  for (const { count, confidence, accuracy } of bins) {
    sum += count * ((confidence ?? 0) - (accuracy ?? 0));
    pictures += count;
  }
  return pictures > 0 ? sum / pictures : null;
}

/** What the calibration says of this network. */
export function calibrationInWords(t: Texts, calibration: Calibration): string {
  const over = overconfidence(calibration);
  const { expectedError } = calibration;
  if (over === null || expectedError === null) {
    return t.evaluation.noneForConfidence;
  }
  const points = (share: number): string => t.evaluation.points(100 * Math.abs(share));
  if (expectedError < 0.02) {
    return t.evaluation.trusted(points(expectedError));
  }
  if (Math.abs(over) < expectedError / 4) {
    return t.evaluation.bothWays(points(expectedError));
  }
  return over > 0
    ? t.evaluation.overConfident(points(over))
    : t.evaluation.underConfident(points(over));
}
