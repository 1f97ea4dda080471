import { describe, expect, test } from "vitest";
import type { Augmentation } from "../api/types";
import { changes, groups, lesson, numbersOf, type Parameter, valueOf, withValue } from "./augment";
import { english } from "../text/en";
import "../text/en/augment";

const all = groups(english, 150).flatMap(({ parameters }) => parameters);
const find = (key: string): Parameter => all.find((parameter) => parameter.key === key)!;

test("numbers are taken one or two at a time, in order", () => {
  expect(numbersOf("0.2")).toBe(0.2);
  expect(numbersOf(" 0.8, 1.2 ")).toEqual([0.8, 1.2]);
  expect(numbersOf("1.2 0.8")).toEqual([0.8, 1.2]);
  expect(numbersOf("1;2")).toEqual([1, 2]);
  for (const wrong of ["", "a", "1, b", "1,2,3", "1,", "Infinity"]) {
    expect(numbersOf(wrong), wrong).toBeNull();
  }
});

describe("an augmentation holds only what is not at rest", () => {
  test.each(all.map((parameter): [string, Parameter] => [parameter.key, parameter]))("%s", (_, parameter) => {
    const rest = valueOf({}, parameter);
    expect(withValue({}, parameter, rest)).toEqual({});
    const other = { number: 0.25, jitter: 0.25, span: [0.5, 1.5], pair: [0.5, 1.5], flag: true, choice: "wrap" }[parameter.kind] as number;
    const changed = withValue(lesson, parameter, other);
    expect(valueOf(changed, parameter)).toEqual(other);
    expect(valueOf(withValue(changed, parameter, rest), parameter)).toEqual(rest);
    // The others stay as they were.
    for (const another of all.filter(({ key }) => key !== parameter.key)) {
      expect(valueOf(changed, another)).toEqual(valueOf(lesson, another));
    }
  });
});

test("a value of the wrong kind shows as if it were at rest", () => {
  const wrong: unknown[] = ["40", [1], [1, "2"], {}, null, NaN, true];
  for (const value of wrong) {
    for (const parameter of all) {
      if (parameter.kind === "flag") continue;
      const augmentation = (parameter.kind === "jitter" ? { color_jitter: { [parameter.key]: value } } : { [parameter.key]: value }) as Augmentation;
      expect(valueOf(augmentation, parameter)).toEqual(parameter.rest);
    }
  }
  expect(valueOf({ brightness_range: 0.5 } as unknown as Augmentation, find("brightness_range"))).toEqual([1, 1]);
});

test("the jitters stand together", () => {
  const two = withValue(withValue({}, find("hue"), 0.1), find("contrast"), 0.2);
  expect(two).toEqual({ color_jitter: { hue: 0.1, contrast: 0.2 } });
  expect(withValue(withValue(two, find("hue"), 0), find("contrast"), 0)).toEqual({});
});

test("changes are counted, each jitter by itself", () => {
  expect(changes({})).toBe(0);
  expect(changes(lesson)).toBe(6);
  expect(changes({ zoom_range: [0.8, 1.2], color_jitter: { hue: 0.1, contrast: 0.2 } })).toBe(3);
});

test("every parameter of the type is offered once", () => {
  // A type cannot be listed; this object has to name every key of it, or tsc says so.
  const keys: Record<keyof Required<Augmentation>, true> = {
    rotation_range: true, width_shift_range: true, height_shift_range: true, shear_range: true, zoom_range: true,
    horizontal_flip: true, vertical_flip: true, brightness_range: true, channel_shift_range: true, fill_mode: true,
    cval: true, rescale: true, samplewise_center: true, samplewise_std_normalization: true, featurewise_center: true,
    featurewise_std_normalization: true, zca_whitening: true, zca_epsilon: true, random_crop: true, cutout: true,
    mixup: true, color_jitter: true,
  };
  const offered = all.map((parameter) => (parameter.kind === "jitter" ? "color_jitter" : parameter.key));
  expect(new Set(offered)).toEqual(new Set(Object.keys(keys)));
  expect(all.length).toBe(Object.keys(keys).length + 3);
});
