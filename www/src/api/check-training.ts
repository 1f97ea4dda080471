/** Checks of what a run is asked for. Each error names its option; what of a value depends on the data or the network, the core checks. */
import { checkAugmentation, checkClassWeight, checkFlag, checkFunction, checkNumber, checkObject, checkOneOf, checkOptions, checkSignal, checkWhole, show } from "./check";
import { optionError } from "./error";
import { clips, hasStart, optimizers, optionsOfOptimizer, schedules } from "./keras";
import type { FinderOptions, TrainOptions, TrainUpdate } from "./types";

const monitors = ["val_loss", "val_accuracy", "loss", "accuracy"] as const;

/** What `train` can be asked for. */
export const trainOptionNames = [
  "epochs",
  "batchSize",
  "steps",
  "optimizer",
  "learningRate",
  "schedule",
  "earlyStopping",
  "reduceOnPlateau",
  "augmentation",
  "classWeight",
  "shuffle",
  "validate",
  "resume",
  "signal",
] as const satisfies readonly (keyof TrainOptions)[];

/** A run's options; `more` are those of a call that takes others beside them. */
export function checkTraining(o: TrainOptions, more: readonly string[] = []): void {
  checkOptions(o, [...trainOptionNames, ...more]);
  checkWhole("epochs", o.epochs, 1);
  checkWhole("batchSize", o.batchSize, 1);
  checkWhole("steps", o.steps, 1);
  checkOptimizer(o.optimizer);
  checkNumber("learningRate", o.learningRate);
  checkSchedule("schedule", o.schedule);
  checkEarlyStopping(o.earlyStopping);
  checkReduceOnPlateau(o.reduceOnPlateau);
  checkAugmentation(o.augmentation);
  checkClassWeight(o.classWeight);
  checkFlag("shuffle", o.shuffle);
  checkFlag("validate", o.validate);
  checkFlag("resume", o.resume);
  checkSignal(o.signal);
}

/** What may change while a run goes on. */
export function checkUpdate(o: TrainUpdate): void {
  checkOptions(o, ["learningRate", "epochs", "batchSize"]);
  checkNumber("learningRate", o.learningRate);
  checkWhole("epochs", o.epochs, 1);
  checkWhole("batchSize", o.batchSize, 1);
}

export function checkFinder(o: FinderOptions): void {
  checkOptions(o, [
    "minLearningRate",
    "maxLearningRate",
    "steps",
    "batchSize",
    "smoothing",
    "optimizer",
    "augmentation",
    "classWeight",
    "seed",
    "signal",
    "onProgress",
  ]);
  checkNumber("minLearningRate", o.minLearningRate);
  checkNumber("maxLearningRate", o.maxLearningRate);
  checkWhole("steps", o.steps, 10);
  checkWhole("batchSize", o.batchSize, 1);
  checkNumber("smoothing", o.smoothing);
  checkOptimizer(o.optimizer);
  checkAugmentation(o.augmentation);
  checkClassWeight(o.classWeight);
  checkWhole("seed", o.seed, 0);
  checkSignal(o.signal);
  checkFunction("onProgress", o.onProgress);
}

/** A number of at least `least`. */
function checkFrom(name: string, value: unknown, least = 0): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= least) return value;
  throw optionError(name, `${name} is a number of at least ${least}; it is ${show(value)}.`);
}

/** An optimizer's name, or an object with its name and options in Keras's names, or nothing. */
export function checkOptimizer(value: unknown): void {
  if (value === undefined) return;
  const names = optimizers.map(({ name }) => name);
  if (typeof value === "string") {
    checkOneOf("optimizer", value.toLowerCase(), names);
    return;
  }
  checkObject("optimizer", value, `an optimizer's name or an object with name and options, such as { name: "sgd", momentum: 0.9 }`);
  const { name: given, learning_rate: rate, ...options } = value as Record<string, unknown>;
  const name = checkOneOf("optimizer", typeof given === "string" ? given.toLowerCase() : given, names);
  if (rate !== null && typeof rate === "object") checkSchedule("learning_rate", rate);
  else if (rate !== undefined && rate !== null) checkFrom("learning_rate", rate);
  const known = optionsOfOptimizer(name);
  checkOptions(options, Object.keys(known));
  for (const [option, chosen] of Object.entries(options)) {
    // As in Keras, nothing stands for the default.
    if (chosen === undefined || chosen === null) continue;
    if (typeof known[option] === "boolean") checkFlag(option, chosen);
    else checkFrom(option, chosen);
  }
  const [first, second] = clips.filter((clip) => options[clip] !== undefined && options[clip] !== null);
  if (second !== undefined) throw optionError(second, `Gradients are clipped in one way: leave out ${second} or ${first}.`);
}

