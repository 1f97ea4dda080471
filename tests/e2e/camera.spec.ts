/** The camera, with the moving picture that the browser has for tests: classes are filmed, and the network looks on. */
import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, progress, violations } from "./lab";
import { chrome, chromeArguments } from "./playwright.config";

const hand = (page: Page): ReturnType<Page["locator"]> => page.locator(".answer");

/** The sum of what the network sees in the picture in hand. */
function seen(page: Page): Promise<number> {
  return page.locator(".answer canvas").first().evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    return (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height).data.reduce((sum, value) => sum + value, 0);
  });
}

test.use({
  launchOptions: {
    ...(chrome === undefined ? {} : { executablePath: chrome }),
    args: [...chromeArguments, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
  },
});

test("the network looks through the camera while it learns, until another picture is taken", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 40 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Epoch 1", { timeout: 30_000 });
  await page.locator("#watch").click();
  await expect(page.locator("#watch")).toHaveText("Camera off");
  await expect(hand(page)).toContainText("The camera");
  const first = await seen(page);
  await expect.poll(() => seen(page)).not.toBe(first);
  await page.locator("#look-inside").click();
  await expect(page.locator("#inside-hand")).toContainText("The camera: its class is not known.");
  await page.keyboard.press("Escape");
  await page.locator("#test-next").click();
  await expect(page.locator("#watch")).toHaveText("Camera");
  await expect(hand(page)).toContainText("Test picture 1");
  await page.waitForTimeout(500);
  await expect(hand(page)).toContainText("Test picture 1");
  await page.locator("#stop").click();
  await expect(progress(page)).toContainText("Stopped", { timeout: 20_000 });
  // Pressed again it goes off too, and the last frame stays.
  await page.locator("#watch").click();
  await expect(hand(page)).toContainText("The camera");
  expect(await violations(page)).toEqual([]);
  await page.locator("#watch").click();
  await expect(page.locator("#watch")).toHaveText("Camera");
  await expect(hand(page)).toContainText("The camera");
});

test("two classes are filmed, trained on, and told live", async ({ page }) => {
  await openLab(page);
  await page.getByRole("button", { name: "Film classes with the camera" }).click();
  const dialog = page.locator("dialog#camera");
  await dialog.locator("#camera-on").click();
  await expect(dialog.locator("video")).toBeVisible();
  for (const name of ["early", "late"]) {
    await dialog.locator("#new-class").fill(name);
    await dialog.locator("#add-class").click();
  }
  await dialog.locator("#camera-size").selectOption("32");
  for (const i of [0, 1]) {
    const button = dialog.locator(`#hold-${i}`);
    await button.focus();
    await page.keyboard.down("Space");
    await expect(button).toHaveAttribute("aria-pressed", "true");
    await expect.poll(async () => Number(await button.locator(".number").innerText())).toBeGreaterThan(9);
    await page.keyboard.up("Space");
    await expect(button).not.toHaveAttribute("aria-disabled", "true");
  }
  expect(await violations(page)).toEqual([]);
  await dialog.locator("#camera-done").click();
  await expect(page.locator("cnn-lab-data")).toContainText(/Training, \d+/);
  await page.locator("#epochs").fill("2");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#watch").click();
  await expect(page.locator("cnn-lab-bars[name^='How sure'] th")).toHaveText(["early", "late"]);
  await expect(hand(page)).toContainText("The camera");
});
