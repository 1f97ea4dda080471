import { expect, type Page, test } from "@playwright/test";
import { choose, type Lab, mainButton, openLab, openModule, progress } from "./lab";

/** What a rejected promise of the class says. */
type Told = {
  isLabError: boolean;
  code: string;
  message: string;
  layer: string | undefined;
  field: string | undefined;
  file: string | undefined;
  line: number | undefined;
};

declare global {
  /** Awaits a promise that should reject, and gives its error. */
  var told: (promise: Promise<unknown>) => Promise<Told>;
  /** The lab that `openTrained` made. */
  var lab: Lab;
}

/** Loads the class alone, on the CPU, with the MNIST convnet trained for a few steps. */
async function openTrained(page: Page): Promise<void> {
  await openModule(page);
  await page.evaluate(async () => {
    globalThis.told = (promise) =>
      promise.then(
        () => {
          throw new Error("It should have been refused.");
        },
        (error: unknown) => {
          const { code, message, layer, field, file, line } = error as InstanceType<typeof cnnLab.CnnLabError>;
          return { isLabError: error instanceof cnnLab.CnnLabError, code, message, layer, field, file, line };
        },
      );
    globalThis.lab = await cnnLab.CnnLab.create({ device: "cpu" });
    await lab.loadBundled("mnist", { limit: 1000 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    await lab.train({ epochs: 1, batchSize: 32, steps: 3 }).done;
  });
}

/** The weights and all that belongs to them, to see that nothing has changed. */
async function saved(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    return [...new Uint8Array(await (await lab.save("checkpoint")).arrayBuffer())];
  });
}

test("a wrong network names layer and field, and leaves the present one", async ({ page }) => {
  await openTrained(page);
  const before = await saved(page);
  const errors = await page.evaluate(async () => {
    const input_shape = [28, 28, 1];
    const dense = { layer: "Dense", units: 10, activation: "softmax" };
    const wrong = {
      unknown: { input_shape, layers: [{ layer: "Conv3D", name: "strange", filters: 8 }, { layer: "Flatten" }, dense] },
      kernel: { input_shape, layers: [{ layer: "Conv2D", name: "wide", filters: 8, kernel_size: 29 }, { layer: "Flatten" }, dense] },
      flat: { input_shape, layers: [{ layer: "Conv2D", filters: 8, kernel_size: 3 }, { ...dense, name: "early" }] },
      zero: { input_shape, layers: [{ layer: "Conv2D", name: "none", filters: 0, kernel_size: 3 }, { layer: "Flatten" }, dense] },
    };
    const found: Record<string, Told> = {};
    for (const [name, spec] of Object.entries(wrong)) {
      found[name] = await told(lab.setModel(spec));
    }
    found["json"] = await told(lab.setModel('{\n "input_shape": [28, 28, 1],\n "layers": [}'));
    return found;
  });
  const all = Object.values(errors);
  expect(all.every(({ isLabError }) => isLabError)).toBe(true);
  expect(errors["unknown"]).toMatchObject({ code: "spec", layer: "strange", field: "layer" });
  expect(errors["kernel"]).toMatchObject({ code: "spec", layer: "wide", field: "kernel_size" });
  expect(errors["flat"]).toMatchObject({ code: "spec", layer: "early" });
  expect(errors["flat"]?.message).toContain("Flatten");
  expect(errors["zero"]).toMatchObject({ code: "spec", layer: "none", field: "filters" });
  expect(errors["json"]).toMatchObject({ code: "spec-json", line: 3 });
  expect(await saved(page)).toEqual(before);
});

test("a network for another number of classes, another size, or zero workers is refused", async ({ page }) => {
  await openTrained(page);
  const errors = await page.evaluate(async () => {
    const layers = (units: number): { layer: string }[] => [{ layer: "Flatten" }, { layer: "Dense", name: "head", units, activation: "softmax" } as { layer: string }];
    await lab.setModel({ input_shape: [28, 28, 1], layers: layers(7) });
    const classes = await told(lab.train({ epochs: 1 }).done);
    await lab.setModel({ input_shape: [32, 32, 3], layers: layers(10) });
    const shape = await told(lab.train({ epochs: 1 }).done);
    return {
      classes,
      shape,
      workers: await told(cnnLab.CnnLab.create({ workers: 0 })),
      format: await told(lab.save("gguf" as "onnx")),
      checkpoint: await told(lab.load(new File(["not a checkpoint"], "notes.txt"))),
      picture: await told(lab.predict(new File(["no picture"], "broken.png", { type: "image/png" }))),
      pictures: (await lab.image("train", 0)).pixels.width,
    };
  });
  expect(errors.classes).toMatchObject({ isLabError: true, code: "class-count", layer: "head", field: "units" });
  expect(errors.classes.message).toContain("10");
  expect(errors.shape).toMatchObject({ isLabError: true, code: "input-shape", field: "input_shape" });
  expect(errors.workers).toMatchObject({ isLabError: true, code: "option", field: "workers" });
  expect(errors.format).toMatchObject({ isLabError: true, code: "option", field: "format" });
  expect(errors.checkpoint).toMatchObject({ isLabError: true, code: "checkpoint" });
  expect(errors.picture).toMatchObject({ isLabError: true, code: "image", file: "broken.png" });
  expect(errors.pictures).toBe(28);
});

