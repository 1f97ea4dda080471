import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, openModule, progress, trainingWorkers, violations } from "./lab";
import { alone } from "./playwright.config";

const population = (figures: number[]): { mean: number; std: number } => {
  const mean = figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
  return { mean, std: Math.sqrt(figures.reduce((sum, figure) => sum + (figure - mean) ** 2, 0) / figures.length) };
};

/** Everything of the page's lab that a cross-validation must leave alone. */
function ownBytes(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const lab = await document.querySelector("cnn-lab")!.lab;
    const bytes = await (await lab.save("checkpoint")).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return `${String(digest)} ${JSON.stringify(lab.dataset!.splits)} ${JSON.stringify(lab.history)}`;
  });
}

test("through the class: every picture is held out once, figures agree, a seed repeats them, and the lab stays as it was", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 4 });
    await lab.loadBundled("mnist", { limit: 330 });
    const dataset = await lab.split({ validation: 0.1 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    await lab.train({ epochs: 3, batchSize: 32, steps: 4 }).done;
    const own = async (): Promise<string> => String(new Uint8Array(await (await lab.save("checkpoint")).arrayBuffer())) + JSON.stringify([lab.history, lab.dataset, lab.savedRun]);
    const before = await own();
    const options = { epochs: 2, batchSize: 32, optimizer: "adam", folds: 3 };
    const shares: number[] = [];
    const seen: string[] = [];
    const events: number[] = [];
    const first = await lab.crossValidate({
      ...options,
      onProgress: ({ share, fold, folds, stage, pictures, train, heldOut, scores }) => {
        shares.push(share);
        const at = `${fold}/${folds} ${stage} ${pictures} ${train + heldOut} ${scores.length}`;
        if (seen.at(-1) !== at) seen.push(at);
        events.push(scores.length);
      },
    });
    const same = (await own()) === before;
    const again = await lab.crossValidate(options);
    const other = await lab.crossValidate({ ...options, seed: 5, validate: true });
    // The stopped run goes on where it was.
    const { reason } = await lab.train({ resume: true }).done;
    const runs = await lab.runs();
    lab.dispose();
    const figures = (result: typeof first): number[][] => result.folds.map(({ loss, accuracy }) => [loss, accuracy]);
    return { dataset, first, repeated: JSON.stringify(figures(first)) === JSON.stringify(figures(again)), other, shares, seen, same, reason, runs: runs.length };
  });
  const { dataset, first, other } = found;
  const pictures = dataset.splits.train + dataset.splits.validation;
  expect(pictures).toBe(330);
  expect(first.folds.map(({ fold, train, heldOut }) => [fold, train + heldOut])).toEqual([[1, 330], [2, 330], [3, 330]]);
  expect(first.folds.reduce((sum, { heldOut }) => sum + heldOut, 0)).toBe(330);
  const counts = dataset.classes.map((_, label) => dataset.counts.train[label]! + dataset.counts.validation[label]!);
  expect(first.confusion.map((row) => row.reduce((sum, n) => sum + n, 0))).toEqual(counts);
  const right = first.confusion.reduce((sum, row, label) => sum + row[label]!, 0);
  expect(first.folds.reduce((sum, { accuracy, heldOut }) => sum + accuracy * heldOut, 0)).toBeCloseTo(right, 3);
  for (const figure of ["loss", "accuracy"] as const) {
    const { mean, std } = population(first.folds.map((fold) => fold[figure]));
    expect(first[figure].mean).toBeCloseTo(mean, 10);
    expect(first[figure].std).toBeCloseTo(std, 10);
    expect(std).toBeGreaterThan(0);
  }
  expect(first.deviation).toBe("population");
  for (const { epochs, reason, restoredEpoch, seconds } of first.folds) {
    expect(epochs.map(({ epoch, valLoss }) => [epoch, valLoss])).toEqual([[1, undefined], [2, undefined]]);
    expect([reason, restoredEpoch]).toEqual(["finished", null]);
    expect(seconds).toBeGreaterThan(0);
  }
  expect(other.folds[0]!.epochs[1]!.valLoss).toBeCloseTo(other.folds[0]!.loss, 5);
  expect(other.loss.mean).not.toBe(first.loss.mean);
  expect(found).toMatchObject({ repeated: true, same: true, reason: "finished", runs: 1 });
  expect(found.shares).toEqual([...found.shares].sort((a, b) => a - b));
  expect(found.shares.at(-1)).toBe(1);
  expect(found.seen).toContain("1/3 training 330 330 0");
  expect(found.seen).toContain("3/3 measuring 330 330 2");
});

