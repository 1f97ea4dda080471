/** The types of training options with options of their own; part of the public contract, as all in `types.ts`. */
import type { Augmentation, OptimizerSpec } from "./types";

/**
 * A learning rate that changes from step to step, by Keras's names. Steps are training steps,
 * not epochs. Without `initial_learning_rate` it begins at the run's `learningRate`.
 */
export type LearningRateSchedule =
  | {
      name: "ExponentialDecay" | "InverseTimeDecay";
      initial_learning_rate?: number;
      decay_steps: number;
      decay_rate: number;
      /** Default false. */
      staircase?: boolean;
    }
  | { name: "PiecewiseConstantDecay"; /** Steps, rising. */ boundaries: number[]; /** One more than boundaries. */ values: number[] }
  | {
      name: "PolynomialDecay";
      initial_learning_rate?: number;
      decay_steps: number;
      /** Default 0.0001. */
      end_learning_rate?: number;
      /** Default 1. */
      power?: number;
      /** Default false. */
      cycle?: boolean;
    }
  | {
      name: "CosineDecay";
      initial_learning_rate?: number;
      decay_steps: number;
      /** Default 0. */
      alpha?: number;
      /** The rate that a warm-up ends at; no warm-up by default. */
      warmup_target?: number | null;
      /** Default 0. */
      warmup_steps?: number;
    }
  | {
      name: "CosineDecayRestarts";
      initial_learning_rate?: number;
      first_decay_steps: number;
      /** Default 2. */
      t_mul?: number;
      /** Default 1. */
      m_mul?: number;
      /** Default 0. */
      alpha?: number;
    };

/** A figure that is watched from epoch to epoch; those of validation need validation pictures. */
export type Monitor = "val_loss" | "val_accuracy" | "loss" | "accuracy";

/** Keras's `EarlyStopping`: ends a run whose figure has stopped improving. */
export type EarlyStopping = {
  /** Default `val_loss`. */
  monitor?: Monitor;
  /** Epochs without an improvement that are waited for. Default 0. */
  patience?: number;
  /** What a change must exceed to be an improvement. Default 0. */
  minDelta?: number;
  /** End with the weights of the best epoch. Default false. */
  restoreBestWeights?: boolean;
  /** Epochs of the run that pass before anything is watched. Default 0. */
  startFromEpoch?: number;
};

/** Keras's `ReduceLROnPlateau`: reduces the learning rate when a figure has stopped improving. */
export type ReduceOnPlateau = {
  /** Default `val_loss`. */
  monitor?: Monitor;
  /** What the rate is multiplied by: from 0 up to 1. Default 0.1. */
  factor?: number;
  /** Epochs without an improvement that are waited for. Default 10. */
  patience?: number;
  /** What a change must exceed to be an improvement. Default 0.0001. */
  minDelta?: number;
  /** Epochs that pass after a reduction before anything is watched again. Default 0. */
  cooldown?: number;
  /** The rate never falls below this. Default 0. */
  minLearningRate?: number;
};

export type FinderOptions = {
  /** The rate of the first step. Default 0.000001. */
  minLearningRate?: number | undefined;
  /** The rate of the last step. Default 10. */
  maxLearningRate?: number | undefined;
  /** Steps to take, from 10 to 10,000; fewer where the loss leaves all bounds. Default 100. */
  steps?: number | undefined;
  /** Pictures a step. Default 32. */
  batchSize?: number | undefined;
  /** How much of the smoothed loss is kept at each step, from 0 up to 1. Default 0.9. */
  smoothing?: number | undefined;
  /** Another optimizer than the present one; its own rate is not used. */
  optimizer?: OptimizerSpec | string | undefined;
  augmentation?: Augmentation | undefined;
  classWeight?: "balanced" | number[] | undefined;
  /** Default: the lab's. */
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Told of every step that was taken, as it comes. */
  onProgress?: ((progress: FinderProgress) => void) | undefined;
};

/** One step of the learning-rate finder. */
export type FinderPoint = {
  /** Counted from 1. */
  step: number;
  learningRate: number;
  /** Of the step's batch, before its update. */
  loss: number;
  /** The mean of that and the losses before it, the older the less. */
  smoothed: number;
};

export type FinderProgress = {
  done: number;
  /** Steps at the most. */
  total: number;
  unit: "steps";
  /** The steps since the last time. */
  points: FinderPoint[];
};

export type FoundLearningRate = {
  points: FinderPoint[];
  /** The rate where the smoothed loss falls fastest; null where it does not fall. */
  suggestion: number | null;
  /** Whether the loss left all bounds before the last step, as it should. */
  diverged: boolean;
};
