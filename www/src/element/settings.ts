import { checkAugmentation, checkClassWeight, largestSeed } from "../api/check";
import { checkEarlyStopping, checkOptimizer, checkReduceOnPlateau, checkSchedule } from "../api/check-training";
import { hasStart, optimizers, optionsOfOptimizer } from "../api/keras";
import { type Language, languageOf, languages } from "../text/languages";
import type { Augmentation, DeviceChoice, EarlyStopping, LearningRateSchedule, OptimizerSpec, ReduceOnPlateau, TrainOptions } from "../api/types";
import type { Phrase } from "../text/texts";

export { optimizers };

export const stepNames = ["data", "network", "train", "inside"] as const;
export type Step = (typeof stepNames)[number];

/** What the element's attributes, or the page's controls, ask for. */
export type Settings = {
  /** Which of the four steps are shown. */
  steps: readonly Step[];
  /** `fixed`: what is learned, and how, stays as the attributes say. */
  controls: "free" | "fixed";
  /** As high as the page says, in CSS; null: as high as what is in it. */
  height: string | null;
  /** `auto`: as the page is. */
  theme: "auto" | "light" | "dark";
  /** Workers that train side by side; null: as many as are good. */
  workers: number | null;
  dataset: string;
  /** Pictures of each split at most; null: all. */
  limit: number | null;
  /** Share of the training pictures to validate with. */
  validation: number;
  /** Share of them to test with, where a set brings no test pictures. */
  test: number;
  /** A preset's name, or a spec as JSON text. */
  model: string;
  /** The pretrained network whose preset is taken once there are pictures to make it for; null: none is waited for. */
  base: string | null;
  epochs: number;
  batchSize: number;
  optimizer: string;
  /** Its options that are not Keras's defaults, in Keras's names. */
  optimizerOptions: OptimizerOptions;
  /** With a schedule, the rate that it begins at, unless it says so itself. */
  learningRate: number;
  /** Null: the rate stays. */
  schedule: LearningRateSchedule | null;
  /** Null: off, as is the next. */
  reduceOnPlateau: ReduceOnPlateau | null;
  earlyStopping: EarlyStopping | null;
  /** How training pictures are changed each time they are seen; empty: not at all. */
  augmentation: Augmentation;
  /** `balanced`: each class counts alike, however many pictures it has; a list: by hand; null: each picture counts alike. */
  classWeight: "balanced" | number[] | null;
  shuffle: boolean;
  /** Whether the validation pictures are measured after every epoch. */
  validate: boolean;
  device: DeviceChoice;
  /** The lab's: first weights and shuffles are drawn by it. */
  seed: number;
  /** By which validation and test pictures are drawn. */
  splitSeed: number;
};

export type OptimizerOptions = Readonly<Record<string, number | boolean>>;

export const defaults: Settings = {
  steps: stepNames,
  controls: "free",
  height: null,
  theme: "auto",
  workers: null,
  dataset: "mnist",
  limit: null,
  validation: 0.1,
  test: 0.1,
  model: "mnist-convnet",
  base: null,
  epochs: 5,
  batchSize: 64,
  optimizer: "rmsprop",
  optimizerOptions: {},
  learningRate: 0.001,
  schedule: null,
  reduceOnPlateau: null,
  earlyStopping: null,
  augmentation: {},
  classWeight: null,
  shuffle: true,
  validate: true,
  device: "auto",
  seed: 0,
  splitSeed: 0,
};

