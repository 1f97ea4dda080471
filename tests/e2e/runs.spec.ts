import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page, test } from "@playwright/test";
import type { RunRecord } from "../../www/src/cnn-lab";
import { choose, mainButton, openLab, openModule, progress, violations } from "./lab";

const rows = (page: Page): Locator => page.locator("#runs-dialog tbody tr");

/** Names in the order of the table. */
function names(page: Page): Promise<string[]> {
  return rows(page).locator("input[type=text]").evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value));
}

async function train(page: Page): Promise<void> {
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
}

async function saved(page: Page, id: string): Promise<string> {
  const download = page.waitForEvent("download");
  await page.locator(id).click();
  return readFile(await (await download).path(), "utf8");
}

test("the class notes each run with its figures, one that was resumed once, and keeps them for the next lab", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 5 });
    let told = 0;
    lab.addEventListener("runs", () => (told += 1));
    await lab.loadBundled("mnist", { limit: 640 });
    await lab.split({ validation: 0.1 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    const codes: string[] = [];
    const code = async (promise: Promise<unknown>): Promise<void> => {
      codes.push(await promise.then(() => "none", (thrown: unknown) => `${(thrown as { code: string }).code} ${(thrown as { field?: string }).field ?? ""}`));
    };
    const before = Date.now();
    await lab.train({ epochs: 2, batchSize: 32, steps: 10, optimizer: "adam" }).done;
    const [stopped] = await lab.runs();
    const went = lab.train({ resume: true });
    await went.started;
    await code(lab.deleteRun(stopped!.id));
    await went.done;
    const history = structuredClone(lab.history);
    const [resumed, ...none] = await lab.runs();
    // The same weights learn on: a run of its own.
    await lab.train({ epochs: 1, batchSize: 64, learningRate: 0.01 }).done;
    // None of these takes a step.
    await code(lab.train({ epochs: 0 }).done);
    await code(lab.train({ optimizer: "best" }).done);
    const cancelled = new AbortController();
    const aborted = lab.train({ epochs: 500, signal: cancelled.signal });
    for await (const event of aborted) {
      if (event.type === "step") break;
    }
    cancelled.abort();
    await code(aborted.done);
    const all = await lab.runs();
    await lab.renameRun(resumed!.id, "Adam, in two parts");
    await code(lab.renameRun(resumed!.id, "  "));
    await code(lab.renameRun("nobody", "x"));
    await code(lab.deleteRun("nobody"));
    const parameters = lab.summary!.totalParams;
    const spec = lab.spec;
    lab.dispose();

    const next = await cnnLab.CnnLab.create({ device: "cpu" });
    let heard = 0;
    next.addEventListener("runs", () => (heard += 1));
    const later = await next.runs();
    await next.deleteRun(all[0]!.id);
    const left = await next.runs();

    // One that keeps nothing neither writes nor reads.
    const apart = await cnnLab.CnnLab.create({ device: "cpu", keepRuns: false });
    await apart.loadBundled("mnist", { limit: 64 });
    await apart.setModel(convnet!.spec);
    await apart.train({ epochs: 1 }).done;
    const own = await apart.runs();
    const after = await next.runs();
    apart.dispose();
    next.dispose();
    return { before, stopped: stopped!, resumed: resumed!, none, history, all, codes, parameters, spec, later, left, own, after, told, heard };
  });
  const { stopped, resumed, history, all } = found;
  expect(stopped).toMatchObject({ name: "Run 1", dataset: "mnist", pictures: 576, device: "cpu", seed: 5, parameters: found.parameters, reason: "finished" });
  expect(stopped.options).toEqual({ epochs: 2, batchSize: 32, steps: 10, optimizer: "adam" });
  expect(stopped.epochs).toEqual([]);
  expect(stopped.steps).toHaveLength(10);
  expect(Date.parse(stopped.started)).toBeGreaterThanOrEqual(found.before - 1);

  expect(found.none).toEqual([]);
  expect(resumed.id).toBe(stopped.id);
  expect(resumed.started).toBe(stopped.started);
  expect(resumed.seconds).toBeGreaterThan(stopped.seconds);
  expect(resumed.reason).toBe("finished");
  expect(resumed.spec).toEqual(found.spec);
  expect(resumed.epochs).toEqual(history.epochs);
  expect(resumed.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
  // Few enough to be kept one by one.
  expect(resumed.steps.map(({ loss }) => loss)).toEqual(history.steps.map(({ loss }) => loss));
  expect(resumed.steps.at(-1)).toMatchObject({ step: 36, at: 2 });
  const losses = history.epochs.map(({ valLoss }) => valLoss!);
  expect(resumed.best.valLoss).toEqual({ value: Math.min(...losses), epoch: losses.indexOf(Math.min(...losses)) + 1 });

  expect(all.map(({ name, reason }) => [name, reason])).toEqual([["Run 3", "stopped"], ["Run 2", "finished"], ["Run 1", "finished"]]);
  expect(all[1]!.epochs.map(({ epoch }) => epoch)).toEqual([3]);
  expect(all[1]!.steps.map(({ step }) => step)).toEqual([37, 38, 39, 40, 41, 42, 43, 44, 45]);
  expect(found.codes).toEqual(["state ", "option epochs", "option optimizer", "aborted ", "option name", "option id", "option id"]);
  expect(found.later.map(({ name }) => name)).toEqual(["Run 3", "Run 2", "Adam, in two parts"]);
  expect(found.left.map(({ name }) => name)).toEqual(["Run 2", "Adam, in two parts"]);
  expect(found.own.map(({ name, device }) => [name, device])).toEqual([["Run 1", "cpu"]]);
  expect(found.after).toEqual(found.left);
  expect(found.told).toBeGreaterThan(3);
  expect(found.heard).toBe(1);
});

