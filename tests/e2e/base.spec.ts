/** A network of one's own as the base of another: what it has learned, under a new last layer. */
import { expect, test } from "@playwright/test";
import { png, zip } from "./files";
import { choose, embed, mainButton, openLab, openModule, progress, violations } from "./lab";

test("from code: what digits taught is kept, and a new head learns clothes", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 3 });
    const code = (error: unknown): string => (error as { code: string }).code;
    const failures = [await lab.useAsBase().catch(code)];
    await lab.loadBundled("mnist", { limit: 3000 });
    await lab.setModel((await lab.presets()).find(({ name }) => name === "mnist-convnet")!.spec);
    await lab.train({ epochs: 1, batchSize: 64, validate: false }).done;
    const kernels = async (): Promise<string> => {
      const { name } = lab.summary!.layers.find(({ layer }) => layer === "Conv2D")!;
      return (await lab.filters(name)).data.join();
    };
    const before = await kernels();
    await lab.loadBundled("fashion-mnist", { limit: 3000 });
    failures.push(
      await lab.useAsBase({ upTo: "nothing" }).catch(code),
      await lab.useAsBase({ classes: 1 }).catch(code),
      await lab.useAsBase({ upto: "dense" } as object).catch(code),
    );
    const layers = lab.summary!.layers.map(({ name }) => name);
    const summary = await lab.useAsBase();
    const epochs: number[] = [];
    for await (const event of lab.train({ epochs: 6, batchSize: 64, validate: false, learningRate: 0.005 })) {
      if (event.type === "epoch") epochs.push(event.accuracy);
    }
    return {
      failures, kept: summary.layers.map(({ name }) => name), layers,
      learning: summary.layers.filter(({ trainable, params }) => trainable && params > 0).map(({ params, outputShape }) => [params, outputShape]),
      steps: lab.history.steps.length, same: (await kernels()) === before, last: epochs.at(-1)!, first: epochs[0]!,
    };
  });
  expect(found.failures).toEqual(["state", "option", "option", "option"]);
  expect(found.kept.slice(0, -1)).toEqual(found.layers.slice(0, -1));
  expect(found.learning).toEqual([[64 * 10 + 10, [null, 10]]]);
  expect(found.steps).toBe(6 * 47);
  expect(found.same).toBe(true);
  // One of ten would be right by chance.
  expect(found.last).toBeGreaterThan(0.5);
  expect(found.last).toBeGreaterThan(found.first);
});