/** What a network's spec says of its optimizer, as settings. What Keras has and the lab does not is left out. */
export function optimizerSettings(
  optimizer: OptimizerSpec | string | undefined,
): Partial<Pick<Settings, "optimizer" | "optimizerOptions" | "learningRate" | "schedule" | "reduceOnPlateau">> {
  const { name, learning_rate: rate, ...options }: OptimizerSpec = typeof optimizer === "object" ? optimizer : { name: optimizer ?? "" };
  const known = optimizers.find((other) => other.name === name.toLowerCase());
  if (!known) {
    return {};
  }
  const rest = optionsOfOptimizer(known.name);
  const own = Object.entries(options).filter(([key, value]) => key in rest && value !== null && value !== undefined && value !== rest[key]);
  const chosen = { optimizer: known.name, optimizerOptions: Object.fromEntries(own) as OptimizerOptions, schedule: null };
  if (rate === undefined || typeof rate === "number") {
    return { ...chosen, learningRate: rate ?? known.learningRate };
  }
  if (!("initial_learning_rate" in rate)) {
    return adopted({ ...chosen, schedule: rate, learningRate: known.learningRate });
  }
  const { initial_learning_rate: learningRate = known.learningRate, ...schedule } = rate;
  return adopted({ ...chosen, schedule, learningRate });
}

/** Whether a schedule says itself at which rate it begins. */
export function startsItself(schedule: LearningRateSchedule | null): boolean {
  return schedule !== null && (!hasStart(schedule.name) || "initial_learning_rate" in schedule);
}

/** What the class is asked for with these settings. */
export function trainOptions(settings: Settings): TrainOptions {
  const { epochs, batchSize, optimizer, optimizerOptions, learningRate, schedule, reduceOnPlateau, earlyStopping, augmentation, classWeight, shuffle, validate } = settings;
  return {
    epochs, batchSize, shuffle, validate,
    optimizer: { name: optimizer, ...optimizerOptions },
    ...(!startsItself(schedule) && { learningRate }),
    ...(schedule && { schedule }),
    ...(reduceOnPlateau && { reduceOnPlateau }),
    ...(earlyStopping && { earlyStopping }),
    ...(Object.keys(augmentation).length > 0 && { augmentation }),
    ...(classWeight && { classWeight }),
  };
}

/** Options that take the place of others: a schedule ends reducing the rate on a plateau and the other way round, since only one can set it. */
export function adopted<T extends Partial<Settings>>(of: T): T & Partial<Pick<Settings, "schedule" | "reduceOnPlateau">> {
  if (of.schedule) return { ...of, reduceOnPlateau: null };
  return of.reduceOnPlateau ? { ...of, schedule: null } : of;
}

/** The settings that ask the class for these options: the way back from `trainOptions`, for options of another run or of a text. What is left out of them is left out, but for what they rule out. */
export function settingsOfOptions(o: TrainOptions): Partial<Settings> {
  const { epochs, batchSize, optimizer, learningRate, schedule, reduceOnPlateau, earlyStopping, augmentation, classWeight, shuffle, validate } = o;
  const watcher = <T extends object>(given: boolean | T): T | null => (typeof given === "object" ? given : given ? ({} as T) : null);
  return adopted({
    ...(epochs !== undefined && { epochs }),
    ...(batchSize !== undefined && { batchSize }),
    ...(optimizer !== undefined && optimizerSettings(optimizer)),
    ...(learningRate !== undefined && { learningRate }),
    ...(schedule && { schedule }),
    ...(reduceOnPlateau !== undefined && { reduceOnPlateau: watcher<ReduceOnPlateau>(reduceOnPlateau) }),
    ...(earlyStopping !== undefined && { earlyStopping: watcher<EarlyStopping>(earlyStopping) }),
    ...(augmentation && { augmentation }),
    ...(classWeight && { classWeight }),
    ...(shuffle !== undefined && { shuffle }),
    ...(validate !== undefined && { validate }),
  });
}

/** How many of the training options that have no control of their own in the panel are not as at first. */
export function trainingChanges({ optimizerOptions, schedule, reduceOnPlateau, earlyStopping, classWeight, shuffle, validate }: Settings): number {
  const others = [schedule, reduceOnPlateau, earlyStopping, Array.isArray(classWeight), !shuffle, !validate];
  return Object.keys(optimizerOptions).length + others.filter(Boolean).length;
}