test("without storage records last as long as the lab, and nothing else is lost", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("Not here.", "SecurityError");
    };
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    await lab.loadBundled("mnist", { limit: 64 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    await lab.train({ epochs: 1 }).done;
    const [run] = await lab.runs();
    await lab.renameRun(run!.id, "Here");
    const named = await lab.runs();
    await lab.deleteRun(run!.id);
    const none = await lab.runs();
    lab.dispose();
    return { named: named.map(({ name, reason }) => [name, reason]), none };
  });
  expect(found).toEqual({ named: [["Here", "finished"]], none: [] });
});

test("on the page: runs stay after a reload, are named, sorted, compared, saved, repeated and deleted", async ({ page }) => {
  test.setTimeout(150_000);
  await openLab(page);
  await page.locator("#runs").click();
  await expect(page.locator("#runs-dialog")).toContainText("No run yet");
  await page.keyboard.press("Escape");
  await choose(page, { limit: 1000, epochs: 3 });
  await train(page);
  await page.locator("#start-over").click();
  await page.locator("#preset").selectOption("small-convnet");
  await choose(page, { limit: 1000, epochs: 1 });
  await page.locator("#optimizer").selectOption("sgd");
  await train(page);

  await page.reload();
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
  await page.locator("#runs").click();
  await expect(rows(page)).toHaveCount(2);
  expect(await names(page)).toEqual(["Run 2", "Run 1"]);
  // The longer run is the better one, in all three figures.
  await expect(rows(page).nth(1).locator("b")).toHaveCount(3);
  await expect(rows(page).nth(0).locator("b")).toHaveCount(0);
  await expect(rows(page).nth(1)).toContainText("93\u202f322");
  await expect(rows(page).nth(1)).toContainText("RMSprop at 0.001");

  await page.locator("#sort-name").click();
  expect(await names(page)).toEqual(["Run 1", "Run 2"]);
  await expect(page.locator("th", { has: page.locator("#sort-name") })).toHaveAttribute("aria-sort", "ascending");
  await page.locator("#sort-epochs").click();
  expect(await names(page)).toEqual(["Run 1", "Run 2"]);
  await page.locator("#sort-epochs").click();
  expect(await names(page)).toEqual(["Run 2", "Run 1"]);

  const first = rows(page).nth(1).locator("input[type=text]");
  await first.fill("The convnet");
  await first.press("Enter");
  await expect(page.getByLabel("Compare The convnet")).toBeVisible();
  const other = rows(page).nth(0).locator("input[type=text]");
  await other.fill("  ");
  await other.blur();
  expect(await names(page)).toEqual(["Run 2", "The convnet"]);

  await page.getByLabel("Compare The convnet").check();
  await page.getByLabel("Compare Run 2").check();
  const chart = page.locator("cnn-lab-compare-chart");
  await expect(chart.locator(".key")).toHaveCount(2);
  await expect(chart.locator(".plot")).toHaveAttribute("aria-label", /The convnet: [\d.]+% at epoch 3\.0\. Run 2: [\d.]+% at epoch 1\.0\./);
  const at = await chart.locator(".key b").first().innerText();
  await chart.locator(".plot").focus();
  for (let i = 0; i < 8; i += 1) await page.keyboard.press("ArrowLeft");
  await expect(chart.locator("h3")).toContainText("At epoch 1.");
  expect(await chart.locator(".key b").first().innerText()).not.toBe(at);
  await page.locator("#figure").selectOption("loss");
  await expect(chart.locator("h3")).toHaveText("Training loss (nats)");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }

  const curves = (await saved(page, "#curves-csv")).trim().split("\r\n");
  expect(curves).toHaveLength(1 + 3 + 1);
  const table = (await saved(page, "#runs-csv")).trim().split("\r\n");
  expect(table[0]).toMatch(/^id,name,started/);
  expect(table.slice(1).map((row) => row.split(",")[1]).sort()).toEqual(["Run 2", "The convnet"]);
  await page.getByLabel("Compare Run 2").uncheck();
  const json = JSON.parse(await saved(page, "#runs-json")) as RunRecord[];
  expect(json.map(({ name, epochs }) => [name, epochs.length])).toEqual([["The convnet", 3]]);

  await page.locator("#runs-dialog tbody tr", { has: page.getByLabel("Name of Run 2") }).getByRole("button", { name: "Use again" }).click();
  await expect(page.locator("#runs-dialog")).toBeHidden();
  await expect(page.locator("#optimizer")).toHaveValue("sgd");
  await expect(page.locator("#epochs")).toHaveValue("1");
  const layers = json[0]!.spec.layers.length;
  await expect(page.locator("cnn-lab-network .layer")).not.toHaveCount(layers);

  await page.locator("#runs").click();
  await page.getByRole("button", { name: "Delete Run 2" }).click();
  await expect(page.locator("#keep")).toBeFocused();
  await page.locator("#keep").click();
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Delete Run 2" }).click();
  await page.locator("#delete-sure").click();
  await expect(rows(page)).toHaveCount(1);
  await page.reload();
  await page.locator("#runs").click();
  await expect(rows(page)).toHaveCount(1);
  expect(await names(page)).toEqual(["The convnet"]);
});

test("a run shows while it goes on, in this tab and in another, and asks before weights are lost", async ({ page, context }) => {
  await openLab(page);
  const tab = await context.newPage();
  await openLab(tab);
  await tab.locator("#runs").click();
  await expect(tab.locator("#runs-dialog")).toContainText("No run yet");
  await choose(page, { limit: 2000, epochs: 300 });
  await mainButton(page).click();
  await expect(rows(tab).first()).toContainText("not ended", { timeout: 30_000 });
  await page.locator("#runs").click();
  await expect(rows(page).first().getByRole("button", { name: "Delete Run 1" })).toHaveAttribute("aria-disabled", "true");
  await page.keyboard.press("Escape");
  await page.locator("#stop").click();
  await expect(rows(tab).first()).toContainText("stopped");
  await page.locator("#runs").click();
  await rows(page).first().getByRole("button", { name: "Use again" }).click();
  await expect(page.locator("#runs-dialog footer")).toContainText("has learned something");
  await page.locator("#keep").click();
  await page.keyboard.press("Escape");
  await expect(mainButton(page)).toHaveText("Continue");
});