/** A schedule in Keras's names, or nothing. */
export function checkSchedule(field: string, value: unknown): void {
  if (value === undefined) return;
  checkObject(field, value, `an object with the name of a schedule and its options, such as { name: "CosineDecay", decay_steps: 1000 }`);
  const { name, ...options } = value as Record<string, unknown>;
  const known = schedules[checkOneOf(field, name, Object.keys(schedules))] ?? {};
  const start = hasStart(name as string) ? ["initial_learning_rate"] : [];
  checkOptions(options, [...start, ...Object.keys(known)]);
  const initial = options["initial_learning_rate"];
  if (initial !== undefined && initial !== null) checkFrom("initial_learning_rate", initial);
  for (const [option, { kind, rest, least }] of Object.entries(known)) {
    const given = options[option] ?? undefined;
    if (given === undefined && rest !== undefined) continue;
    if (kind === "flag") {
      checkFlag(option, given);
    } else if (kind === "list") {
      if (!Array.isArray(given)) throw optionError(option, `${option} is a list of numbers of at least 0; it is ${show(given)}.`);
      for (const number of given) checkFrom(option, number);
    } else if (checkFrom(option, given, least) === 0 && kind === "steps") {
      throw optionError(option, `${option} is a number of steps above 0; it is 0.`);
    }
  }
  const { boundaries, values } = options as { boundaries?: number[]; values?: number[] };
  if (boundaries && values) {
    if (boundaries.some((step, i) => i > 0 && step <= (boundaries[i - 1] ?? 0))) {
      throw optionError("boundaries", "boundaries are steps, each above the one before.");
    }
    if (values.length !== boundaries.length + 1) {
      throw optionError("values", `values has one rate more than boundaries has steps: ${boundaries.length + 1} and not ${values.length}.`);
    }
  }
}

/** An option that watches a figure: an object, true for Keras's defaults, false for off; its fields by their names. */
function checkWatcher(name: string, value: unknown, fields: Readonly<Record<string, "epochs" | "number" | "flag" | "factor">>): void {
  if (value === undefined || typeof value === "boolean") return;
  checkObject(name, value, "true for Keras's defaults, or an object with the figure to monitor and its options");
  checkOptions(value, ["monitor", ...Object.keys(fields)]);
  const given = value as Record<string, unknown>;
  if (given["monitor"] !== undefined) checkOneOf(`${name}.monitor`, given["monitor"], monitors);
  for (const [field, kind] of Object.entries(fields)) {
    const path = `${name}.${field}`;
    const chosen = given[field];
    if (kind === "epochs") checkWhole(path, chosen, 0);
    else if (kind === "flag") checkFlag(path, chosen);
    else checkNumber(path, chosen);
    if (kind === "factor" && typeof chosen === "number" && chosen >= 1) {
      throw optionError(path, `${path} is a number from 0 up to, but not including, 1; it is ${chosen}.`);
    }
  }
}

export function checkEarlyStopping(value: unknown): void {
  checkWatcher("earlyStopping", value, { patience: "epochs", minDelta: "number", restoreBestWeights: "flag", startFromEpoch: "epochs" });
}

export function checkReduceOnPlateau(value: unknown): void {
  checkWatcher("reduceOnPlateau", value, { factor: "factor", patience: "epochs", minDelta: "number", cooldown: "epochs", minLearningRate: "number" });
}
