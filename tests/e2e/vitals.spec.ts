import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { choose, type Lab, mainButton, openLab, progress, violations } from "./lab";
import { alone } from "./playwright.config";

const dialog = (page: Page): Locator => page.locator("#vitals-dialog");
const findings = (page: Page): Locator => page.locator("#vitals-dialog .findings li");
const where = (page: Page): Locator => page.locator("#vitals-where");

async function open(page: Page): Promise<void> {
  await page.locator("#vitals").click();
  await expect(dialog(page)).toBeVisible();
}

/** Makes a network with a change in its first layer the present one. */
async function takeWith(page: Page, change: Record<string, unknown>): Promise<void> {
  await page.evaluate(async (change) => {
    const lab = await (document.querySelector("cnn-lab") as unknown as { lab: Promise<Lab> }).lab;
    const spec = structuredClone(lab.spec!);
    Object.assign(spec.layers[0]!, change);
    await lab.setModel(spec);
  }, change);
}

/** Snapshots that are drawn. */
async function shown(page: Page): Promise<number> {
  return Number(/^([\d\u202f]+) snapshot/.exec(await page.locator("#vitals-count").innerText())?.[1] ?? NaN);
}

test("without a run the dialog says what to do, and then shows how the network learns while it does", { tag: alone }, async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 500 });
  await expect(page.locator("#finding")).toContainText("Weights, gradients");
  await open(page);
  await expect(page.locator("#first")).toContainText("Press Train below");
  await expect(dialog(page).locator("cnn-lab-over-steps")).toHaveCount(0);
  await expect(page.locator("#vitals-csv")).toHaveAttribute("aria-disabled", "true");
  await dialog(page).locator("#main").click();
  await expect(where(page)).toContainText("Epoch", { timeout: 30_000 });
  // All that is drawn anew with each snapshot, the first included.
  const tasks = page.evaluate(async () => {
    const found: number[] = [];
    const observer = new PerformanceObserver((list) => found.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: "longtask" });
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    observer.disconnect();
    return found;
  });
  await expect.poll(() => shown(page), { timeout: 60_000 }).toBeGreaterThan(1);
  const before = await shown(page);
  await expect.poll(() => shown(page), { timeout: 60_000 }).toBeGreaterThan(before + 1);
  await expect(dialog(page).locator("section.many")).toHaveCount(5);
  await expect(dialog(page).locator("cnn-lab-over-steps")).toHaveCount(25);
  await expect(dialog(page).getByRole("img", { name: "the weights of conv2d over steps" }).first()).toBeVisible();
  expect(await tasks).toEqual([]);
  await page.evaluate(() => document.querySelector("cnn-lab")!.stop());
  await expect(where(page)).toContainText("Stopped");

  // One layer, larger, with its latest distribution and all numbers.
  await dialog(page).getByRole("button", { name: "conv2d_1", exact: true }).click();
  await expect(page.locator("#layer")).toHaveValue("conv2d_1");
  await expect(page.locator("#layer")).toBeFocused();
  await expect(dialog(page).locator("cnn-lab-distribution")).toHaveCount(3);
  const chart = dialog(page).locator("cnn-lab-over-steps").first();
  await chart.locator("[role=img]").focus();
  await page.keyboard.press("Home");
  await expect(chart.locator(".key")).toContainText(/^step [01]:/);
  const painted = await chart.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  expect(painted).toBeGreaterThan(20);
  await dialog(page).locator("summary").click();
  const rows = await shown(page);
  await expect(dialog(page).locator("tbody tr")).toHaveCount(rows);
  await expect(dialog(page).locator("tbody tr").last().locator("th")).toHaveText(/^[01]$/);
  const download = page.waitForEvent("download");
  await page.locator("#vitals-csv").click();
  const csv = await readFile(await (await download).path(), "utf8");
  expect(csv.trimEnd().split("\r\n")).toHaveLength(1 + 5 * rows);

  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 375, height: 812 });
  await page.locator("#layer").selectOption("");
  await expect(dialog(page).locator("section.many")).toHaveCount(5);
  expect(await dialog(page).locator(".body").evaluate((body) => body.scrollWidth - body.clientWidth)).toBe(0);
  await page.keyboard.press("Escape");
  await expect(page.locator("#vitals")).toBeFocused();

  // A new network has none of it.
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.locator("#start-over").click();
  await open(page);
  await expect(page.locator("#first")).toContainText("Nothing was learned yet");
  await expect.poll(() => shown(page)).toBe(1);
});

test("of a healthy run it says so, and closed it costs nothing", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 3000, epochs: 2 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await open(page);
  await expect(findings(page)).toHaveCount(1);
  await expect(findings(page)).toHaveText(/^\s*Good\s*All is well\. From epoch 1 to 2 the loss went from/);
  // Nobody looked while it ran.
  await expect.poll(() => shown(page)).toBe(1);
  await page.keyboard.press("Escape");
  await expect(page.locator("#finding")).toContainText("Weights, gradients");
});

test("dead units are told, in the dialog and in the panel, and to a screen reader once", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 2 });
  await takeWith(page, { bias_initializer: { name: "constant", value: -100 } });
  await open(page);
  await dialog(page).locator("#main").click();
  await expect(where(page)).toContainText("Finished", { timeout: 40_000 });
  await expect(findings(page).first()).toContainText("Problem");
  await expect(findings(page).first()).toContainText("Dead units in conv2d: 32 of 32 units answer zero to all 16 pictures");
  await expect(findings(page).first()).toContainText("Start over with a smaller learning rate, biases that begin at 0");
  await expect(dialog(page).getByRole("status")).toContainText("Dead units in conv2d");
  await page.keyboard.press("Escape");
  await expect(page.locator("#finding")).toContainText("Problem: Dead units in conv2d");
  await open(page);
  await expect(dialog(page).getByRole("status")).toHaveText("");
});

test("a learning rate of 1000 is told, with what to try", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 2 });
  await page.locator("#learning-rate").fill("1000");
  await page.locator("#learning-rate").blur();
  await mainButton(page).click();
  await expect(progress(page)).toContainText(/Finished|diverged/, { timeout: 40_000 });
  // Without a look at the network: the curves tell.
  await expect(page.locator("#finding")).toContainText(/Problem: The (learning rate is probably too high|run diverged)/);
  await open(page);
  await expect(findings(page).first()).toContainText("a tenth of the learning rate or less: 100.");
});
