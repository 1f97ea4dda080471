import type { Augmentation } from "../api/types";
import type { Texts } from "../text/texts";

/**
 * The parameters of augmentation as the page offers them: each by Keras's name, with the
 * range of its slider and one line on what it does.
 */

/** What the slider of a pair or a number runs over. */
type Range = { min: number; max: number; step: number; unit?: string; /** A slider would be of no use. */ typed?: true };

type Key = keyof Augmentation;
type Jitter = keyof NonNullable<Augmentation["color_jitter"]>;

export type Parameter = { help: string } & (
  | ({ kind: "number"; key: Key; /** What it is where nothing is changed. */ rest: number } & Range)
  /** A number, or the two ends of a range. */
  | ({ kind: "span"; key: Key; rest: number } & Range)
  | ({ kind: "pair"; key: Key; rest: [number, number] } & Range)
  | { kind: "flag"; key: Key }
  | { kind: "choice"; key: Key; rest: string; values: readonly string[] }
  | ({ kind: "jitter"; key: Jitter; rest: number } & Range)
);

export type Group = { title: string; about: string; parameters: readonly Parameter[] };

/** All of them, for pictures whose shorter side has so many pixels. */
export function groups(t: Texts, side: number): readonly Group[] {
  const half = Math.max(1, Math.floor(side / 2));
  return [
    {
      title: t.augment.move,
      about: t.augment.moveHelp,
      parameters: [
        { kind: "number", key: "rotation_range", rest: 0, min: 0, max: 180, step: 1, unit: "°", help: t.augment.rotation },
        { kind: "number", key: "shear_range", rest: 0, min: 0, max: 45, step: 0.1, unit: "°", help: t.augment.shear },
        { kind: "number", key: "width_shift_range", rest: 0, min: 0, max: 0.5, step: 0.01, help: t.augment.widthShift },
        { kind: "number", key: "height_shift_range", rest: 0, min: 0, max: 0.5, step: 0.01, help: t.augment.heightShift },
        { kind: "span", key: "zoom_range", rest: 0, min: 0, max: 0.9, step: 0.01, help: t.augment.zoom },
        { kind: "choice", key: "fill_mode", rest: "nearest", values: ["nearest", "constant", "reflect", "wrap"], help: t.augment.fill },
        { kind: "flag", key: "horizontal_flip", help: t.augment.horizontalFlip },
        { kind: "flag", key: "vertical_flip", help: t.augment.verticalFlip },
        { kind: "number", key: "cval", rest: 0, min: 0, max: 255, step: 1, help: t.augment.fillValue },
      ],
    },
    {
      title: t.augment.colour,
      about: t.augment.colourHelp,
      parameters: [
        { kind: "pair", key: "brightness_range", rest: [1, 1], min: 0, max: 2, step: 0.01, help: t.augment.brightnessRange },
        { kind: "number", key: "channel_shift_range", rest: 0, min: 0, max: 255, step: 1, help: t.augment.channelShift },
      ],
    },
    {
      title: "color_jitter",
      about: t.augment.notInKeras,
      parameters: [
        { kind: "jitter", key: "brightness", rest: 0, min: 0, max: 1, step: 0.01, help: t.augment.brightness },
        { kind: "jitter", key: "contrast", rest: 0, min: 0, max: 1, step: 0.01, help: t.augment.contrast },
        { kind: "jitter", key: "saturation", rest: 0, min: 0, max: 1, step: 0.01, help: t.augment.saturation },
        { kind: "jitter", key: "hue", rest: 0, min: 0, max: 0.5, step: 0.01, help: t.augment.hue },
      ],
    },
    {
      title: t.augment.cut,
      about: t.augment.cutHelp,
      parameters: [
        { kind: "number", key: "random_crop", rest: 0, min: 0, max: Math.min(half, 32), step: 1, unit: "px", help: t.augment.crop },
        { kind: "number", key: "cutout", rest: 0, min: 0, max: Math.min(side, 128), step: 1, unit: "px", help: t.augment.erase },
        { kind: "number", key: "mixup", rest: 0, min: 0, max: 1, step: 0.01, help: t.augment.mix },
      ],
    },
    {
      title: t.augment.scale,
      about: t.augment.scaleHelp,
      parameters: [
        { kind: "number", key: "rescale", rest: 1 / 255, min: 0, max: 1, step: 0.0001, typed: true, help: t.augment.rescale },
        { kind: "flag", key: "samplewise_center", help: t.augment.samplewiseCenter },
        { kind: "flag", key: "samplewise_std_normalization", help: t.augment.samplewiseStd },
        { kind: "flag", key: "featurewise_center", help: t.augment.featurewiseCenter },
        { kind: "flag", key: "featurewise_std_normalization", help: t.augment.featurewiseStd },
        { kind: "flag", key: "zca_whitening", help: t.augment.zca },
        { kind: "number", key: "zca_epsilon", rest: 1e-6, min: 0, max: 1, step: 0.000001, typed: true, help: t.augment.zcaEpsilon },
      ],
    },
  ];
}

