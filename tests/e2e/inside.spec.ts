import { expect, test } from "@playwright/test";
import { choose, draw, mainButton, openLab, progress } from "./lab";

/** A ring and a bar, on the pad of 196 x 196. */
const zero = Array.from({ length: 25 }, (_, i): [number, number] => [
  98 + 38 * Math.sin((i * Math.PI) / 12),
  98 - 60 * Math.cos((i * Math.PI) / 12),
]);
const one: [number, number][] = [[100, 30], [98, 90], [96, 165]];

test("a drawn digit, a dropped picture and the test pictures are recognised, and a broken file is told", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 6000, epochs: 2 });
  await mainButton(page).click();
  const says = page.locator(".says");
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });

  await draw(page, zero);
  await expect(says).toHaveText(/^0 /);
  await expect(page.locator("cnn-lab-bars[name^='How sure'] tr.strong th")).toHaveText("0");
  await page.locator("#clear").click();
  await draw(page, one);
  await expect(says).toHaveText(/^1 /);

  // The maps of every convolution are drawn: none of them is one colour only.
  await expect(page.locator("cnn-lab-maps")).toHaveCount(3);
  const colours = await page.locator("cnn-lab-maps").evaluateAll((maps) =>
    maps.map((map) => {
      const canvas = map.shadowRoot!.querySelector("canvas")!;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }),
  );
  expect(Math.min(...colours)).toBeGreaterThan(20);

  // A click enlarges a map, the arrow keys go through them, and the value under the pointer is told.
  const grid = page.locator("cnn-lab-maps canvas.grid").first();
  await grid.hover({ position: { x: 30, y: 10 } });
  await expect(page.locator("cnn-lab-maps .reading").first()).toContainText(/map 2, row \d+, column \d+: /);
  await grid.click({ position: { x: 30, y: 10 } });
  const dialog = page.locator("cnn-lab-maps dialog[open]");
  await expect(dialog).toContainText("map 2 of 32");
  await page.keyboard.press("ArrowRight");
  await expect(dialog).toContainText("map 3 of 32");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);

  // By keyboard, the test pictures stand in for a drawing.
  await page.locator("#test-index").fill("3");
  await page.locator("#test-index").press("Enter");
  await expect(says).toHaveText(/^0 /);
  await expect(page.locator(".answer")).toContainText("Test picture 3: right.");

  // Dropped: a black bar on white, as on paper; turned into MNIST's colours it is a 1.
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(280, 280);
    const context = canvas.getContext("2d")!;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, 280, 280);
    context.fillStyle = "#000";
    context.fillRect(125, 50, 25, 180);
    const files = new DataTransfer();
    files.items.add(new File([await canvas.convertToBlob()], "bar.png", { type: "image/png" }));
    const pad = document.querySelector("cnn-lab")!.shadowRoot!.querySelector("cnn-lab-inside")!;
    pad.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, composed: true, cancelable: true }));
  });
  await expect(page.locator(".answer")).toContainText("bar.png");
  await page.locator("#invert").click();
  await expect(says).toHaveText(/^1 /);

  await page.locator("#picture").setInputFiles({ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("broken.png is not a picture that this browser can read");
  await expect(alert).toContainText("is as it was");
  await page.locator("#dismiss").click();
  await expect(alert).toBeEmpty();
  await expect(says).toHaveText(/^1 /);
});

test("the picture is looked at again while training runs, and evaluation tells how good it is", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 4 });
  await page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    document.addEventListener("cnn-lab-predict", ({ detail }) => seen.push(JSON.stringify(detail)));
  });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Epoch 2", { timeout: 30_000 });
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  expect(new Set(seen).size).toBeGreaterThan(3);
  await page.locator("#stop").click();

  await page.locator("#evaluate").click();
  await expect(page.locator(".test .big")).toHaveText(/^\d+\.\d\d%$/);
  await page.locator(".test summary").click();
  const rows = page.locator("cnn-lab-confusion tr");
  await expect(rows).toHaveCount(11);
  const total = await page.locator("cnn-lab-confusion").evaluate((table) =>
    (table as HTMLElement & { confusion: number[][] }).confusion.flat().reduce((sum, n) => sum + n, 0),
  );
  expect(total).toBe(2000);
});

test("without a camera a sentence says so, and nothing else changes", async ({ page }) => {
  await openLab(page);
  await page.locator("#watch").click();
  await expect(page.locator("cnn-lab-inside [role=alert]")).toContainText(/camera/);
  await expect(page.locator("#watch")).toHaveText("Camera");
});