test("a missing, truncated or corrupted file of a set is told, and the loaded set stays", async ({ page }) => {
  await openTrained(page);
  const before = await saved(page);
  const load = (): Promise<Told & { pictures: number }> =>
    page.evaluate(async () => {
        const error = await told(lab.loadBundled("fashion-mnist"));
      return { ...error, pictures: lab.dataset!.splits.train };
    });
  const shards = "**/data/fashion-mnist/*.bin";

  await page.route(shards, (route) => route.fulfill({ status: 404, body: "not found" }));
  expect(await load()).toMatchObject({ isLabError: true, code: "data-missing", pictures: 1000 });
  await page.unroute(shards);

  await page.route(shards, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    await route.fulfill({ response, body: body.subarray(0, body.length / 2) });
  });
  expect(await load()).toMatchObject({ isLabError: true, code: "shard-truncated", pictures: 1000 });
  await page.unroute(shards);

  await page.route(shards, async (route) => {
    const response = await route.fetch();
    const body = Buffer.from(await response.body());
    body[body.length >> 1]! ^= 0xff;
    await route.fulfill({ response, body });
  });
  const corrupt = await load();
  expect(corrupt).toMatchObject({ isLabError: true, pictures: 1000 });
  expect(["shard-corrupt", "shard-truncated"]).toContain(corrupt.code);
  expect(corrupt.message + String(corrupt.file)).toContain("fashion-mnist/");
  await page.unroute(shards);
  expect(await saved(page)).toEqual(before);
});

test("the page tells each in a sentence, and goes on", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  const alert = page.getByRole("alert");

  await page.locator("#checkpoint").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("not a checkpoint") });
  await expect(alert).toContainText("checkpoint");
  await page.locator("#dismiss").click();

  await page.route("**/data/fashion-mnist/*.bin", (route) => route.fulfill({ status: 404, body: "not found" }));
  await page.getByText("Fashion-MNIST").click();
  await page.locator("#load").click();
  await expect(alert).toContainText("fashion-mnist");
  await page.locator("#dismiss").click();
  await page.getByText("handwritten digits").click();

  await page.locator("#build").click();
  await page.locator("#tab-text").click();
  const text = await page.locator("#spec").inputValue();
  await page.locator("#spec").fill(text.replace('"units": 64', '"units": 0'));
  await expect(page.locator("#verdict")).toContainText("units");
  await expect(page.locator("#verdict")).toContainText("Line 10");
  await expect(page.locator("#use")).toHaveAttribute("aria-disabled", "true");
  await page.locator("#spec").fill(text.replace('"units": 10', '"units": 7'));
  await expect(page.locator("#builder-verdict")).toContainText("It tells 7 classes apart");
  await page.locator("#use").click();
  await page.locator("#use-sure").click();
  await mainButton(page).click();
  await expect(alert).toContainText("10");
  await page.locator("#dismiss").click();

  await page.selectOption("#preset", "small-convnet");
  await page.locator("#epochs").fill("1");
  await page.locator("#epochs").blur();
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
});

test("an attribute that cannot be used is told on the element and by its event", async ({ page }) => {
  await openModule(page);
  const detail = await page.evaluate(async () => {
    document.body.innerHTML = "";
    const element = document.createElement("cnn-lab");
    element.setAttribute("epochs", "many");
    const error = new Promise<{ code: string; message: string }>((resolve) => {
      document.addEventListener("cnn-lab-error", (event) => resolve({ code: event.detail.code, message: event.detail.message }), { once: true });
    });
    document.body.append(element);
    return error;
  });
  expect(detail.code).toBe("option");
  expect(detail.message).toContain('epochs="many"');
  await expect(page.getByRole("alert")).toContainText('epochs="many"');
  await expect(page.locator("#epochs")).toHaveValue("5");
});

test("a dialog whose file cannot be fetched is told, and opens at the next try", async ({ page }) => {
  await openLab(page);
  await page.route("**/assets/later/**", (route) => route.abort());
  await page.locator("#build").click();
  await expect(page.locator("[role=alert] .error")).toContainText("This part of the page could not be loaded.");
  await page.unroute("**/assets/later/**");
  await page.locator("#dismiss").click();
  await page.locator("#build").click();
  await expect(page.locator("#builder-dialog")).toBeVisible();
});
