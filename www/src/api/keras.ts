/**
 * The optimizers and schedules that the core knows, by Keras's names, with the defaults of
 * Keras and of the core (`optimizer.rs`, `schedule.rs`).
 */

/** What an option is unless it is given; null: nothing. */
type Defaults = Readonly<Record<string, number | boolean | null>>;

const adam = { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };

export const optimizers: readonly { name: string; title: string; learningRate: number; options: Defaults }[] = [
  { name: "rmsprop", title: "RMSprop", learningRate: 0.001, options: { rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false } },
  { name: "adam", title: "Adam", learningRate: 0.001, options: { ...adam, amsgrad: false } },
  { name: "sgd", title: "SGD", learningRate: 0.01, options: { momentum: 0, nesterov: false } },
  { name: "adamw", title: "AdamW", learningRate: 0.001, options: { ...adam, amsgrad: false, weight_decay: 0.004 } },
  { name: "nadam", title: "Nadam", learningRate: 0.001, options: adam },
  { name: "adagrad", title: "Adagrad", learningRate: 0.001, options: { initial_accumulator_value: 0.1, epsilon: 1e-7 } },
  { name: "adadelta", title: "Adadelta", learningRate: 0.001, options: { rho: 0.95, epsilon: 1e-7 } },
];

/** The three ways of clipping gradients; an optimizer has at most one of them. */
export const clips = ["clipvalue", "clipnorm", "global_clipnorm"] as const;

const shared: Defaults = { weight_decay: null, clipvalue: null, clipnorm: null, global_clipnorm: null };

/** All options of an optimizer but its learning rate, with their defaults. */
export function optionsOfOptimizer(name: string): Defaults {
  return { ...shared, ...optimizers.find((known) => known.name === name)?.options };
}

/** A schedule's option: how it is given, and what it is unless it is. */
export type ScheduleOption = {
  kind: "steps" | "number" | "flag" | "list";
  /** Absent: it has to be given. */
  rest?: number | boolean | null;
  /** The least that it can be; a number of steps is above it. */
  least?: number;
};

const decay: Readonly<Record<string, ScheduleOption>> = {
  decay_steps: { kind: "steps" }, decay_rate: { kind: "number" }, staircase: { kind: "flag", rest: false },
};

/** The options of each schedule, beside `initial_learning_rate` where it begins at that. */
export const schedules: Readonly<Record<string, Readonly<Record<string, ScheduleOption>>>> = {
  ExponentialDecay: decay,
  InverseTimeDecay: decay,
  PiecewiseConstantDecay: { boundaries: { kind: "list" }, values: { kind: "list" } },
  PolynomialDecay: {
    decay_steps: { kind: "steps" }, end_learning_rate: { kind: "number", rest: 1e-4 }, power: { kind: "number", rest: 1 }, cycle: { kind: "flag", rest: false },
  },
  CosineDecay: {
    decay_steps: { kind: "steps" }, alpha: { kind: "number", rest: 0 }, warmup_target: { kind: "number", rest: null }, warmup_steps: { kind: "number", rest: 0 },
  },
  CosineDecayRestarts: {
    first_decay_steps: { kind: "steps" }, t_mul: { kind: "number", rest: 2, least: 1 }, m_mul: { kind: "number", rest: 1 }, alpha: { kind: "number", rest: 0 },
  },
};

/** Whether a schedule begins at `initial_learning_rate`, or, without that, at the run's learning rate. */
export const hasStart = (name: string): boolean => name !== "PiecewiseConstantDecay";
