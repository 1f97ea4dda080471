import { expect, test } from "vitest";
import { baseName, groups, known, merges, withoutDefaults } from "./catalogue";
import { english } from "../../text/en";
import "../../text/en/layers";
import { layers } from "./catalogue-layers";

test("every layer stands in one group, with a sentence, and begins with all that has no default", () => {
  expect(groups.flatMap((group) => group.layers)).toHaveLength(layers.length);
  for (const { layer, about, begin, options, merges: many } of layers) {
    expect(about(english)).toMatch(/\.$/);
    expect(merges(layer)).toBe(many ?? false);
    for (const { key, help, rest } of options) {
      expect(help(english), `${layer}.${key}`).toMatch(/[.]$/);
      expect(rest !== undefined || key in begin, `${layer}.${key}`).toBe(true);
    }
    const keys = options.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(begin)));
  }
  expect(known("Conv3D")).toBeUndefined();
});

test("Keras's automatic names", () => {
  expect(["Conv2D", "MaxPooling2D", "GlobalAveragePooling2D", "BatchNormalization", "ReLU", "LeakyReLU", "ELU", "UpSampling2D"].map(baseName)).toEqual([
    "conv2d", "max_pooling2d", "global_average_pooling2d", "batch_normalization", "re_lu", "leaky_re_lu", "elu", "up_sampling2d",
  ]);
});

test("what is at its default is left out; what is not known is kept", () => {
  expect(withoutDefaults("MaxPooling2D", { pool_size: [3, 3], strides: [3, 3], padding: "valid" })).toEqual({ pool_size: 3 });
  expect(withoutDefaults("ZeroPadding2D", { padding: [[1, 1], [1, 1]] })).toEqual({});
  expect(withoutDefaults("Dense", { units: 3, kernel_regularizer: null, kernel_initializer: "glorot_uniform", odd: 1 })).toEqual({ units: 3, odd: 1 });
  expect(withoutDefaults("Strange", { a: 1 })).toEqual({ a: 1 });
});
