import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, openModule, progress, shownBatch } from "./lab";
import { alone } from "./playwright.config";

/** The losses of some augmented steps on the CPU. */
async function losses(page: Page, workers = 1): Promise<number[]> {
  return page.evaluate(async (workers) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 4, workers });
    await lab.loadBundled("mnist", { limit: 320 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    const found: number[] = [];
    const augmentation = { rotation_range: 20, zoom_range: 0.2, width_shift_range: 0.1, mixup: 0.2 };
    for await (const event of lab.train({ epochs: 3, batchSize: 32, augmentation })) {
      if (event.type === "step") found.push(event.loss);
    }
    lab.dispose();
    return found;
  }, workers);
}

test("batches prepared beside training are those that the core prepares itself", async ({ page, context }) => {
  const asked: string[] = [];
  context.on("request", (request) => asked.push(request.url()));
  await openModule(page);
  const beside = await losses(page);
  expect(beside).toHaveLength(30);
  expect(asked.filter((url) => url.includes("preparer"))).toHaveLength(1);
  expect(asked.filter((url) => url.includes("pkg/data/"))).not.toEqual([]);
  // Where several workers share a batch, each augments its own part.
  expect(await losses(page, 2)).toEqual(beside);
  expect(asked.filter((url) => url.includes("preparer"))).toHaveLength(1);
  // Without its module a preparer makes nothing, and the core does it all.
  const alone = await context.newPage();
  await context.route("**/pkg/data/**", (route) => route.abort());
  await openModule(alone);
  expect(await losses(alone)).toEqual(beside);
});

test("the same seed repeats a run and another does not; a wrong setting is named", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 4 });
    await lab.loadBundled("mnist", { limit: 20 });
    const shown = async (seed: number): Promise<string> => {
      const pictures = await lab.augmented(3, 4, { rotation_range: 40, horizontal_flip: true }, seed);
      return pictures.map(({ data }) => data.join()).join();
    };
    const [first, again, other] = [await shown(1), await shown(1), await shown(2)];
    const wrong = async (augmentation: object): Promise<string> =>
      lab.augmented(0, 1, augmentation).then(
        () => "nothing",
        (thrown: unknown) => {
          const { code, field } = thrown as InstanceType<typeof cnnLab.CnnLabError>;
          return `${code} ${field}`;
        },
      );
    const errors = [await wrong({ rotation_rage: 3 }), await wrong({ zoom_range: -2 }), await wrong({ fill_mode: "mirror" })];
    lab.dispose();
    return { same: first === again, other: first === other, errors };
  });
  expect(found).toEqual({
    same: true,
    other: false,
    errors: ["option rotation_rage", "option zoom_range", "option fill_mode"],
  });
});

test("fitting the whitening shows how far it is, pauses and stops at once, and then training follows", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 10_000, epochs: 1 });
  await page.locator("#load").click();
  await expect(page.locator("#load")).toHaveText("Loaded");
  await page.locator("#augment").click();
  await page.getByLabel("zca_whitening", { exact: true }).check();
  await page.locator("#augment-done").click();
  const main = mainButton(page);
  const said = progress(page);
  const spoken = page.locator("cnn-lab-train p[aria-live=polite]");
  const fitted = async (): Promise<number> => Number(/: (\d+)%/.exec(await said.innerText())?.[1] ?? NaN);

  await main.click();
  await expect(main).toHaveText("Pause");
  await main.click();
  await expect(said).toContainText(/Fitting the whitening to 9\u202f\d{3} pictures: \d+%/);
  await expect(said).toContainText("Paused.");
  await expect(main).toHaveText("Continue");
  await expect(spoken).toContainText("Fitting the whitening");
  const paused = await fitted();
  await page.waitForTimeout(300);
  expect(await fitted()).toBe(paused);
  await page.locator("#stop").click();
  await expect(said).toContainText("Stopped before the first step. The network is as it was.");
  // There is nothing to go on with.
  await expect(main).toHaveText("Train");
  await expect(spoken).toContainText("Stopped before the first step");

  await main.click();
  await expect.poll(fitted, { intervals: [50] }).toBeGreaterThan(paused);
  await expect.poll(() => shownBatch(page)).toBeGreaterThan(2);
  await expect(said).not.toContainText("Fitting");
  await page.locator("#stop").click();
  await expect(said).toContainText("Stopped. Continue goes on from here.");
  await expect(main).toHaveText("Continue");
});

test("while something is fitted the worker answers, and a lab that stopped it is as it was", { tag: alone }, async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 4 });
    await lab.loadBundled("mnist", { limit: 3000 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    const bytes = async (): Promise<string> => String(new Uint8Array(await (await lab.save("checkpoint")).arrayBuffer()));
    const before = await bytes();
    const run = lab.train({ steps: 2, augmentation: { zca_whitening: true } });
    const { fitting } = await run.started;
    let slowest = 0;
    const shares: number[] = [];
    for await (const event of run) {
      if (event.type !== "fitting") continue;
      shares.push(event.share);
      const began = performance.now();
      if (shares.length % 10 === 0) await run.pause();
      slowest = Math.max(slowest, performance.now() - began);
      run.resume();
      if (shares.length === 30) break;
    }
    const same = (await bytes()) === before;
    await run.stop();
    const { reason } = await run.done;
    const resumed = await lab.train({ resume: true }).done.then(({ reason }) => reason, (thrown: unknown) => (thrown as { code: string }).code);
    const after = (await bytes()) === before;
    const types: string[] = [];
    for await (const { type } of lab.train({ steps: 2, augmentation: { zca_whitening: true } })) {
      if (types.at(-1) !== type) types.push(type);
    }
    const again = await lab.train({ steps: 1, augmentation: { zca_whitening: true } }).started;
    lab.dispose();
    return { fitting, slowest, growing: shares.every((share, i) => i === 0 || share > shares[i - 1]!), same, reason, resumed, after, types, again: again.fitting };
  });
  console.log(`Pause while something is fitted: ${found.slowest.toFixed(0)} ms`);
  expect(found.slowest).toBeLessThan(200);
  expect(found).toMatchObject({
    fitting: true, growing: true, same: true, reason: "stopped", resumed: "state", after: true,
    types: ["fitting", "checkpoint", "step", "done"], again: false,
  });
});
