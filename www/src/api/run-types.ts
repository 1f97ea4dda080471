/** The part of the public contract that is about runs and cross-validation; `types.ts` has it too. */
import type { DeviceKind, DoneEvent, History, ModelSpec, TrainOptions } from "./types";

/** A figure at its best, and the epoch that it was so after. */
export type Best = { value: number; epoch: number };

/**
 * What is kept of a run: all that it takes to read it, to compare it and to do it again. It is
 * plain JSON. A run that was stopped and resumed in the same lab is one run.
 */
export type RunRecord = {
  id: string;
  /** "Run 7" at first. */
  name: string;
  /** When it began, as in `Date.toISOString()`. */
  started: string;
  /** The data set's name, and its training pictures then. */
  dataset: string;
  pictures: number;
  device: DeviceKind;
  /** The lab's. */
  seed: number;
  /** The network, with every default written out. */
  spec: ModelSpec;
  /** Trainable or not. */
  parameters: number;
  /** As they were given to `train`. */
  options: Omit<TrainOptions, "signal" | "resume">;
  /** Its finished epochs, counted over the life of the weights. */
  epochs: History["epochs"];
  /** Its steps; of many, the means of as many neighbours as it takes to keep a few hundred points. */
  steps: {
    /** The last of them, counted over the life of the weights. */
    step: number;
    /** Where it is in the epochs: 2.5 is halfway through the third. */
    at: number;
    loss: number;
    accuracy: number;
  }[];
  /** Over its epochs; absent where nothing was measured. */
  best: { loss?: Best; accuracy?: Best; valLoss?: Best; valAccuracy?: Best };
  /** Time that it ran, pauses left out. */
  seconds: number;
  /** How it ended; null while it goes on, and where its page was closed before it ended. */
  reason: DoneEvent["reason"] | "failed" | null;
};

/** `resume` makes no sense here: every fold trains fresh weights. */
export type CrossValidationOptions = Omit<TrainOptions, "resume"> & {
  /** How many parts the training and validation pictures are dealt into, class by class. Default 5. */
  folds?: number | undefined;
  /** Deals them, and draws each fold's weights. The lab's by default. */
  seed?: number | undefined;
  /** Measure each epoch on the pictures held out. Default false here. */
  validate?: boolean | undefined;
  onProgress?: ((progress: CrossValidationProgress) => void) | undefined;
};

/** How far a cross-validation is. */
export type CrossValidationProgress = {
  /** The fold held out now, from 1. */
  fold: number;
  folds: number;
  /** Pictures in all folds, of this fold's training, and held out. */
  pictures: number;
  train: number;
  heldOut: number;
  stage: "fitting" | "training" | "measuring";
  epoch: number;
  epochs: number;
  /** Within the epoch; 0 before the first. */
  step: number;
  /** Steps in an epoch. */
  steps: number;
  /** Of the latest step's batch; null before the first of a fold. */
  loss: number | null;
  accuracy: number | null;
  /** How much of the whole is done, from 0 to 1; a fold that stops early jumps to its end. */
  share: number;
  /** The folds that have been measured. */
  scores: readonly FoldScores[];
  /** What there is to know of the folds and their runs, in sentences. */
  warnings: readonly string[];
};

/** How the network of a fold did on the pictures that it was not trained on. */
export type FoldScores = {
  /** From 1. */
  fold: number;
  /** Pictures that it was trained on. */
  train: number;
  /** Pictures that it was measured on. */
  heldOut: number;
  loss: number;
  accuracy: number;
  epochs: History["epochs"];
  reason: DoneEvent["reason"];
  /** The epoch whose weights were measured, where these were put back; else null. */
  restoredEpoch: number | null;
  /** Time that it took. */
  seconds: number;
};

/** Over folds, each counting once; `std` is the population's, as NumPy's `std` has it. */
export type Spread = { mean: number; std: number };

export type CrossValidation = {
  folds: FoldScores[];
  loss: Spread;
  accuracy: Spread;
  /** Which deviation `std` is. */
  deviation: "population";
  /** Pictures by [true class][predicted class], each once, when it was held out. */
  confusion: number[][];
  /** What there is to know of the folds and their runs, in sentences. */
  warnings: string[];
  /** Time that it took. */
  seconds: number;
};
