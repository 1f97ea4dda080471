/** What the options are for, in one sentence each; their defaults are in `api/keras.ts`. */
import "../../text/en/options";
import type { Phrase } from "../../text/texts";

/** What each optimizer is, and what of its options means. */
export const aboutOptimizer: Readonly<Record<string, Phrase>> = {
  rmsprop: (t) => t.options.rmsprop,
  adam: (t) => t.options.adam,
  sgd: (t) => t.options.sgd,
  adamw: (t) => t.options.adamw,
  nadam: (t) => t.options.nadam,
  adagrad: (t) => t.options.adagrad,
  adadelta: (t) => t.options.adadelta,
};

export const optionHelp: Readonly<Record<string, Phrase>> = {
  momentum: (t) => t.options.momentum,
  nesterov: (t) => t.options.nesterov,
  rho: (t) => t.options.rho,
  epsilon: (t) => t.options.epsilon,
  centered: (t) => t.options.centered,
  beta_1: (t) => t.options.beta1,
  beta_2: (t) => t.options.beta2,
  amsgrad: (t) => t.options.amsgrad,
  initial_accumulator_value: (t) => t.options.initialAccumulator,
  weight_decay: (t) => t.options.weightDecay,
  decay_steps: (t) => t.options.decaySteps,
  decay_rate: (t) => t.options.decayRate,
  staircase: (t) => t.options.staircase,
  boundaries: (t) => t.options.boundaries,
  values: (t) => t.options.values,
  end_learning_rate: (t) => t.options.endRate,
  power: (t) => t.options.power,
  cycle: (t) => t.options.cycle,
  alpha: (t) => t.options.alpha,
  warmup_target: (t) => t.options.warmupTarget,
  warmup_steps: (t) => t.options.warmupSteps,
  first_decay_steps: (t) => t.options.firstDecaySteps,
  t_mul: (t) => t.options.tMul,
  m_mul: (t) => t.options.mMul,
  monitor: (t) => t.options.monitor,
  patience: (t) => t.options.patience,
  min_delta: (t) => t.options.minDelta,
  restore_best_weights: (t) => t.options.restoreBest,
  start_from_epoch: (t) => t.options.startFrom,
  factor: (t) => t.options.factor,
  cooldown: (t) => t.options.cooldown,
  min_lr: (t) => t.options.minRate,
};

export const scheduleTitles = [
  { name: "ExponentialDecay", title: (t) => t.options.exponential },
  { name: "InverseTimeDecay", title: (t) => t.options.inverse },
  { name: "PiecewiseConstantDecay", title: (t) => t.options.piecewise },
  { name: "PolynomialDecay", title: (t) => t.options.polynomial },
  { name: "CosineDecay", title: (t) => t.options.cosine },
  { name: "CosineDecayRestarts", title: (t) => t.options.cosineRestarts },
] satisfies { name: string; title: Phrase }[];

export const clipTitles = {
  clipvalue: (t) => t.options.clipValue,
  clipnorm: (t) => t.options.clipNorm,
  global_clipnorm: (t) => t.options.clipGlobal,
} satisfies Record<string, Phrase>;

export const monitorTitles = {
  val_loss: "val_loss",
  val_accuracy: "val_accuracy",
  loss: "loss",
  accuracy: "accuracy",
} as const;

/** The fields of a watcher: Keras's name, the class's, its default, and whether it counts epochs. */
export const stoppingFields = [
  { keras: "patience", key: "patience", rest: 0, epochs: true },
  { keras: "min_delta", key: "minDelta", rest: 0, epochs: false },
  { keras: "start_from_epoch", key: "startFromEpoch", rest: 0, epochs: true },
] as const;

export const plateauFields = [
  { keras: "factor", key: "factor", rest: 0.1, epochs: false },
  { keras: "patience", key: "patience", rest: 10, epochs: true },
  { keras: "min_delta", key: "minDelta", rest: 1e-4, epochs: false },
  { keras: "cooldown", key: "cooldown", rest: 0, epochs: true },
  { keras: "min_lr", key: "minLearningRate", rest: 0, epochs: false },
] as const;