export const devices: readonly { kind: DeviceChoice; title: string | Phrase }[] = [
  { kind: "auto", title: (t) => t.train.automatic },
  { kind: "webgpu", title: "WebGPU" },
  { kind: "cpu", title: "CPU" },
  { kind: "flex", title: "CPU, burn-flex" },
  { kind: "ndarray", title: "CPU, burn-ndarray" },
];

/** An attribute that cannot be what it says, with what it can be. */
export class AttributeError extends Error {
  readonly code = "option";
  readonly field: string;

  constructor(
    attribute: string,
    readonly given: string,
    readonly expected: string,
  ) {
    super(`The attribute ${attribute}="${given}" cannot be used: give ${expected}.`);
    this.field = attribute;
  }
}

type Reader = {
  attribute: string;
  read: (text: string) => Partial<Settings>;
  /** What the attribute would say; null: it can stay away. Absent where it is no part of an experiment. */
  write?: (settings: Settings) => string | null;
};

function number(attribute: string, text: string, expected: string, fits: (value: number) => boolean): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!fits(value)) {
    throw new AttributeError(attribute, text, expected);
  }
  return value;
}

function oneOf<T extends string>(attribute: string, text: string, names: readonly T[]): T {
  const found = names.find((name) => name === text.trim());
  if (found === undefined) {
    throw new AttributeError(attribute, text, `one of ${names.join(", ")}`);
  }
  return found;
}

/** JSON that a check of the class's lets pass; null for nothing. */
function checked(attribute: string, text: string, example: string, check: (value: unknown) => void): unknown {
  try {
    const value: unknown = JSON.parse(text);
    check(value);
    return value;
  } catch (error) {
    const why = error instanceof SyntaxError ? "" : `; ${(error as Error).message.replace(/\.$/, "")}`;
    throw new AttributeError(attribute, text, `${example}${why}`);
  }
}

/** A watcher: an object, or true for Keras's defaults, or false. */
function watcher(attribute: string, text: string, check: (value: unknown) => void): object | null {
  const value = checked(attribute, text, `Keras's options as JSON, such as {"patience": 3}, or true`, check);
  return value === true ? {} : value === false ? null : (value as object);
}

/** An optimizer's name, or JSON with its options too. */
function optimizerOf(text: string): Partial<Settings> {
  if (!text.trim().startsWith("{")) {
    return { optimizer: oneOf("optimizer", text, optimizers.map(({ name }) => name)), optimizerOptions: {} };
  }
  const example = `an optimizer's name or its options as JSON, such as {"name": "sgd", "momentum": 0.9}, without learning_rate`;
  const spec = checked("optimizer", text, example, (value) => {
    checkOptimizer(value);
    if ("learning_rate" in (value as object)) throw new Error("learning-rate is an attribute of its own");
  });
  const { optimizer, optimizerOptions } = optimizerSettings(spec as OptimizerSpec);
  return { ...(optimizer && { optimizer }), ...(optimizerOptions && { optimizerOptions }) };
}

function classWeightOf(text: string): Settings["classWeight"] {
  if (!text.trim().startsWith("[")) {
    return oneOf("class-weight", text, ["balanced", "none"]) === "balanced" ? "balanced" : null;
  }
  return checked("class-weight", text, "balanced, none, or a list with a number a class, such as [1, 2.5]", checkClassWeight) as number[];
}

const yes = (attribute: string, text: string): boolean => oneOf(attribute, text, ["true", "false"]) === "true";

const seedOf = (attribute: string, text: string): number =>
  number(attribute, text, `a whole number from 0 to ${largestSeed}`, (value) => Number.isSafeInteger(value) && value >= 0 && value <= largestSeed);

const whole = (attribute: string, text: string, least: number): number =>
  number(attribute, text, `a whole number from ${least}`, (value) => Number.isSafeInteger(value) && value >= least);