test("wrong options, the wrong moment, data that changes and a signal: each is an error, and the lab goes on", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(() => "none", (thrown: unknown) => `${(thrown as { code: string }).code} ${(thrown as { field?: string }).field ?? ""}`);
    const empty = await code(lab.crossValidate());
    await lab.loadBundled("mnist", { limit: 200 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    const wrong = [];
    for (const options of [{ folds: 1 }, { folds: 2.5 }, { folds: 1000 }, { seed: -1 }, { resume: true }, { onProgress: 3 }, { epochs: "two" }, { optimizer: "best" }, { fold: 3 }]) {
      wrong.push(await code(lab.crossValidate(options as object)));
    }
    const run = lab.train({ epochs: 100 });
    await run.started;
    const during = await code(lab.crossValidate());
    await run.stop();
    // Begun, and then something happens.
    const begun = (o: object = {}): { promise: Promise<unknown>; begins: Promise<unknown> } => {
      const { promise: begins, resolve } = Promise.withResolvers<unknown>();
      return { promise: lab.crossValidate({ folds: 2, epochs: 50, onProgress: resolve, ...o }), begins };
    };
    const cancel = new AbortController();
    const one = begun({ signal: cancel.signal });
    await one.begins;
    const second = await code(lab.crossValidate({ folds: 2 }));
    cancel.abort();
    const aborted = await code(one.promise);
    const gone = await code(lab.crossValidate({ folds: 2, signal: AbortSignal.abort() }));
    const two = begun();
    await two.begins;
    const ended = code(two.promise);
    await lab.exclude("train", 0);
    const changed = await ended;
    const three = begun();
    await three.begins;
    const replaced = code(three.promise);
    await lab.setModel(convnet!.spec);
    const network = await replaced;
    const fine = await lab.crossValidate({ folds: 2 });
    const { reason } = await lab.train({ epochs: 1 }).done;
    lab.dispose();
    return { empty, wrong, during, second, aborted, gone, changed, network, fine: fine.folds.length, reason };
  });
  expect(found).toEqual({
    empty: "state ",
    wrong: ["option folds", "option folds", "option folds", "option seed", "option resume", "option onProgress", "option epochs", "option optimizer", "option fold"],
    during: "state ", second: "state ", aborted: "aborted ", gone: "aborted ", changed: "state ", network: "state ", fine: 2, reason: "finished",
  });
});

