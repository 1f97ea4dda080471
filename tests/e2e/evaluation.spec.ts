import { expect, type Page, test } from "@playwright/test";
import { type Entry, marked, zip } from "./files";
import { choose, mainButton, openLab, progress, violations } from "./lab";

/** Trains a little, evaluates, and opens the dialog. */
async function openEvaluation(page: Page): Promise<void> {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#evaluate").click();
  await expect(page.locator(".test .big")).toHaveText(/%$/);
  await page.locator("#evaluation").click();
  await expect(page.locator("#evaluation-dialog")).toBeVisible();
}

const tab = (page: Page, name: string): Promise<void> => page.locator(`cnn-lab-evaluation #tab-${name}`).click();

test("before there is an evaluation the dialog says so and measures; another split and Cancel", async ({ page }) => {
  await openLab(page);
  await page.locator("#evaluation").click();
  const dialog = page.locator("#evaluation-dialog");
  await expect(dialog).toContainText("has not learned anything yet");
  await expect(dialog.locator("#measure-first")).toHaveAttribute("aria-disabled", "true");
  await expect(dialog).toContainText("Load pictures first");
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();

  await choose(page, { limit: 1000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#evaluation").click();
  await dialog.locator("#measure-first").click();
  await expect(dialog.locator("cnn-lab-scores")).toBeVisible();
  await dialog.locator("#evaluated-split").selectOption("train");
  await dialog.locator("#measure-first").click();
  await dialog.locator("#cancel-measuring").click({ timeout: 5000 }).catch(() => undefined);
  await expect(dialog.locator("#cancel-measuring")).toBeHidden();
  // What was measured of the test pictures is still there.
  await dialog.locator("#evaluated-split").selectOption("test");
  await expect(dialog.locator("cnn-lab-scores")).toBeVisible();
});

test("scores sort and are saved; the matrix opens pictures, whose labels can be put right", async ({ page }) => {
  await openEvaluation(page);
  const dialog = page.locator("#evaluation-dialog");

  // Scores.
  const scores = dialog.locator("cnn-lab-scores");
  await expect(scores.locator("tbody tr")).toHaveCount(10);
  await scores.locator("#sort-recall").click();
  await expect(scores.locator("th[aria-sort=ascending]")).toContainText("Recall");
  const recalls = await scores.locator("tbody td:nth-child(3)").allInnerTexts();
  const numbers = recalls.map((text) => parseFloat(text));
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  await scores.locator("#sort-recall").press("Enter");
  await expect(scores.locator("th[aria-sort=descending]")).toContainText("Recall");
  const csv = page.waitForEvent("download");
  await scores.locator("#scores-csv").click();
  expect((await csv).suggestedFilename()).toBe("cnn-lab-scores-test.csv");
  expect(await violations(page)).toEqual([]);

  // Confusion: the keyboard walks from cell to cell with one tab stop.
  await tab(page, "confusion");
  const matrix = dialog.locator("cnn-lab-confusion-tab");
  await expect(matrix.locator("td button")).toHaveCount(100);
  await expect(matrix.locator('td button[tabindex="0"]')).toHaveCount(1);
  await matrix.locator('td button[tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  const cell = matrix.locator('[data-row="1"][data-column="1"]');
  await expect(cell).toBeFocused();
  await page.keyboard.press("End");
  await expect(matrix.locator('[data-row="1"][data-column="9"]')).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect(cell).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(matrix.locator("#cell-pictures")).toContainText("recognised as such");
  await expect(matrix.locator("cnn-lab-cases li").first()).toBeVisible();
  await matrix.locator("#normalised").check();
  await expect(cell).toContainText("%");
  for (const [button, name] of [["svg", "cnn-lab-confusion-test.svg"], ["png", "cnn-lab-confusion-test.png"]] as const) {
    const saved = page.waitForEvent("download");
    await matrix.locator(`#confusion-${button}`).click();
    expect((await saved).suggestedFilename()).toBe(name);
  }
  await matrix.locator("#order").selectOption("confused");
  await matrix.locator(".pairs button").first().click();
  await expect(matrix.locator("#cell-pictures")).toContainText("taken for");
  const first = matrix.locator("cnn-lab-cases li button").first();
  const [, truth = "", said = ""] = /is (\S+) .*said (\S+) /.exec((await first.getAttribute("aria-label")) ?? "") ?? [];
  expect(truth).not.toBe(said);
  await first.click();
  const picked = dialog.locator("cnn-lab-case");
  await expect(picked.locator(".said")).toContainText(`It is ${truth}. The network said ${said}`);
  await expect(picked.locator("cnn-lab-bars tr")).toHaveCount(5);
  expect(await violations(page)).toEqual([]);

  // Its label is put right: what was measured stands, and measuring again counts it.
  await picked.locator("#its-class").selectOption(said);
  await expect(picked).toContainText(`Its class is now ${said}`);
  await expect(picked.locator("#its-class")).toBeFocused();
  await expect(dialog.locator(".top")).toContainText("You corrected 1 class");
  await expect(picked.locator("#train-on")).toBeVisible();
  await dialog.locator("#measure").click();
  await expect(dialog.locator(".top")).not.toContainText("You corrected");

  // Training on makes it old, and that is said.
  await page.keyboard.press("Escape");
  await page.locator("#step").click();
  await expect(progress(page)).toContainText("One step taken");
  await page.locator("#evaluation").click();
  await expect(dialog.locator(".top")).toContainText("The network has learned on since");
  await page.keyboard.press("Escape");

  // After the set was edited elsewhere it measures anew by itself.
  await page.getByRole("button", { name: "Look through" }).click();
  await page.locator("#look-split").selectOption("test");
  await page.locator("#gallery .scroll").focus();
  await expect(page.locator("#gallery #current")).toHaveAttribute("aria-label", /mnist/);
  await page.keyboard.press("Enter");
  // Any picture of the gallery can be looked into.
  await page.locator("#inside-this").click();
  await expect(page.locator("#inside-hand")).toContainText("Test picture 0");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Look through" }).click();
  await page.locator("#look-split").selectOption("test");
  await page.locator("#gallery .scroll").focus();
  await page.keyboard.press("Enter");
  await page.locator("#exclude").click();
  await expect(page.locator("#look-split")).toContainText("Test, 1\u202f999");
  await page.keyboard.press("Escape");
  await page.locator("#evaluation").click();
  await expect(dialog.locator(".top [role=status]")).toContainText("of 1\u202f999 right.");
  await expect(dialog.locator(".top")).not.toContainText("since");
});

test("mistakes, curves, confidence and the map", async ({ page }) => {
  await openEvaluation(page);
  const dialog = page.locator("#evaluation-dialog");

  await tab(page, "mistakes");
  const mistakes = dialog.locator("cnn-lab-mistakes");
  await expect(mistakes.locator("#worst li")).toHaveCount(12);
  await mistakes.locator("#worst #more").click();
  await expect(mistakes.locator("#worst li")).toHaveCount(24);
  await mistakes.locator("#worst li button").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(dialog.locator("cnn-lab-case .said")).toContainText("The network said");
  expect(await violations(page)).toEqual([]);

  await tab(page, "curves");
  const curves = dialog.locator("cnn-lab-curves");
  await curves.locator("#curve-class").selectOption("3");
  await expect(curves.locator("#roc")).toContainText(/area 0\.[5-9]\d{3}|area 1\.0000/);
  const recall = curves.locator("#at-threshold dd").nth(1);
  await curves.locator("#threshold").fill("0");
  await expect(recall).toHaveText("1.0000");
  await curves.locator("#threshold").focus();
  await page.keyboard.press("End");
  await expect(recall).toHaveText(/^0/);
  expect(await violations(page)).toEqual([]);

  await tab(page, "confidence");
  await expect(dialog.locator("#calibration-words")).toContainText(/percentage points/);
  await dialog.locator("cnn-lab-confidence summary").click();
  await expect(dialog.locator("cnn-lab-confidence tbody tr")).toHaveCount(15);
  expect(await violations(page)).toEqual([]);

  await tab(page, "map");
  const map = dialog.locator("cnn-lab-map");
  await expect(map).toContainText("Principal components of 2\u202f000 pictures", { timeout: 30_000 });
  await expect(map.locator(".across")).toContainText("% of the variance");
  await map.locator("canvas").focus();
  await page.keyboard.press("ArrowRight");
  await expect(map.locator("#reading")).toContainText("the network said");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("+");
  await page.keyboard.press("Enter");
  await expect(dialog.locator("cnn-lab-case .said")).toContainText("The network said");
  const place = await map.locator("cnn-lab-scatter").evaluate((scatter) => (scatter as HTMLElement & { placeOf(i: number): { x: number; y: number } }).placeOf(0));
  await page.keyboard.press("0");
  expect(place.x).toBeGreaterThan(0);
  await map.locator("#rings").uncheck();
  await map.locator(".legend button").first().click();
  await expect(map.locator(".legend button").first()).toHaveAttribute("aria-pressed", "false");
  expect(await violations(page)).toEqual([]);
  await map.locator("#map-limit").selectOption("1000");
  await expect(map).toContainText("Principal components of 1\u202f000 pictures", { timeout: 30_000 });
  await map.locator("#map-method").selectOption("tsne");
  await map.locator("#cancel-map").click();
  await expect(map).toContainText("Cancelled.");
  await dialog.locator("#tab-scores").click();

  // Looking inside takes the picture along.
  await tab(page, "mistakes");
  await mistakes.locator("#worst li button").first().click();
  await dialog.locator("#look-inside").click();
  await expect(page.locator("#inside-dialog")).toBeVisible();
});

test("a class without test pictures has no scores and no curves, and both say so", async ({ page }) => {
  await openLab(page);
  const pictures = (split: string, name: string, colour: [number, number, number], count: number, from: number): Entry[] =>
    Array.from({ length: count }, (_, i) => ({ path: `${split}/${name}/${i}.png`, bytes: marked(from + i, colour, 32) }));
  await page.locator("#own-files input").setInputFiles({
    name: "lamps.zip",
    mimeType: "application/zip",
    buffer: zip([
      ...pictures("train", "red", [200, 0, 0], 20, 0),
      ...pictures("train", "green", [0, 200, 0], 20, 20),
      ...pictures("train", "blue", [0, 0, 200], 20, 40),
      ...pictures("test", "red", [200, 0, 0], 4, 60),
      ...pictures("test", "green", [0, 200, 0], 4, 64),
    ]),
  });
  await page.locator("#load-own").click();
  await expect(page.locator("cnn-lab-data")).toContainText("Test, 8");
  await page.locator("#step").click();
  await expect(progress(page)).toContainText("One step taken");
  await page.locator("#evaluation").click();
  const dialog = page.locator("#evaluation-dialog");
  await dialog.locator("#measure-first").click();
  const blue = dialog.locator("cnn-lab-scores tbody tr", { hasText: "blue" });
  await expect(blue.locator("td").nth(1)).toContainText("not defined");
  await expect(blue.locator("td").last()).toHaveText("0");
  await tab(page, "curves");
  await dialog.locator("#curve-class").selectOption({ label: "blue" });
  await expect(dialog.locator("cnn-lab-curves")).toContainText("the curves are not defined");
  expect(await violations(page)).toEqual([]);
});