/** A height in CSS; a number alone is in pixels. */
function heightOf(text: string): string {
  const [, size, unit] = /^(\d+(?:\.\d+)?)(px|rem|em|vh|svh|dvh|%)?$/.exec(text.trim()) ?? [];
  if (size === undefined || Number(size) === 0) {
    throw new AttributeError("height", text, "a height such as 640, 40rem or 80vh");
  }
  return size + (unit ?? "px");
}

/** How each attribute is read; a wrong one throws an AttributeError. */
const readers: readonly Reader[] = [
  { attribute: "dataset", read: (text) => ({ dataset: text.trim() }), write: ({ dataset }) => dataset },
  {
    attribute: "limit",
    read: (text) => ({ limit: whole("limit", text, 1) }),
    write: ({ limit }) => (limit === null ? null : String(limit)),
  },
  {
    attribute: "validation",
    read: (text) => ({ validation: number("validation", text, "a share from 0 to 0.9, such as 0.1", (v) => v >= 0 && v <= 0.9) }),
    write: ({ validation }) => String(validation),
  },
  {
    attribute: "test",
    read: (text) => ({ test: number("test", text, "a share from 0 to 0.9, such as 0.1", (v) => v >= 0 && v <= 0.9) }),
    write: ({ test }) => String(test),
  },
  { attribute: "model", read: (text) => ({ model: text.trim() }), write: ({ model }) => model },
  { attribute: "base", read: (text) => ({ base: text.trim() }), write: ({ base }) => base },
  { attribute: "epochs", read: (text) => ({ epochs: whole("epochs", text, 1) }), write: ({ epochs }) => String(epochs) },
  {
    attribute: "batch-size",
    read: (text) => ({ batchSize: whole("batch-size", text, 1) }),
    write: ({ batchSize }) => String(batchSize),
  },
  {
    attribute: "learning-rate",
    read: (text) => ({
      learningRate: number("learning-rate", text, "a number of at least 0, such as 0.001", (v) => Number.isFinite(v) && v >= 0),
    }),
    write: ({ learningRate }) => String(learningRate),
  },
  {
    attribute: "optimizer",
    read: optimizerOf,
    write: ({ optimizer: name, optimizerOptions }) => (Object.keys(optimizerOptions).length === 0 ? name : JSON.stringify({ name, ...optimizerOptions })),
  },
  {
    attribute: "schedule",
    read: (text) => ({
      schedule: checked("schedule", text, `a schedule of Keras's as JSON, such as {"name": "CosineDecay", "decay_steps": 1000}`, (value) =>
        checkSchedule("schedule", value)) as LearningRateSchedule,
    }),
    write: ({ schedule }) => schedule && JSON.stringify(schedule),
  },
  {
    attribute: "reduce-on-plateau",
    read: (text) => ({ reduceOnPlateau: watcher("reduce-on-plateau", text, checkReduceOnPlateau) }),
    write: ({ reduceOnPlateau }) => reduceOnPlateau && JSON.stringify(reduceOnPlateau),
  },
  {
    attribute: "early-stopping",
    read: (text) => ({ earlyStopping: watcher("early-stopping", text, checkEarlyStopping) }),
    write: ({ earlyStopping }) => earlyStopping && JSON.stringify(earlyStopping),
  },
  {
    attribute: "augmentation",
    read: (text) => ({ augmentation: checked("augmentation", text, `Keras's parameters as JSON, such as {"rotation_range": 40}`, checkAugmentation) as Augmentation }),
    write: ({ augmentation }) => (Object.keys(augmentation).length === 0 ? null : JSON.stringify(augmentation)),
  },
  {
    attribute: "class-weight",
    read: (text) => ({ classWeight: classWeightOf(text) }),
    write: ({ classWeight }) => (typeof classWeight === "string" ? classWeight : classWeight && JSON.stringify(classWeight)),
  },
  { attribute: "shuffle", read: (text) => ({ shuffle: yes("shuffle", text) }), write: ({ shuffle }) => (shuffle ? null : "false") },
  { attribute: "validate", read: (text) => ({ validate: yes("validate", text) }), write: ({ validate }) => (validate ? null : "false") },
  {
    attribute: "device",
    read: (text) => ({ device: oneOf("device", text, devices.map(({ kind }) => kind)) }),
    write: ({ device }) => device,
  },
  {
    attribute: "steps",
    read: (text) => ({ steps: text.trim().split(/\s+/).map((name) => oneOf("steps", name, stepNames)) }),
  },
  { attribute: "controls", read: (text) => ({ controls: oneOf("controls", text, ["free", "fixed"]) }) },
  { attribute: "theme", read: (text) => ({ theme: oneOf("theme", text, ["auto", "light", "dark"]) }) },
  { attribute: "height", read: (text) => ({ height: heightOf(text) }) },
  { attribute: "workers", read: (text) => ({ workers: whole("workers", text, 1) }) },
  { attribute: "seed", read: (text) => ({ seed: seedOf("seed", text) }), write: ({ seed }) => String(seed) },
  {
    attribute: "split-seed",
    read: (text) => ({ splitSeed: seedOf("split-seed", text) }),
    write: ({ seed, splitSeed }) => (splitSeed === seed ? null : String(splitSeed)),
  },
];

