import type { Augmentation, DeviceChoice } from "../api/types";

export const stepNames = ["data", "network", "train", "inside"] as const;
export type Step = (typeof stepNames)[number];

/** What the element's attributes, or the page's controls, ask for. */
export type Settings = {
  /** Which of the four steps are shown. */
  steps: readonly Step[];
  dataset: string;
  /** Pictures of each split at most; null: all. */
  limit: number | null;
  /** Share of the training pictures to validate with. */
  validation: number;
  /** Share of them to test with, where a set brings no test pictures. */
  test: number;
  /** A preset's name, or a spec as JSON text. */
  model: string;
  epochs: number;
  batchSize: number;
  optimizer: string;
  learningRate: number;
  /** How training pictures are changed each time they are seen; empty: not at all. */
  augmentation: Augmentation;
  /** Whether each class counts alike, however many pictures it has. */
  balance: boolean;
  device: DeviceChoice;
  seed: number;
};

export const defaults: Settings = {
  steps: stepNames,
  dataset: "mnist",
  limit: null,
  validation: 0.1,
  test: 0.1,
  model: "mnist-convnet",
  epochs: 5,
  batchSize: 64,
  optimizer: "rmsprop",
  learningRate: 0.001,
  augmentation: {},
  balance: false,
  device: "auto",
  seed: 0,
};

export const optimizers = [
  { name: "rmsprop", title: "RMSprop", learningRate: 0.001 },
  { name: "adam", title: "Adam", learningRate: 0.001 },
  { name: "sgd", title: "SGD", learningRate: 0.01 },
] as const;

export const devices: readonly { kind: DeviceChoice; title: string }[] = [
  { kind: "auto", title: "Automatic" },
  { kind: "webgpu", title: "WebGPU" },
  { kind: "cpu", title: "CPU" },
  { kind: "ndarray", title: "CPU, ndarray" },
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

function json(attribute: string, text: string): Augmentation {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new AttributeError(attribute, text, `Keras's parameters as JSON, such as {"rotation_range": 40}`);
  }
  // The lab checks the names and values when a run begins.
  return value;
}

const whole = (attribute: string, text: string, least: number): number =>
  number(attribute, text, `a whole number from ${least}`, (value) => Number.isSafeInteger(value) && value >= least);

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
  { attribute: "epochs", read: (text) => ({ epochs: whole("epochs", text, 1) }), write: ({ epochs }) => String(epochs) },
  {
    attribute: "batch-size",
    read: (text) => ({ batchSize: whole("batch-size", text, 1) }),
    write: ({ batchSize }) => String(batchSize),
  },
  {
    attribute: "learning-rate",
    read: (text) => ({
      learningRate: number("learning-rate", text, "a number above 0, such as 0.001", (v) => Number.isFinite(v) && v > 0),
    }),
    write: ({ learningRate }) => String(learningRate),
  },
  {
    attribute: "optimizer",
    read: (text) => ({ optimizer: oneOf("optimizer", text, optimizers.map(({ name }) => name)) }),
    write: ({ optimizer }) => optimizer,
  },
  {
    attribute: "augmentation",
    read: (text) => ({ augmentation: json("augmentation", text) }),
    write: ({ augmentation }) => (Object.keys(augmentation).length === 0 ? null : JSON.stringify(augmentation)),
  },
  {
    attribute: "class-weight",
    read: (text) => ({ balance: oneOf("class-weight", text, ["balanced", "none"]) === "balanced" }),
    write: ({ balance }) => (balance ? "balanced" : null),
  },
  {
    attribute: "device",
    read: (text) => ({ device: oneOf("device", text, devices.map(({ kind }) => kind)) }),
    write: ({ device }) => device,
  },
  {
    attribute: "steps",
    read: (text) => ({ steps: text.trim().split(/\s+/).map((name) => oneOf("steps", name, stepNames)) }),
  },
  { attribute: "seed", read: (text) => ({ seed: whole("seed", text, 0) }), write: ({ seed }) => String(seed) },
];

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
  return { settings, errors };
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
  return settings;
}
