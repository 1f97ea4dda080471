import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, openModule, progress, shownBatch, trainingWorkers } from "./lab";

/** The losses of some steps on the CPU, from a fresh network or from a checkpoint. */
async function losses(page: Page, o: { checkpoint?: number[]; steps: number }): Promise<{ losses: number[]; saved: number[] }> {
  return page.evaluate(async ({ checkpoint, steps }) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 7 });
    await lab.loadBundled("mnist", { limit: 5000 });
    await lab.split({ validation: 0.1, seed: 7 });
    if (checkpoint) {
      await lab.load(new Blob([new Uint8Array(checkpoint)]));
    } else {
      const [convnet] = await lab.presets();
      await lab.setModel(convnet!.spec);
    }
    const found: number[] = [];
    const options = checkpoint ? { resume: true, steps } : { epochs: 3, batchSize: 64, steps };
    for await (const event of lab.train(options)) {
      if (event.type === "step") found.push(event.loss);
    }
    const saved = new Uint8Array(await (await lab.save("checkpoint")).arrayBuffer());
    lab.dispose();
    return { losses: found, saved: [...saved] };
  }, o);
}

test("saved after step 50 and loaded in a new tab, a run goes on to the last bit as if it had never stopped", async ({ page, context }) => {
  await openModule(page);
  const whole = await losses(page, { steps: 100 });
  const half = await losses(page, { steps: 50 });
  const tab = await context.newPage();
  await openModule(tab);
  // 70 steps make an epoch, so the continued run also crosses into the second.
  const rest = await losses(tab, { steps: 50, checkpoint: half.saved });
  expect(half.losses).toHaveLength(50);
  expect(rest.losses).toHaveLength(50);
  expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
  expect(rest.saved).toEqual(whole.saved);
});

test("the page saves a stopped run to a file, and Continue goes on with it after it is loaded", async ({ page, context }) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 2 });
  await mainButton(page).click();
  await expect.poll(() => shownBatch(page)).toBeGreaterThan(4);
  await page.locator("#stop").click();
  await expect(progress(page)).toContainText("Stopped");
  const download = page.waitForEvent("download");
  await page.locator("#save").click();
  const file = await (await download).path();

  const tab = await context.newPage();
  await openLab(tab);
  await choose(tab, { limit: 2000, epochs: 2 });
  await tab.locator("#checkpoint").setInputFiles(file);
  await expect(progress(tab)).toContainText("Continue goes on from there");
  await expect(mainButton(tab)).toHaveText("Continue");
  await mainButton(tab).click();
  await expect(progress(tab)).toContainText("Finished", { timeout: 40_000 });
  await expect(progress(tab)).toContainText("Epoch 2 of 2, batch 29 of 29");
});

test("a panic is told, and training goes on from the last checkpoint in a fresh worker", async ({ page }) => {
  let broken = 0;
  const workers = trainingWorkers(page);
  await page.route("**/pkg/cpu-relaxed/cnn_lab.js", async (route) => {
    const response = await route.fetch();
    let body = await response.text();
    // The first worker's core fails at its thirtieth call; its successor's is sound.
    if (broken === 0) {
      body += `
        const advance = Core.prototype.advance;
        let calls = 0;
        Core.prototype.advance = function (n) {
          calls += 1;
          if (calls === 30) throw new WebAssembly.RuntimeError("unreachable");
          return advance.call(this, n);
        };`;
    }
    broken += 1;
    await route.fulfill({ response, body });
  });
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 2 });
  await mainButton(page).click();
  await expect(page.locator(".warnings")).toContainText("A fresh worker takes over");
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect(progress(page)).toContainText("Epoch 2 of 2, batch 29 of 29");
  await expect(page.getByRole("alert")).toBeEmpty();
  expect(workers()).toBe(2);
  // The curves hold each step once.
  const steps = await page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).history.steps.length);
  expect(steps).toBe(58);
});
