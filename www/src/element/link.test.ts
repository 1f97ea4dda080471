import { expect, test } from "vitest";
import { isLink, largestText, LinkError, longestLink, readLink, writeLink } from "./link";
import { attributesOf, defaults, settingsOf } from "./settings";
import { english } from "../text/en";

const settings = {
  ...defaults, base: "mobilenet-v2", dataset: "cifar10", limit: 500, validation: 0.2, model: '{"input_shape": [32, 32, 3], "layers": []}', epochs: 3, batchSize: 16,
  optimizer: "adam", learningRate: 0.01, augmentation: { rotation_range: 40 }, classWeight: "balanced" as const, optimizerOptions: { amsgrad: true },
  schedule: { name: "ExponentialDecay" as const, decay_steps: 100, decay_rate: 0.5 }, earlyStopping: { patience: 2 }, shuffle: false, validate: false, device: "cpu" as const, seed: 7,
};

/** A link with any bytes in it. */
async function packed(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return `#lab=1.${Buffer.from(await new Response(stream).arrayBuffer()).toString("base64url")}`;
}

test("an experiment comes back as it was", async () => {
  const fragment = await writeLink(english, attributesOf(settings));
  expect(fragment).toMatch(/^#lab=1\.[\w-]+$/);
  expect(isLink(fragment)).toBe(true);
  const { steps: _steps, controls: _controls, height: _height, theme: _theme, workers: _workers, reduceOnPlateau: _off, ...experiment } = settings;
  expect(settingsOf(await readLink(english, fragment))).toEqual(experiment);
  expect(isLink("#top")).toBe(false);
});

test("a link of an earlier version of the page still opens", async () => {
  const fragment = await packed('{"dataset":"mnist","validation":"0.1","test":"0.1","model":"lenet","epochs":"3","batch-size":"64","learning-rate":"0.01","optimizer":"sgd","class-weight":"balanced","device":"auto","seed":"0"}');
  expect(settingsOf(await readLink(english, fragment))).toMatchObject({ model: "lenet", epochs: 3, optimizer: "sgd", learningRate: 0.01, classWeight: "balanced" });
});

test("a first visit's link is short, and says nothing that goes without saying", async () => {
  expect(attributesOf(defaults)).not.toHaveProperty("limit");
  expect((await writeLink(english, attributesOf(defaults))).length).toBeLessThan(300);
});

test.each(["#lab=", "#lab=1", "#lab=1.", "#lab=1.a.b", "#lab=1.!!!!", "#lab=1.AAAA", "#lab=one.AAAA", "#lab=1.%20", "#lab=2.AAAA", `#lab=1.${"A".repeat(longestLink)}`])("%.20s… is told in a sentence", async (fragment) => {
  await expect(readLink(english, fragment)).rejects.toThrow(LinkError);
  await expect(readLink(english, fragment)).rejects.toThrow(/^This link cannot be opened[:.].*\.$/);
});

test("a link of another version says so", async () => {
  await expect(readLink(english, "#lab=2.AAAA")).rejects.toThrow("of version 2, and this lab reads version 1");
});

test("every truncation and many a changed letter: an error or an experiment, nothing else", async () => {
  const fragment = await writeLink(english, attributesOf(settings));
  const broken = Array.from({ length: fragment.length }, (_, at) => fragment.slice(0, at));
  const changed = Array.from({ length: fragment.length - 7 }, (_, at) => `${fragment.slice(0, at + 7)}Q${fragment.slice(at + 8)}`);
  for (const other of [...broken, ...changed]) {
    const code = await readLink(english, other).then(settingsOf).then(() => "option", (error: unknown) => (error as { code?: unknown }).code);
    expect(code, other).toBe("option");
  }
});

test("what inflates without end is cut off", async () => {
  const bomb = await packed("[".repeat(40 * largestText));
  expect(bomb.length).toBeLessThan(longestLink);
  await expect(readLink(english, bomb)).rejects.toThrow(`more than ${largestText} bytes`);
});

test.each(["[]", "null", "7", '"text"', '{"epochs": 5}', '{"epochs": null}', "{", '{"a": "b'])("%s is no experiment", async (text) => {
  await expect(readLink(english, await packed(text))).rejects.toThrow(LinkError);
});

test("a wrong value and an unknown name are told by name", async () => {
  const wrong = await readLink(english, await packed('{"epochs": "many"}'));
  expect(() => settingsOf(wrong)).toThrow("a whole number from 1");
  expect(() => settingsOf({ steps: "data" })).toThrow("dataset, limit");
  expect(() => settingsOf({ __proto__x: "1" })).toThrow("__proto__x");
});

test("a network that is too large for a link is not cut off", async () => {
  const model = Array.from({ length: 20_000 }, (_, i) => String(Math.sin(i))).join();
  await expect(writeLink(english, { model })).rejects.toThrow("too large for a link");
});
