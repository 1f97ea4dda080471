/** Cross-validation in slices, so that requests and Cancel get their turns between. */
import { stateError, toCnnLabError } from "../api/error";
import { isFatal, type FoldOptions } from "../api/protocol";
import type { CrossValidation, CrossValidationProgress, FoldScores, RunInfo } from "../api/types";
import type { Core, FoldEvent } from "./core";
import { macrotask } from "./macrotask";
import { Pace } from "./pace";
import type { SerialQueue } from "./serial-queue";

type Asked = {
  options: FoldOptions;
  signal: AbortSignal;
  onProgress: (progress: CrossValidationProgress) => void;
};

/** The core holds one at a time, and the second must not end the first. */
let underWay = false;

export async function crossValidate({ core, queue }: { core: Core; queue: SerialQueue }, asked: Asked): Promise<CrossValidation> {
  asked.signal.throwIfAborted();
  if (underWay) throw stateError("Another cross-validation is under way; wait for it, or cancel it.");
  underWay = true;
  try {
    return await run(core, queue, asked);
  } finally {
    underWay = false;
  }
}

async function run(core: Core, queue: SerialQueue, { options, signal, onProgress }: Asked): Promise<CrossValidation> {
  const info = await queue.run(() => core.startCrossValidation(options));
  const course = new Course(info, performance.now());
  let pace = new Pace();
  let fatal = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { n } = pace;
      const events = await queue.run(async () => {
        const began = performance.now();
        const told = await core.advanceCrossValidation(n);
        pace.took(performance.now() - began, n);
        return told;
      });
      const { stage } = course;
      const over = course.take(events, performance.now());
      // Training, validation and measuring are work of different kinds.
      if (stage !== course.stage || events.some(endsEpoch)) pace = new Pace();
      onProgress(course.progress());
      if (over) return over;
      await macrotask();
    }
  } catch (error) {
    const { code } = toCnnLabError(error);
    fatal = isFatal({ code });
    // Nothing else makes a call of it senseless once it has begun.
    if (code === "state") throw stateError("The data or the network was changed meanwhile, which ended the cross-validation. Begin it again with what they are now.");
    throw error;
  } finally {
    // Its last network is of no use any more. A core that panicked is not asked again.
    if (!fatal) await queue.run(() => core.cancelCrossValidation());
  }
}

function endsEpoch(event: FoldEvent): boolean {
  if (event.type !== "training") return false;
  const { event: told } = event;
  return told.type === "epoch" || (told.type === "step" && told.step === told.steps);
}

/** How it goes, from what the core tells. */
export class Course {
  stage: CrossValidationProgress["stage"] = "training";
  #folds: number;
  #pictures: number;
  #fold = { fold: 1, train: 0, heldOut: 0 };
  #run: RunInfo | null = null;
  #step: { epoch: number; step: number; loss: number | null; accuracy: number | null } = { epoch: 1, step: 0, loss: null, accuracy: null };
  #steps = 0;
  /** Steps of this fold, or how much of its fitting is done: 0 to 1. */
  #share = 0;
  #scores: FoldScores[] = [];
  #warnings: string[];
  #began: number;
  #foldBegan: number;

  constructor({ folds, pictures, warnings }: { folds: number; pictures: number; warnings: string[] }, now: number) {
    this.#folds = folds;
    this.#pictures = pictures;
    this.#warnings = [...warnings];
    this.#began = this.#foldBegan = now;
  }

  /** Takes events in their order; gives the result with the last. */
  take(events: FoldEvent[], now: number): CrossValidation | undefined {
    let over: CrossValidation | undefined;
    for (const event of events) {
      switch (event.type) {
        case "fold": {
          const { fold, train, heldOut, run } = event;
          this.#fold = { fold, train, heldOut };
          this.#run = run;
          this.#step = { epoch: run.epoch, step: 0, loss: null, accuracy: null };
          this.#steps = run.stepsPerEpoch;
          this.#share = 0;
          this.stage = run.fitting ? "fitting" : "training";
          break;
        }
        case "training":
          this.#train(event);
          break;
        case "scores": {
          const { type, ...scores } = event;
          this.#scores = [...this.#scores, { ...scores, seconds: (now - this.#foldBegan) / 1000 }];
          this.#foldBegan = now;
          this.#share = 1;
          break;
        }
        case "done": {
          const { type, ...result } = event;
          over = { ...result, folds: this.#scores, warnings: this.#warnings, seconds: (now - this.#began) / 1000 };
          break;
        }
      }
    }
    return over;
  }

  #train({ fold, event }: Extract<FoldEvent, { type: "training" }>): void {
    switch (event.type) {
      case "fitting":
        this.stage = event.share < 1 ? "fitting" : "training";
        break;
      case "step": {
        const { epoch, step, steps, loss, accuracy, globalStep } = event;
        this.#step = { epoch, step, loss, accuracy };
        this.#steps = steps;
        this.#share = this.#run ? globalStep / this.#run.totalSteps : 0;
        break;
      }
      case "warning":
        this.#warnings = [...this.#warnings, `Fold ${fold}: ${event.message}`];
        break;
      case "done":
        this.stage = "measuring";
        this.#share = 1;
        break;
      case "epoch":
        break;
    }
  }

  progress(): CrossValidationProgress {
    const done = this.#fold.fold - 1 + Math.min(1, this.#share);
    return {
      ...this.#fold,
      folds: this.#folds,
      pictures: this.#pictures,
      stage: this.stage,
      ...this.#step,
      epochs: this.#run?.epochs ?? 1,
      steps: this.#steps,
      share: Math.min(1, done / this.#folds),
      scores: this.#scores,
      warnings: this.#warnings,
    };
  }
}