test("on the page: a row a fold as it comes, mean and deviation, who was taken for whom, and CSV", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 600, epochs: 1 });
  await page.locator("#cross-validate").click();
  await expect(page.locator("#folds-options")).toContainText("RMSprop at 0.001, 64 pictures a step, 1 epoch");
  await page.locator("#folds").fill("1");
  await page.locator("#folds").blur();
  await expect(page.locator("#folds")).toHaveValue("5");
  await page.locator("#folds").fill("4");
  await page.locator("#folds").blur();
  const rows = page.locator("#folds-dialog tbody tr");
  await expect(rows).toHaveCount(4);
  await page.locator("#start-folds").click();
  await expect(page.locator("#folds-progress")).toContainText(/Fold \d of 4/);
  await expect(page.locator("#folds")).toBeDisabled();
  // Closed, it goes on, and the panel says how far it is.
  await page.keyboard.press("Escape");
  await expect(page.locator("#cross-validate")).toContainText(/Folds: \d+%/);
  // What would end it cannot be chosen by mistake.
  await expect(page.locator("#device")).toBeDisabled();
  await expect(page.locator("#preset")).toHaveAttribute("title", /cancel it in Folds first/);
  await expect(page.getByRole("radio", { name: /Fashion-MNIST/ })).toBeDisabled();
  await page.locator("#cross-validate").click();
  await expect(page.locator("#folds-progress")).toContainText("Done: 4 folds", { timeout: 60_000 });
  await expect(page.locator("#folds-dialog cnn-lab-confusion tr")).toHaveCount(11);
  const download = page.waitForEvent("download");
  await page.locator("#folds-csv").click();
  const csv = (await readFile(await (await download).path(), "utf8")).trim().split("\r\n").map((row) => row.split(","));
  expect(csv.map(([fold]) => fold)).toEqual(["fold", "1", "2", "3", "4", "mean", "population standard deviation"]);
  const accuracies = csv.slice(1, 5).map((row) => Number(row[4]));
  const { mean, std } = population(accuracies);
  await expect(page.locator("#folds-accuracy")).toHaveText(`${(100 * mean).toFixed(2)}% ± ${(100 * std).toFixed(2)}`);
  for (const [i, accuracy] of accuracies.entries()) {
    await expect(rows.nth(i)).toContainText(`${(100 * accuracy).toFixed(2)}%`);
    await expect(rows.nth(i)).toContainText("450");
    await expect(rows.nth(i)).toContainText("150");
  }
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 375, height: 812 });
  expect(await page.locator("#folds-dialog .body").evaluate((body) => body.scrollWidth <= body.clientWidth)).toBe(true);
});

test("5 folds of 5,000 pictures are cancelled after the first has begun, and the network and its run are as they were", { tag: alone }, async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 5000, epochs: 3 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText(/batch \d/);
  await page.locator("#stop").click();
  await expect(progress(page)).toContainText("Stopped");
  const before = await ownBytes(page);
  await page.locator("#cross-validate").click();
  await expect(page.locator("#folds-dialog")).toContainText("The 5\u202f000 pictures");
  await page.locator("#start-folds").click();
  await expect(page.locator("#folds-progress")).toContainText(/Fold 1 of 5: epoch 1 of 3, batch [1-9]/);
  const began = Date.now();
  await page.locator("#cancel-folds").click();
  await expect(page.locator("#folds-progress")).toHaveText("Cancelled. Your network is as it was.");
  console.log(`From Cancel to its answer: ${Date.now() - began} ms`);
  await expect(page.locator("#start-folds")).toBeFocused();
  expect(await ownBytes(page)).toBe(before);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("alert").filter({ hasText: /./ })).toHaveCount(0);
  await expect(mainButton(page)).toHaveText("Continue");
  await mainButton(page).click();
  await expect(mainButton(page)).toHaveText("Pause");
  await page.locator("#stop").click();
});

test("a core that fails in a fold is told, and a fresh worker has the network as it was", async ({ page }) => {
  let loads = 0;
  const workers = trainingWorkers(page);
  await page.route("**/pkg/cpu-relaxed/cnn_lab.js", async (route) => {
    const response = await route.fetch();
    let body = await response.text();
    // The first worker's core fails in its third piece; its successor's is sound.
    if (loads === 0) {
      body += `
        const advance = Core.prototype.advanceCrossValidation;
        let calls = 0;
        Core.prototype.advanceCrossValidation = function (n) {
          calls += 1;
          if (calls === 3) throw new WebAssembly.RuntimeError("unreachable");
          return advance.call(this, n);
        };`;
    }
    loads += 1;
    await route.fulfill({ response, body });
  });
  await openLab(page);
  await choose(page, { limit: 400, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  const before = await ownBytes(page);
  await page.locator("#cross-validate").click();
  await page.locator("#start-folds").click();
  await expect(page.locator("#folds-progress")).toHaveText("It ended with an error. Your network is as it was.");
  await expect(page.locator("#folds-dialog [role=alert]")).toContainText("internal error");
  expect(await ownBytes(page)).toBe(before);
  await page.locator("#start-folds").click();
  await expect(page.locator("#folds-progress")).toContainText("Done: 5 folds", { timeout: 60_000 });
  await expect(page.locator("#folds-dialog [role=alert]")).toBeEmpty();
  expect(workers()).toBe(2);
});
