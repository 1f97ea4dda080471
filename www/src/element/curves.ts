import type { EpochEvent, History, StepEvent } from "../api/types";
import { Curve, type Points } from "../view/curve";
import type { Lines } from "../view/chart";

/** How much of the mean the past holds: a mean over about the last twenty steps. */
const memory = 0.95;

/** A mean over the latest values, right from the first one on. */
export class RecentMean {
  #sum = 0;
  #weight = 0;

  add(value: number): number {
    this.#sum = memory * this.#sum + (1 - memory) * value;
    this.#weight = memory * this.#weight + (1 - memory);
    return this.#sum / this.#weight;
  }
}

/** The curves of the present weights: loss and accuracy, in training and in validation. */
export class Curves {
  readonly #loss = new Curve();
  readonly #accuracy = new Curve();
  readonly #lossMean = new RecentMean();
  readonly #accuracyMean = new RecentMean();
  readonly #valLoss: Points = { x: [], y: [] };
  readonly #valAccuracy: Points = { x: [], y: [] };
  /** The latest means. */
  loss: number | null = null;
  accuracy: number | null = null;
  valLoss: number | null = null;
  valAccuracy: number | null = null;

  get empty(): boolean {
    return this.loss === null;
  }

  step({ epoch, step, steps, loss, accuracy }: Pick<StepEvent, "epoch" | "step" | "steps" | "loss" | "accuracy">): void {
    const x = epoch - 1 + step / steps;
    this.loss = this.#lossMean.add(loss);
    this.accuracy = this.#accuracyMean.add(accuracy);
    this.#loss.add(x, this.loss);
    this.#accuracy.add(x, this.accuracy);
  }

  epoch({ epoch, valLoss, valAccuracy }: Pick<EpochEvent, "epoch" | "valLoss" | "valAccuracy">): void {
    if (valLoss !== undefined && valAccuracy !== undefined) {
      this.#valLoss.x.push(epoch);
      this.#valLoss.y.push(valLoss);
      this.#valAccuracy.x.push(epoch);
      this.#valAccuracy.y.push(valAccuracy);
      this.valLoss = valLoss;
      this.valAccuracy = valAccuracy;
    }
  }

  /** The curves of a history, such as a checkpoint holds. */
  static of(history: History, stepsPerEpoch?: number): Curves {
    const curves = new Curves();
    const inEpoch = new Map<number, number>();
    for (const { epoch } of history.steps) {
      inEpoch.set(epoch, (inEpoch.get(epoch) ?? 0) + 1);
    }
    // The last epoch may be unfinished; a finished one tells how long it would have been.
    const most = stepsPerEpoch ?? Math.max(0, ...inEpoch.values());
    const finished = new Set(history.epochs.map(({ epoch }) => epoch));
    const seen = new Map<number, number>();
    for (const { epoch, loss, accuracy } of history.steps) {
      const step = (seen.get(epoch) ?? 0) + 1;
      seen.set(epoch, step);
      const steps = finished.has(epoch) ? (inEpoch.get(epoch) ?? step) : Math.max(most, step);
      curves.step({ epoch, step, steps, loss, accuracy });
    }
    for (const epoch of history.epochs) {
      curves.epoch(epoch);
    }
    return curves;
  }

  lossLines(): Lines {
    return { training: this.#loss.points(), validation: copy(this.#valLoss) };
  }

  accuracyLines(): Lines {
    return { training: this.#accuracy.points(), validation: copy(this.#valAccuracy) };
  }
}

function copy({ x, y }: Points): Points {
  return { x: x.slice(), y: y.slice() };
}
