import { expect, test } from "vitest";
import type { ModelSpec } from "../api/types";
import { linkOf, openLink } from "./experiment";
import { LinkError, writeLink } from "./link";
import { defaults } from "./settings";
import type { Workbench } from "./workbench";
import { english } from "../text/en";

const spec: ModelSpec = {
  input_shape: [150, 150, 3],
  layers: [{ layer: "Flatten", name: "flatten" }, { layer: "Dense", name: "dense", units: 2, activation: "softmax", use_bias: true }],
  compile: { loss: "sparse_categorical_crossentropy" },
};

function bench(o: { chosen: string; own: boolean }): Workbench {
  return {
    text: english, page: "https://lab.test/lesson.html", data: { ownLoaded: o.own, useOwn: o.own }, network: { chosen: o.chosen },
    settings: { ...defaults, epochs: 3 }, lab: { spec },
  } as unknown as Workbench;
}

test("a preset goes by its name, a network of one's own by its spec", async () => {
  const { address, leftOut } = await linkOf(bench({ chosen: "lenet", own: false }));
  expect(address).toMatch(/^https:\/\/lab\.test\/lesson\.html#lab=1\./);
  expect(leftOut).toBe("");
  const opened = await openLink(english, new URL(address).hash);
  expect(opened.settings).toMatchObject({ model: "lenet", epochs: 3, dataset: "mnist" });
  expect(opened.note).toBe("");
  const mine = await openLink(english, new URL((await linkOf(bench({ chosen: "own", own: false }))).address).hash);
  expect(JSON.parse(mine.settings.model ?? "")).toEqual({
    input_shape: [150, 150, 3], layers: [{ layer: "Flatten" }, { layer: "Dense", units: 2, activation: "softmax" }], compile: spec.compile,
  });
});

test("pictures of one's own are not in the link, and both ends are told", async () => {
  const { address, leftOut } = await linkOf(bench({ chosen: "photo-convnet", own: true }));
  expect(leftOut).toContain("Your own pictures are not in the link");
  const { settings, note } = await openLink(english, new URL(address).hash);
  expect(settings.model).toContain("150");
  expect(note).toContain("pictures of someone's own");
});

test("what the link says and cannot be is told by its name, cut short", async () => {
  const fragment = await writeLink(english, { epochs: "9".repeat(400) });
  await expect(openLink(english, fragment)).rejects.toThrow(LinkError);
  await expect(openLink(english, fragment)).rejects.toThrow(/epochs="9{60}…"; give a whole number from 1\./);
});