/** The augmentation of the cats-and-dogs lesson. */
export const lesson: Augmentation = {
  rotation_range: 40,
  width_shift_range: 0.2,
  height_shift_range: 0.2,
  shear_range: 0.2,
  zoom_range: 0.2,
  horizontal_flip: true,
};

type Value = number | boolean | string | [number, number];

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isPair = (value: unknown): value is [number, number] => Array.isArray(value) && value.length === 2 && value.every(isNumber);

/** What a parameter is now; at rest where it is something that its control cannot show. */
export function valueOf(augmentation: Augmentation, parameter: Parameter): Value {
  const jitters = augmentation.color_jitter as Record<string, unknown> | undefined;
  const value: unknown = parameter.kind === "jitter" ? jitters?.[parameter.key] : augmentation[parameter.key];
  switch (parameter.kind) {
    case "flag":
      return value === true;
    case "choice":
      return typeof value === "string" && parameter.values.includes(value) ? value : parameter.rest;
    case "pair":
      return isPair(value) ? value : parameter.rest;
    case "span":
      return isNumber(value) || isPair(value) ? value : parameter.rest;
    default:
      return isNumber(value) ? value : parameter.rest;
  }
}

/** With a parameter changed. What is at rest is left out, so that an empty object means no augmentation. */
export function withValue(augmentation: Augmentation, parameter: Parameter, value: Value): Augmentation {
  const rest = parameter.kind === "flag" ? false : parameter.rest;
  const resting = String(value) === String(rest);
  if (parameter.kind === "jitter") {
    const { [parameter.key]: _before, ...others } = augmentation.color_jitter ?? {};
    const jitter = resting ? others : { ...others, [parameter.key]: value };
    const { color_jitter: _jitter, ...kept } = augmentation;
    return Object.keys(jitter).length === 0 ? kept : { ...kept, color_jitter: jitter };
  }
  const { [parameter.key]: _before, ...kept } = augmentation;
  return resting ? kept : { ...kept, [parameter.key]: value };
}

/** Two numbers, or one, as a person types them: "0.8, 1.2", "0.8 1.2", "0.2". Null for anything else. */
export function numbersOf(text: string): number | [number, number] | null {
  const parts = text.trim().split(/[\s,;]+/).map((part) => (part === "" ? NaN : Number(part)));
  const [low, high] = parts;
  if (low === undefined || parts.length > 2 || !parts.every(Number.isFinite)) {
    return null;
  }
  return high === undefined ? low : [Math.min(low, high), Math.max(low, high)];
}

/** How many parameters are not at rest. */
export function changes({ color_jitter, ...others }: Augmentation): number {
  return Object.keys(others).length + Object.keys(color_jitter ?? {}).length;
}
