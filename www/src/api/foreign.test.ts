import { expect, test } from "vitest";
import { withoutForeign } from "./foreign";

const spec = (optimizer: unknown): string => JSON.stringify({ input_shape: [8, 8, 1], layers: [], compile: { optimizer, loss: "binary_crossentropy" } });

test("what only Keras has is left out of the optimizer, and told where it would change something", () => {
  const given = { name: "adam", use_ema: false, ema_momentum: 0.99, jit_compile: true, gradient_accumulation_steps: 4, beta_1: 0.8 };
  const { json, notes } = withoutForeign(spec(given));
  expect(json).toBe(spec({ name: "adam", beta_1: 0.8 }));
  expect(notes).toEqual(["The optimizer's gradient_accumulation_steps (4) is left out: the lab trains without it."]);
  expect(withoutForeign(spec({ name: "adam", use_ema: true })).notes).toHaveLength(1);
});

test("all else stays as it was written, mistakes too", () => {
  for (const json of [spec({ name: "adam" }), spec({ name: "adam", use_emma: true }), spec("use_ema"), '{"use_ema": ', "null", '"use_ema"', '{"compile": 3, "use_ema": 1}', '{"compile": {"optimizer": null}, "use_ema": 1}']) {
    expect(withoutForeign(json)).toEqual({ json, notes: [] });
  }
});
