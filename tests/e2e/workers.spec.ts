/** A batch among several workers: the same run for any number of them, and whatever befalls them. */
import { expect, test, type Page } from "@playwright/test";
import { openModule, type Lab } from "./lab";
import { alone } from "./playwright.config";

/** Losses of so many steps of the MNIST convnet or another network, in a lab of its own each time. */
async function losses(page: Page, runs: { workers: number; steps: number; preset?: string }[]): Promise<number[][]> {
  return page.evaluate(async (runs) => {
    const all: number[][] = [];
    for (const { workers, steps, preset = "mnist-convnet" } of runs) {
      const lab = await cnnLab.CnnLab.create({ device: "cpu", workers, seed: 3 });
      await lab.loadBundled("mnist", { limit: 1000 });
      await lab.setModel((await lab.presets()).find(({ name }) => name === preset)!.spec);
      const seen: number[] = [];
      for await (const event of lab.train({ epochs: 20, steps, batchSize: 64, validate: false })) {
        if (event.type === "step") seen.push(event.loss);
      }
      lab.dispose();
      all.push(seen);
    }
    return all;
  }, runs);
}

test("twenty runs give the same losses to the last bit, and so do one, two, three and four workers", { tag: alone }, async ({ page }) => {
  test.setTimeout(180_000);
  await openModule(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  const [one, ...others] = await losses(page, [1, 2, 3, 4].map((workers) => ({ workers, steps: 50 })));
  expect(one).toHaveLength(50);
  expect(one!.at(-1)).toBeLessThan(one![0]! / 2);
  for (const other of others) expect(other).toEqual(one);
  // Its normalisations go by the statistics of the whole batch, about which the workers have to agree.
  const preset = "residual-net";
  const [alone, ...together] = await losses(page, [1, 2, 3, 4].map((workers) => ({ workers, steps: 15, preset })));
  expect(alone!.at(-1)).toBeLessThan(0.8 * alone![0]!);
  for (const other of together) expect(other).toEqual(alone);
  const again = await losses(page, Array.from({ length: 20 }, () => ({ workers: 2, steps: 10 })));
  for (const other of again) expect(other).toEqual(one!.slice(0, 10));
});

test("without shared memory the workers hand numbers over, and the losses are the same", { tag: alone }, async ({ page }) => {
  await openModule(page);
  const runs = [{ workers: 2, steps: 20 }, { workers: 2, steps: 5, preset: "residual-net" }];
  const shared = await losses(page, runs);
  // As on a course page that knows nothing of isolation.
  await page.route("**/*", async (route) => {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith("cross-origin-"));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
  await openModule(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  expect(await losses(page, runs)).toEqual(shared);
  const reason = await page.evaluate(async () => (await cnnLab.CnnLab.create({ device: "cpu", workers: 2 })).device.reason);
  expect(reason).toBe("You chose the CPU. 2 workers share each batch, by messages: the page is not cross-origin isolated.");
});

test("a run whose batches become large enough to be shared is not helped by workers of an earlier one", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const all: number[][] = [];
    for (const workers of [1, 3]) {
      const lab = await cnnLab.CnnLab.create({ device: "cpu", workers, seed: 3 });
      await lab.loadBundled("mnist", { limit: 400 });
      await lab.setModel((await lab.presets()).find(({ name }) => name === "mnist-convnet")!.spec);
      await lab.train({ epochs: 5, batchSize: 64, validate: false }).done;
      // Its batches are made in another way, and count otherwise.
      const run = lab.train({ epochs: 4, batchSize: 8, validate: false, augmentation: { width_shift_range: 0.3 }, classWeight: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
      const losses: number[] = [];
      const heard = (async () => {
        for await (const event of run) if (event.type === "step") losses.push(event.loss);
      })();
      await run.step();
      await run.update({ batchSize: 64 });
      run.resume();
      await heard;
      lab.dispose();
      all.push(losses);
    }
    return all;
  });
  expect(found[0]!.length).toBeGreaterThan(60);
  expect(found[1]).toEqual(found[0]);
});

for (const [preset, steps] of [["mnist-convnet", 60], ["residual-net", 20]] as const) {
  test(`a worker of ${preset} that dies costs time, not the run: a warning, another worker, the same losses`, async ({ page }) => {
    test.setTimeout(120_000);
    await openModule(page);
    const [whole] = await losses(page, [{ workers: 3, steps, preset }]);
    await page.evaluate(async (preset) => {
      const lab = await cnnLab.CnnLab.create({ device: "cpu", workers: 3, seed: 3 });
      await lab.loadBundled("mnist", { limit: 1000 });
      await lab.setModel((await lab.presets()).find(({ name }) => name === preset)!.spec);
      Object.assign(globalThis, { lab, events: [] as unknown[] });
    }, preset);
    const replicas = (): ReturnType<Page["workers"]> => page.workers().filter((worker) => worker.url().includes("replica"));
    expect(replicas()).toHaveLength(0);
    await page.evaluate(async (steps) => {
      const { lab, events } = globalThis as unknown as { lab: Lab; events: unknown[] };
      const run = lab.train({ epochs: 20, steps, batchSize: 64, validate: false });
      Object.assign(globalThis, { run });
      void (async () => {
        for await (const event of run) events.push(event);
      })();
      // It waits for the others to come: it would be over soon.
      await run.step();
    }, steps);
    await expect.poll(() => replicas().length).toBe(2);
    await page.evaluate(() => (globalThis as unknown as { run: ReturnType<Lab["train"]> }).run.resume());
    await replicas()[0]!.evaluate(() => {
      setTimeout(() => {
        throw new Error("struck down by a test");
      });
    });
    const seen = await page.evaluate(async () => {
      const { events } = globalThis as unknown as { events: { type: string; loss: number; code: string; message: string }[] };
      while (!events.some(({ type }) => type === "done")) await new Promise((resolve) => setTimeout(resolve, 20));
      return {
        losses: events.filter(({ type }) => type === "step").map(({ loss }) => loss),
        warnings: events.filter(({ type }) => type === "warning"),
      };
    });
    expect(seen.losses).toEqual(whole);
    expect(seen.warnings).toHaveLength(1);
    expect(seen.warnings[0]).toMatchObject({ code: "worker-lost" });
    expect(seen.warnings[0]!.message).toContain("struck down by a test");
    await expect.poll(() => replicas().length).toBe(2);
  });
}

test("the device says how many workers there are, one a core but one unless told otherwise", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const told = async (options: { device: "cpu" | "flex"; workers?: number }): Promise<{ workers: number; reason: string }> => {
      const lab = await cnnLab.CnnLab.create(options);
      const { workers, reason } = lab.device;
      lab.dispose();
      return { workers, reason };
    };
    return { cores: navigator.hardwareConcurrency, all: await told({ device: "cpu" }), one: await told({ device: "cpu", workers: 1 }), three: await told({ device: "flex", workers: 3 }), flex: await told({ device: "flex" }) };
  });
  const { cores } = found;
  expect(found.all.workers).toBe(Math.max(1, Math.min(8, cores - 1)));
  if (cores > 2) expect(found.all.reason).toContain(`${found.all.workers} workers share each batch`);
  expect(found.one).toEqual({ workers: 1, reason: "You chose the CPU." });
  expect([found.three.workers, found.flex.workers]).toEqual([3, 1]);
});