test("on the page: a saved network that tells other classes apart is used as a base, by keyboard", async ({ page, context }) => {
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 1 });
  // What has learned nothing is no base.
  await expect(page.locator("#preset option[value=as-base]")).toHaveCount(0);
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect(page.locator("#preset option[value=as-base]")).toHaveCount(1);
  const download = page.waitForEvent("download");
  await page.locator("#save").click();
  const file = await (await download).path();

  const tab = await context.newPage();
  await openLab(tab);
  // Bars that stand or lie, at another place in each picture.
  const bars = (i: number): Buffer => png(28, 28, 1, (x, y) => (Math.abs((i % 2 ? x : y) - 5 - (i % 18)) < 3 ? 255 : (31 * i) % 60));
  const load = async (name: string, classOf: (i: number) => string): Promise<void> => {
    const entries = Array.from({ length: 80 }, (_, i) => ({ path: `${classOf(i)}/${i}.png`, bytes: bars(i) }));
    await tab.locator("#own-files input").setInputFiles({ name, mimeType: "application/zip", buffer: zip(entries) });
    await expect(tab.locator("#load-own")).toContainText("80 pictures");
    for (const field of ["height", "width"]) {
      await tab.locator(`#own-${field}`).fill("28");
      await tab.locator(`#own-${field}`).blur();
    }
    await tab.locator("#own-color").selectOption("grayscale");
    await tab.locator("#load-own").click();
    await expect(tab.locator("cnn-lab-data")).toContainText(classOf(0));
  };
  await load("bars.zip", (i) => (i % 2 ? "standing" : "lying"));
  await tab.locator("#checkpoint").setInputFiles(file);
  const panel = tab.locator("cnn-lab-network");
  await expect(panel.locator(".describe")).toContainText("It tells 10 classes apart, and the pictures have 2");
  await expect(panel.locator(".describe")).toContainText("What it has learned, with a new last layer");

  await tab.locator("#preset").focus();
  await tab.keyboard.press("End");
  await tab.keyboard.press("Tab");
  await expect(panel.locator(".describe")).toContainText("kept and frozen");
  await expect(tab.locator("#preset")).toHaveValue("own");
  const learns = panel.locator("cnn-lab-pretrained input[type=checkbox]");
  await expect(learns.last()).toBeChecked();
  await expect(learns.first()).not.toBeChecked();
  expect(await violations(tab)).toEqual([]);
  await tab.locator("#epochs").fill("3");
  await tab.locator("#epochs").blur();
  await mainButton(tab).click();
  await expect(progress(tab)).toContainText("Finished", { timeout: 40_000 });
  // A seed draws fresh weights, and Start over asks for some: both leave alone what is frozen.
  const kernels = (): Promise<string> => tab.evaluate(async () => (await (await document.querySelector("cnn-lab")!.lab).filters("conv2d")).data.join());
  const learned = await kernels();
  await tab.locator("#options").click();
  await expect(tab.locator("#train-seed")).toBeDisabled();
  await tab.locator("#options-done").click();
  await tab.locator("#start-over").click();
  await expect(tab.locator("#start-over")).toHaveAttribute("aria-disabled", "true");
  expect(await kernels()).toBe(learned);
  // Then one more layer is set free.
  await learns.nth(-2).click();
  await expect(learns.nth(-2)).toBeChecked();
  await expect(panel.locator("p[role=status]").first()).toContainText("trainable now");

  // Pictures of three other classes get a last layer of their own, on what is kept.
  await load("three.zip", (i) => ["upper", "middle", "lower"][i % 3]!);
  const layers = (): Promise<(readonly [string, number | null | undefined, boolean])[]> =>
    tab.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).summary!.layers.map(({ name, outputShape, trainable }) => [name, outputShape.at(-1), trainable] as const));
  await expect.poll(async () => (await layers()).at(-1)).toEqual(["head", 3, true]);
  expect((await layers()).at(-2)).toEqual(["dense", 64, false]);
  await expect(panel.locator(".describe")).toContainText("kept and frozen");
});

test("the attribute base takes a saved network from an address, and says what is wrong with another", async ({ page }) => {
  await openModule(page);
  const saved = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 3 });
    await lab.loadBundled("mnist", { limit: 200 });
    await lab.setModel((await lab.presets()).find(({ name }) => name === "mnist-convnet")!.spec);
    await lab.train({ epochs: 1, validate: false }).done;
    const bytes = new Uint8Array(await (await lab.save("checkpoint")).arrayBuffer());
    lab.dispose();
    return Array.from(bytes);
  });
  await page.route("**/digits.cnn-lab.safetensors", (route) => route.fulfill({ body: Buffer.from(saved) }));
  await page.route("**/page.cnn-lab.safetensors", (route) => route.fulfill({ body: "<!doctype html>" }));
  const show = (base: string, dataset: string): Promise<void> =>
    embed(page, { base: `./${base}`, dataset, limit: "200", device: "cpu", epochs: "1", steps: "data network train" });

  await show("digits.cnn-lab.safetensors", "fashion-mnist");
  await expect(page.locator("#preset")).toHaveValue("mnist-convnet");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect(page.locator("#preset")).toHaveValue("own");
  await expect(page.locator("cnn-lab-network .describe")).toContainText("kept and frozen");
  const learning = await page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).summary!.layers.filter(({ trainable, params }) => trainable && params > 0).map(({ name }) => name));
  expect(learning).toEqual(["head"]);

  // What is there already stays in use, and is trained.
  const wrong = [
    ["nothing.cnn-lab.safetensors", "mnist", "could not be had (status 404)"],
    ["page.cnn-lab.safetensors", "mnist", "the address of a saved network; "],
    ["digits.cnn-lab.safetensors", "cifar10", "a network for the pictures of “cifar10”, 32 × 32 × 3; this one takes 28 × 28 × 1."],
  ] as const;
  for (const [base, dataset, why] of wrong) {
    await show(base, dataset);
    await mainButton(page).click();
    await expect(page.locator(".error")).toContainText(`The attribute base="./${base}" cannot be used: give`);
    await expect(page.locator(".error")).toContainText(why);
    await expect(page.locator(".error")).not.toContainText("..");
    await page.locator(".error button").click();
    await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
    await expect(page.locator("#preset")).not.toHaveValue("own");
  }
});
