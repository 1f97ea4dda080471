/** A pretrained network with its own head: what it sees without data and without training. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inflateRawSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";
import { embed, openLab, openModule, violations } from "./lab";

const photos = join(resolve(__dirname, "../../../shared/datasets"), "cats_dogs_downsampled.zip");
const head = "efficientnet-lite0-imagenet";

test.beforeEach(async ({ request }) => {
  const list = await request.get("data/bases/bases.json");
  const there = existsSync(photos) && list.ok() && (await list.text()).includes("efficientnet-lite0");
  if (!there) console.log(`Skipped: ${photos} or the site's EfficientNet-Lite0 are not here.`);
  test.skip(!there, "the photos or the pretrained network are not here");
});

/** A file of the zip: its directory, at the end, says where it lies. */
function photo(name: string): Buffer {
  const zip = readFileSync(photos);
  const entry = zip.lastIndexOf("cats_dogs_downsampled/", zip.lastIndexOf(name)) - 46;
  const [method, size, at] = [zip.readUInt16LE(entry + 10), zip.readUInt32LE(entry + 20), zip.readUInt32LE(entry + 42)];
  const begin = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28);
  const packed = zip.subarray(begin, begin + size);
  return method === 0 ? packed : inflateRawSync(packed);
}

/** Drops a file on a place of the page. */
async function drop(page: Page, file: string, { x, y }: { x: number; y: number }): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, x, y, data: { items: [], files: [file], dragOperationsMask: 1 } });
  }
}

test("a dropped picture is told among 1,000 things, and why, without data and without training", async ({ page }, info) => {
  const file = info.outputPath("dog.jpg");
  writeFileSync(file, photo("dog.10013.jpg"));
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(request.url()));
  await openLab(page);
  await expect(page.locator(`#preset option[value=${head}]`)).toHaveText(/EfficientNet-Lite0: 1\D000 classes · 18\.8 MB/);
  expect(loaded.filter((url) => url.endsWith(".safetensors"))).toEqual([]);

  // By the keyboard alone.
  await page.locator("#preset").press("End");
  await expect(page.locator("cnn-lab-network .describe")).toContainText("without training");
  await expect(page.locator("cnn-lab-pretrained .offer")).toContainText("Apache-2.0");
  expect(await violations(page)).toEqual([]);
  await page.route("**/*.safetensors", async (route) => {
    await expect(page.getByRole("progressbar", { name: "Loading the pretrained network" })).toBeVisible();
    await route.continue();
  });
  await page.locator("#load-base").press("Enter");
  await expect(page.locator("#show-it")).toContainText("drop a picture", { timeout: 30_000 });
  await expect(page.locator("#preset")).toHaveValue(head);
  await expect(page.locator("#main:visible")).toBeDisabled();
  await expect(page.locator("#main:visible")).toHaveAttribute("title", /needs no training/);

  const inside = page.locator("cnn-lab-inside");
  await expect(inside.locator("cnn-lab-maps").first()).toBeVisible();
  await drop(page, file, { x: 1200, y: 250 });
  await expect(inside.locator(".says")).toContainText("German shepherd", { timeout: 30_000 });
  await expect(inside.locator("cnn-lab-bars tr")).toHaveCount(5);
  await expect(inside.locator("cnn-lab-bars tr").first()).toContainText("German shepherd");
  await expect(inside.locator("p.sr")).toContainText("dog.jpg: German shepherd");
  expect(await violations(page)).toEqual([]);

  await inside.locator("#look-inside").click();
  const dialog = page.locator("cnn-lab-inside-dialog");
  await expect(dialog.locator("#inside-hand")).toHaveText("dog.jpg: its class is not known.");
  await dialog.getByRole("tab", { name: "Why" }).click();
  await expect(dialog.locator("#why-says")).toContainText("Grad-CAM for German shepherd", { timeout: 30_000 });
  await expect(dialog.locator("#why-class option")).toHaveCount(1001);
  await page.keyboard.press("Escape");

  // Pictures of a set are brought to its size, and another network takes the picture in hand anew.
  await page.locator("#limit").fill("20");
  await page.locator("#limit").blur();
  await page.locator("#load").click();
  await expect(inside.locator("#test-next")).toBeEnabled();
  await expect(page.locator("#preset")).toHaveValue(head);
  await expect(inside.locator(".says")).toContainText("German shepherd");
  await inside.locator("#test-next").click();
  await expect(inside.locator(".answer")).toContainText("Test picture 1.");
  await expect(inside.locator(".says")).toContainText("%");
  await page.locator("#preset").selectOption("small-convnet");
  await expect(page.locator("#main:visible")).toBeEnabled();
  await expect(inside.locator("cnn-lab-bars tr")).toHaveCount(10);
});

test("in German, from the attribute model", async ({ page }) => {
  await openModule(page);
  await embed(page, { model: head, device: "cpu", language: "de", steps: "network inside" });
  await expect(page.locator("#show-it")).toContainText("ein Bild auf die Seite ziehen", { timeout: 30_000 });
  await expect(page.locator("#preset")).toHaveValue(head);
  await expect(page.locator("cnn-lab-network .describe")).toContainText("ohne Training");
});

test("from code: it is loaded by name, and its features are a base for training", async ({ page }) => {
  await openModule(page);
  const pictures = ["dog.10013.jpg", "dog.10014.jpg", "cat.10137.jpg", "cat.10031.jpg"].map((name) => photo(name).toString("base64"));
  const found = await page.evaluate(async (encoded) => {
    const files = encoded.map((text) => new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" }));
    const [dog] = files as [Blob];
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    const code = (error: unknown): string => (error as { code: string }).code;
    const wrong = await Promise.all(["mobilenet-v2", "resnet"].map((name) => lab.loadPretrained(name).catch(code)));
    const shares: number[] = [];
    await lab.loadPretrained("efficientnet-lite0", { onProgress: ({ done, total }) => shares.push(done / total) });
    const before = await lab.predict(dog);
    const { classes } = lab;
    const file = await lab.save("checkpoint");

    // The same weights without the head, frozen, and a new one on them.
    await lab.addPictures(files.slice(0, 2), { className: "dog", begin: true, size: [96, 96] });
    await lab.addPictures(files.slice(2), { className: "cat" });
    const preset = (await lab.presets()).find(({ name }) => name === "efficientnet-lite0")!;
    const summary = await lab.setModel(preset.spec);
    const losses: number[] = [];
    for await (const event of lab.train({ epochs: 12, batchSize: 4 })) if (event.type === "epoch") losses.push(event.loss);
    await lab.load(file);
    return {
      wrong, last: shares.at(-1), best: before[0]!.label, count: before.length, names: [classes.length, new Set(classes).size, classes.includes("tabby")],
      trainable: summary.trainableParams, learned: losses.at(-1)! < 0.5 * losses[0]!, again: (await lab.predict(dog))[0]!.label, known: lab.classes.length,
    };
  }, pictures);
  expect(found).toEqual({
    wrong: ["data-missing", "data-missing"], last: 1, best: "German shepherd", count: 1000, names: [1000, 1000, true],
    trainable: 1281, learned: true, again: "German shepherd", known: 1000,
  });
});