/** The attributes that choose something. */
export const attributeNames: readonly string[] = [...readers.map(({ attribute }) => attribute), "language", "autoplay"];

/** The language that an element asks for; null: none, so that the browser's is taken. Throws an AttributeError. */
export function languageAttribute(element: { getAttribute(name: string): string | null }): Language | null {
  const text = element.getAttribute("language");
  const language = text === null ? null : languageOf(text);
  if (text !== null && language === null) {
    throw new AttributeError("language", text, `one of ${Object.keys(languages).join(", ")}`);
  }
  return language;
}

/** A seed that stands alone means both. */
function withBothSeeds(settings: Partial<Settings>): Partial<Settings> {
  return settings.seed === undefined ? settings : { splitSeed: settings.seed, ...settings };
}

/** What is wrong with these settings together; null: nothing. */
function conflict({ schedule, reduceOnPlateau }: Partial<Settings>): AttributeError | null {
  return schedule && reduceOnPlateau
    ? new AttributeError("reduce-on-plateau", JSON.stringify(reduceOnPlateau), "either this or a schedule, since both set the learning rate")
    : null;
}

/** The settings of an element's attributes, and what is wrong with them. */
export function readAttributes(element: { getAttribute(name: string): string | null }): {
  settings: Partial<Settings>;
  errors: AttributeError[];
} {
  const settings: Partial<Settings> = {};
  const errors: AttributeError[] = [];
  for (const { attribute, read } of readers) {
    const text = element.getAttribute(attribute);
    if (text !== null) {
      try {
        Object.assign(settings, read(text));
      } catch (error) {
        errors.push(error as AttributeError);
      }
    }
  }
  const both = conflict(settings);
  if (both) {
    errors.push(both);
    delete settings.reduceOnPlateau;
  }
  return { settings: withBothSeeds(settings), errors };
}

/** The attributes that make a lab with these settings: what an experiment is, how it is shown left out. */
export function attributesOf(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    readers.flatMap(({ attribute, write }) => {
      const text = write?.(settings) ?? null;
      return text === null ? [] : [[attribute, text]];
    }),
  );
}

/** The settings that `attributesOf` wrote. Throws an AttributeError, also for what is no attribute of an experiment. */
export function settingsOf(attributes: Readonly<Record<string, string>>): Partial<Settings> {
  const settings: Partial<Settings> = {};
  for (const [attribute, text] of Object.entries(attributes)) {
    const reader = readers.find((other) => other.attribute === attribute && other.write);
    if (!reader) {
      const known = readers.flatMap((other) => (other.write ? other.attribute : []));
      throw new AttributeError(attribute, text, known.join(", "));
    }
    Object.assign(settings, reader.read(text));
  }
  const both = conflict(settings);
  if (both) {
    throw both;
  }
  return withBothSeeds(settings);
}
