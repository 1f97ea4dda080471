import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, progress, violations } from "./lab";

/** The `id` of the control that has the focus, through all shadow roots. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) {
      at = at.shadowRoot.activeElement;
    }
    return at?.id ?? "";
  });
}

/** Goes on with the Tab key until a control has the focus. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let i = 0; i < 80; i += 1) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === id) {
      return;
    }
  }
  throw new Error(`The Tab key does not reach #${id}.`);
}

test("axe finds nothing in light and dark, before and after training", async ({ page }) => {
  await openLab(page);
  expect(await violations(page)).toEqual([]);
  await choose(page, { limit: 1000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  await page.locator("#evaluate").click();
  await page.locator(".test summary").click();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  // In the light every tab of it is looked at by its own test.
  await page.locator("#evaluation").click();
  await page.locator("cnn-lab-evaluation #tab-confusion").click();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.locator("#vitals").click();
  await expect(page.locator("#vitals-count")).toContainText("1 snapshot");
  await expect(page.locator("#vitals-dialog section.many")).toHaveCount(5);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
});

for (const name of ["embed.html", "embed.de.html"]) {
  test(`axe finds nothing on ${name} in light and dark, and nothing scrolls sideways at 375 px`, async ({ page }) => {
    await page.goto(name);
    await expect(page.locator("#reason")).toContainText("CPU");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 375, height: 812 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    expect(await violations(page)).toEqual([]);
  });
}

test("the whole flow by keyboard", async ({ page }) => {
  await openLab(page);
  await tabTo(page, "limit");
  await page.keyboard.type("1000");
  await tabTo(page, "preset");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator("#preset")).toHaveValue("small-convnet");
  await tabTo(page, "epochs");
  await page.keyboard.type("2");
  await tabTo(page, "main");
  await page.keyboard.press("Enter");
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  await tabTo(page, "evaluate");
  await page.keyboard.press("Space");
  await expect(page.locator(".test .big")).toHaveText(/%$/);
  await tabTo(page, "test-index");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page.locator(".answer")).toContainText("Test picture 1");
  await tabTo(page, "test-next");
  await page.keyboard.press("Enter");
  await expect(page.locator(".answer")).toContainText("Test picture 2");
  // A disabled control says why.
  await tabTo(page, "clear");
  const why = await page.locator("#clear").getAttribute("aria-describedby");
  await expect(page.locator(`#${why}`)).toHaveText("There is no drawing.");
});

test("at 375 px nothing scrolls sideways, and the bar keeps the button and the numbers in reach", async ({ page }) => {
  await page.setViewportSize({ width: 375, height: 812 });
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 1 });
  await expect(mainButton(page)).toHaveCount(1);
  await expect(mainButton(page)).toBeInViewport();
  await mainButton(page).click();
  await page.locator("cnn-lab-inside").scrollIntoViewIfNeeded();
  await expect(mainButton(page)).toBeInViewport();
  await expect(page.locator(".bar dd").first()).toHaveText(/^\d/);
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
  expect(await violations(page)).toEqual([]);
});

test("at 1440 x 900 the page does not scroll, and content that arrives moves no panel", async ({ page }) => {
  await openLab(page);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height).toBeLessThanOrEqual(900);
  const places = (): Promise<string[]> =>
    page.locator("#main, #evaluate, cnn-lab-chart, cnn-lab-draw-pad, #test-index, cnn-lab-maps").evaluateAll((all) =>
      all.map((element) => JSON.stringify(element.getBoundingClientRect())),
    );
  const before = await places();
  await choose(page, { limit: 1000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  expect(await places()).toEqual(before);
});
