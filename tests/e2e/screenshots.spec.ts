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
