import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { choose, draw, mainButton, openLab, progress } from "./lab";

// Pictures to look at: before, during and after training, in light and dark and on a narrow page.
async function take(page: Page, name: string): Promise<void> {
  const folder = join(test.info().project.testDir, "../../target/screenshots");
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 375, height: 812 });
  await page.screenshot({ path: join(folder, `${name}-375.png`), fullPage: true });
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("screenshots", async ({ page }) => {
  await openLab(page);
  await take(page, "before");
  await choose(page, { limit: 6000, epochs: 3 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Epoch 2", { timeout: 30_000 });
  await take(page, "during");
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#evaluate").click();
  await expect(page.locator(".test .big")).toHaveText(/%$/);
  await draw(page, [[65, 50], [95, 35], [122, 52], [120, 78], [95, 94], [124, 112], [126, 140], [98, 160], [62, 146]]);
  await expect(page.locator(".answer")).toContainText("Your drawing");
  await take(page, "after");
});

test("the walk: train, the confusion matrix, a cell, a picture, why, its maps, its label put right; and every view", async ({ page }) => {
  test.setTimeout(240_000);
  await openLab(page);
  await choose(page, { limit: 3000, epochs: 2 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#vitals").click();
  await expect(page.locator("#vitals-dialog section.many")).toHaveCount(5);
  await take(page, "vitals");
  await page.keyboard.press("Escape");

  await page.locator("#evaluation").click();
  const evaluation = page.locator("#evaluation-dialog");
  await evaluation.locator("#measure-first").click();
  await expect(evaluation.locator("cnn-lab-scores tbody tr")).toHaveCount(10);
  await take(page, "evaluation-scores");
  await evaluation.locator("#tab-mistakes").click();
  await expect(evaluation.locator("#worst li")).toHaveCount(12);
  await take(page, "evaluation-mistakes");
  await evaluation.locator("#tab-curves").click();
  await expect(evaluation.locator("#roc")).toContainText(/area [01]\.\d{4}/);
  await take(page, "evaluation-curves");
  await evaluation.locator("#tab-confidence").click();
  await expect(evaluation.locator("#calibration-words")).toContainText(/percentage points/);
  await take(page, "evaluation-confidence");
  await evaluation.locator("#tab-map").click();
  const map = evaluation.locator("cnn-lab-map");
  await expect(map).toContainText(/Principal components of [\d\u202f]+ pictures/, { timeout: 30_000 });
  await map.locator("#map-limit").selectOption("1000");
  await expect(map).toContainText("Principal components of 1\u202f000 pictures", { timeout: 30_000 });
  await map.locator("#map-method").selectOption("tsne");
  await expect(map).toContainText("t-SNE of 1\u202f000 pictures", { timeout: 90_000 });
  await take(page, "evaluation-map");

  await evaluation.locator("#tab-confusion").click();
  const matrix = evaluation.locator("cnn-lab-confusion-tab");
  await take(page, "evaluation-confusion");
  await matrix.locator(".pairs button").first().click();
  const picture = matrix.locator("cnn-lab-cases li button").first();
  const [, truth = "", said = ""] = /is (\S+) .*said (\S+) /.exec((await picture.getAttribute("aria-label")) ?? "") ?? [];
  await picture.click();
  await take(page, "evaluation-picture");
  await evaluation.locator("#look-inside").click();

  const inside = page.locator("#inside-dialog");
  await inside.locator("#tab-why").click();
  await expect(inside.locator("#why-says")).toContainText(`Grad-CAM for ${said}`);
  await take(page, "inside-why");
  await inside.locator("#tab-layers").click();
  await expect(inside.locator("#pixel-map canvas")).toHaveAttribute("aria-label", /of conv2d,/);
  await take(page, "inside-layers");
  await inside.locator("#tab-filters").click();
  await inside.locator("#exciting").click();
  await expect(inside.locator("#exciting-pictures figure")).toHaveCount(9, { timeout: 60_000 });
  await inside.locator("#make").click();
  await expect(inside.locator("#made-says")).toBeVisible({ timeout: 60_000 });
  await take(page, "inside-filters");
  await inside.locator("#tab-step").click();
  await inside.locator("#part-loss").click();
  await expect(inside.locator("#step-loss")).toContainText(`log p(${truth})`);
  await take(page, "inside-step");
  await page.keyboard.press("Escape");

  if (!(await evaluation.isVisible())) {
    await page.locator("#evaluation").click();
  }
  const picked = evaluation.locator("cnn-lab-case");
  await picked.locator("#its-class").selectOption(said);
  await expect(picked).toContainText(`Its class is now ${said}`);
});
