/** What the options are for, in one sentence each; their defaults are in `api/keras.ts`. */

/** What each optimizer is, and what of its options means. */
export const aboutOptimizer: Readonly<Record<string, string>> = {
  rmsprop: "Divides each weight's step by how large its slope has lately been.",
  adam: "RMSprop with momentum: steps follow the mean of the latest slopes.",
  sgd: "Takes the plain slope; with momentum, the mean of the latest ones.",
  adamw: "Adam with weight decay that is apart from the slope.",
  nadam: "Adam that looks a step ahead, as Nesterov's momentum does.",
  adagrad: "Divides each weight's step by all slopes it ever had, so steps only shrink.",
  adadelta: "Adagrad that forgets. Keras begins it at 0.001; its authors meant 1.",
};

export const optionHelp: Readonly<Record<string, string>> = {
  momentum: "How much of the last step is kept in the next, from 0 up to 1. 0.9 is usual.",
  nesterov: "Looks where the momentum leads before it takes the slope.",
  rho: "How slowly the past slopes are forgotten, from 0 up to 1.",
  epsilon: "Keeps it from dividing by nearly nothing.",
  centered: "Divides by how much the slopes differ, not by how large they are.",
  beta_1: "How slowly the mean of the slopes forgets, from 0 up to 1.",
  beta_2: "How slowly the mean of their squares forgets, from 0 up to 1.",
  amsgrad: "Never lets the divisor fall again.",
  initial_accumulator_value: "What stands for the slopes before the first.",
  weight_decay: "Before each step every weight loses this part of itself, times the learning rate. Keeps weights small.",
  decay_steps: "Over so many steps: once to the end, or once per decay_rate.",
  decay_rate: "How strongly it falls over decay_steps.",
  staircase: "Falls at once after each decay_steps, and not smoothly.",
  boundaries: "The steps after which the next value holds.",
  values: "The learning rates, one more than boundaries.",
  end_learning_rate: "The rate that it ends at.",
  power: "1 falls in a straight line; larger values fall fast at first.",
  cycle: "Begins again with more steps when it has come to the end.",
  alpha: "The part of the rate that is left at the end.",
  warmup_target: "The rate that a warm-up rises to, from the learning rate above. Empty: no warm-up.",
  warmup_steps: "The steps that the warm-up takes.",
  first_decay_steps: "The steps until it begins again for the first time.",
  t_mul: "How many times longer each period is than the one before.",
  m_mul: "How high each period begins, as a part of the one before.",
  monitor: "The figure that is watched.",
  patience: "Epochs without an improvement that are waited for.",
  min_delta: "What a change must exceed to be an improvement.",
  restore_best_weights: "Ends with the weights of the best epoch, not of the last.",
  start_from_epoch: "Epochs that pass before anything is watched.",
  factor: "What the learning rate is multiplied by, below 1.",
  cooldown: "Epochs that pass after a reduction before anything is watched again.",
  min_lr: "The rate never falls below this.",
};

export const scheduleTitles = [
  { name: "ExponentialDecay", title: "Exponential, or in steps" },
  { name: "InverseTimeDecay", title: "Inverse time" },
  { name: "PiecewiseConstantDecay", title: "Piecewise constant" },
  { name: "PolynomialDecay", title: "Polynomial, or linear" },
  { name: "CosineDecay", title: "Cosine, with warm-up" },
  { name: "CosineDecayRestarts", title: "Cosine with restarts" },
] as const;

export const clipTitles = {
  clipvalue: "each number (clipvalue)",
  clipnorm: "each weight's length (clipnorm)",
  global_clipnorm: "all together (global_clipnorm)",
} as const;

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
