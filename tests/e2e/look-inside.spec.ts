import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, progress, violations } from "./lab";

const dialog = (page: Page): ReturnType<Page["locator"]> => page.locator("#inside-dialog");

/** A number as the page writes it. */
function read(text: string): number {
  return Number(text.replace("\u2212", "-").replaceAll("\u202f", ""));
}

async function train(page: Page, { limit = 2000, epochs = 1 } = {}): Promise<void> {
  await openLab(page);
  await choose(page, { limit, epochs });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
}

/** How many colours a canvas has. */
function colours(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluate((element) => {
    const canvas = element.shadowRoot!.querySelector("canvas")!;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
}

test("layers: a pixel's multiply-and-add makes what the map has, and a vector is told as one", async ({ page }) => {
  await openLab(page);
  // Without a picture there is nothing to look at, and the button says so.
  await expect(page.locator("#look-inside")).toHaveAttribute("aria-disabled", "true");
  await choose(page, { limit: 2000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#look-inside").click();
  await expect(page.locator("#inside-says")).toHaveText(/^\d \d+\.\d%$/);
  await expect(page.locator("#inside-hand")).toContainText("Test picture 0: it is 7.");

  // By arrow keys over the map, layer by layer: the arithmetic agrees everywhere.
  const agreed = async (): Promise<void> => {
    const [made, found] = [read(await page.locator("#sum-result").innerText()), read(await page.locator("#sum-map").innerText())];
    expect(Math.abs(made - found)).toBeLessThan(1e-3);
  };
  for (const layer of ["conv2d", "max_pooling2d", "conv2d_1", "conv2d_2"]) {
    await page.locator("#inside-layer").selectOption(layer);
    await expect(page.locator("#pixel-map canvas")).toHaveAttribute("aria-label", new RegExp(`of ${layer},`));
    await expect(page.locator("#sum-map")).not.toHaveText("0");
    await agreed();
    await page.locator("#pixel-map canvas").focus();
    for (const key of ["ArrowUp", "ArrowLeft", "Home", "ArrowDown", "End"]) {
      await page.keyboard.press(key);
      await agreed();
    }
  }
  await expect(page.locator("#pixel-says")).toContainText("18\u202f×\u202f18 pixels");

  // Pointing at the grid reads a value, a click chooses a map, and the switch gives each its scale.
  await page.locator("#inside-layer").selectOption("conv2d");
  const maps = page.locator("cnn-lab-inside-layers cnn-lab-maps");
  await expect(page.locator("#pixel-map canvas")).toHaveAttribute("aria-label", /of conv2d,/);
  await maps.locator("canvas.grid").hover({ position: { x: 80, y: 20 } });
  await expect(maps.locator(".reading")).toContainText(/map 2, row \d+, column \d+: /);
  await maps.locator("canvas.grid").click({ position: { x: 80, y: 20 } });
  await expect(page.locator("#pixel-map canvas")).toHaveAttribute("aria-label", /^Map 2 of conv2d/);
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("#pixel-map canvas")).toHaveAttribute("aria-label", /^Map 3 of conv2d/);
  await page.locator("#each-scale").check();
  await expect(maps.locator(".reading")).toHaveText("each on its own scale");
  await page.locator("#pixel-map canvas").hover({ position: { x: 4, y: 4 } });
  await expect(page.locator("#pixel-says")).toContainText("Row 1, column 1 of map 3");
  await expect(page.locator("#pixel-says")).toContainText("rows 1 to 3 and columns 1 to 3 of the picture");
  await agreed();

  await page.locator("#inside-layer").selectOption("dense");
  await expect(page.locator("#inside-vector")).toContainText("dense gives no maps but a vector of 64 values");
  await page.locator("#inside-layer").selectOption("dense_1");
  await expect(page.locator("#inside-vector")).toContainText("before the last activation");

  // The test pictures turn here too.
  await page.locator("#hand-next").click();
  await expect(page.locator("#inside-hand")).toContainText("Test picture 1");
  await page.keyboard.press("Escape");
  await expect(dialog(page)).toBeHidden();
  await expect(page.locator(".answer")).toContainText("Test picture 1");
});

test("filters: exciting pictures, and pictures made for a filter and a class", async ({ page }) => {
  await train(page);
  await page.locator("#look-inside").click();
  await page.locator("#tab-filters").click();
  await expect(page.locator("#filters-layer option")).toHaveText([/conv2d: 32 filters/, /conv2d_1: 64/, /conv2d_2: 64/]);
  const maps = page.locator("cnn-lab-inside-filters cnn-lab-maps");
  await expect(maps).toContainText("32 kernels");
  await maps.locator("canvas.grid").click({ position: { x: 70, y: 10 } });
  await expect(page.locator("#filter")).toHaveValue("2");
  await page.locator("#filters-layer").selectOption("conv2d_1");
  await expect(maps).toContainText("32 kernels");
  await page.locator("#filter").fill("6");
  await page.locator("#filter").press("Enter");
  await expect(maps).toContainText("conv2d_1, filter 6");

  await page.locator("#exciting").click();
  const pictures = page.locator("#exciting-pictures figure");
  await expect(pictures).toHaveCount(9, { timeout: 60_000 });
  const values = (await pictures.locator("figcaption").allInnerTexts()).map((text) => Number(text.split(": ")[1]));
  expect([...values].sort((a, b) => b - a)).toEqual(values);
  // Known once, of every filter.
  await page.locator("#filter-next").click();
  await expect(page.locator("#excites-title")).toHaveText("What excites filter 7 of conv2d_1");
  await expect(pictures).toHaveCount(9);

  const made = async (): Promise<[number, number]> => {
    const said = /first ([\d.\u2212]+), at last ([\d.\u2212]+)\./.exec(await page.locator("#made-says").innerText());
    return [read(said?.[1] ?? ""), read(said?.[2] ?? "")];
  };
  // Cancelled within the same moment: it takes less than a second.
  await page.locator("cnn-lab-inside-filters").evaluate(async (tab) => {
    const press = (id: string): void => {
      const button = tab.shadowRoot!.querySelector<HTMLElement>(id)!;
      button.focus();
      button.click();
    };
    press("#make");
    await (tab as HTMLElement & { updateComplete: Promise<unknown> }).updateComplete;
    press("#make-cancel");
  });
  await expect(page.locator("#make")).toHaveText("Make it");
  await expect(page.locator("#make")).toBeFocused();
  await page.locator("#make").click();
  await expect(page.locator("#made-says")).toBeVisible({ timeout: 60_000 });
  const [first, last] = await made();
  expect(last).toBeGreaterThan(first);
  await page.locator("#made-of").selectOption("3");
  await page.locator("#make").click();
  await expect(page.locator("#makes-title")).toHaveText("A picture made for 3");
  await expect(page.locator("#made-says")).toBeVisible({ timeout: 60_000 });
  const [noise, three] = await made();
  expect(three).toBeGreaterThan(noise + 1);
  expect(await colours(page, "#made-picture")).toBeGreaterThan(10);

  // Whoever trains on is told that all this is of other weights.
  await page.keyboard.press("Escape");
  await page.locator("#step").click();
  await expect(progress(page)).toContainText("One step taken");
  await page.locator("#look-inside").click();
  await expect(page.locator("cnn-lab-inside-filters")).toContainText("The network has learned on since.");
});

test("why: each method says something, slow ones when they are asked, and a picture can be saved", async ({ page }) => {
  await train(page);
  await page.locator("#look-inside").click();
  await page.locator("#tab-why").click();
  const says = page.locator("#why-says");
  await expect(says).toContainText("Grad-CAM for 7");
  await expect(says).toContainText("with the maps of conv2d_2");
  expect(await colours(page, "cnn-lab-heat")).toBeGreaterThan(100);
  await page.locator("#why-layer").selectOption("conv2d");
  await expect(says).toContainText("with the maps of conv2d.");
  await page.locator("#why-heat canvas").focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("#why-reading")).toContainText("Row 1, column 2: ");
  await page.locator("#why-class").selectOption("3");
  await expect(says).toContainText("Grad-CAM for 3");
  for (const [method, title] of [["grad-cam++", "Grad-CAM++"], ["saliency", "Saliency"]] as const) {
    await page.locator("#why-method").selectOption(method);
    await expect(says).toContainText(`${title} for 3`);
    expect(await colours(page, "cnn-lab-heat")).toBeGreaterThan(50);
  }
  await page.locator("#why-class").selectOption("");
  for (const [method, title] of [["smooth-grad", "SmoothGrad"], ["integrated-gradients", "Integrated gradients"], ["occlusion", "Occlusion"]] as const) {
    await page.locator("#why-method").selectOption(method);
    await expect(page.locator("cnn-lab-inside-why .empty")).toHaveText("Press Compute.");
    await page.locator("#why-compute").click();
    await expect(says).toContainText(`${title} for 7`, { timeout: 60_000 });
    if (method === "integrated-gradients") {
      const [, sum, wanted] = /sum of all values is ([\d.\u2212]+); it should be ([\d.\u2212]+),/.exec(await says.innerText())!;
      expect(Math.abs(read(sum!) - read(wanted!))).toBeLessThan(0.02 * Math.abs(read(wanted!)));
    }
  }
  const download = page.waitForEvent("download");
  await page.locator("#why-save").click();
  expect((await download).suggestedFilename()).toBe("cnn-lab-occlusion.png");
  await page.locator("#hand-next").click();
  await expect(says).toContainText("This is of the picture before.");
});

test("one step: forward, the loss, backward, the update, and a smaller loss after it, by keyboard", async ({ page }) => {
  await train(page);
  await page.locator("#look-inside").click();
  await page.locator("#tab-layers").focus();
  await page.keyboard.press("End");
  await expect(page.locator("#tab-step")).toBeFocused();
  const title = page.locator("#step-title");
  await expect(title).toHaveText(/^Forward: conv2d,/);
  await page.locator("#slide").focus();
  const seen = [await title.innerText()];
  const place = page.locator("#step-place");
  const total = Number(/of (\d+)/.exec(await place.innerText())?.[1]);
  for (let at = 2; at <= total; at += 1) {
    await page.keyboard.press("ArrowRight");
    await expect(place).toHaveText(`${at} of ${total}`);
    const now = await title.innerText();
    seen.push(now);
    if (now.startsWith("The loss")) {
      await expect(page.locator("#step-loss")).toHaveText(/^−log p\(7\) = −log \d\.\d{4} = \d+\.\d+$/);
    }
  }
  expect(seen.filter((one) => one.startsWith("Forward")).length).toBe(8);
  expect(seen.filter((one) => one.startsWith("Backward")).length).toBe(8);
  expect(seen.filter((one) => one.startsWith("Update")).length).toBe(5);
  const [, before, after] = /was ([\d.]+) and is ([\d.]+) after/.exec(await page.locator("#step-after").innerText())!;
  expect(Number(after)).toBeLessThan(Number(before));
  await expect(page.locator("#step-next")).toHaveAttribute("aria-disabled", "true");
  await page.locator("#step-back").click();
  await expect(title).toHaveText(/^Update: the weights of dense_1/);

  // Of a picture that was dropped onto the dialog the class has to be chosen.
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(28, 28);
    const context = canvas.getContext("2d")!;
    context.fillRect(0, 0, 28, 28);
    context.fillStyle = "#fff";
    context.fillRect(13, 4, 3, 20);
    const files = new DataTransfer();
    files.items.add(new File([await canvas.convertToBlob()], "bar.png", { type: "image/png" }));
    const onto = document.querySelector("cnn-lab")!.shadowRoot!.querySelector("cnn-lab-inside-dialog")!;
    onto.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, composed: true, cancelable: true }));
  });
  await expect(page.locator("#inside-hand")).toContainText("bar.png: its class is not known");
  await expect(page.locator("#step-choose")).toBeVisible();
  await page.locator("#step-class").selectOption("1");
  await page.locator("#part-loss").click();
  await expect(page.locator("#step-loss")).toContainText("log p(1)");
});

test("while training runs the maps and Grad-CAM follow, and a network without maps is told", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 40 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Epoch 1", { timeout: 30_000 });
  await page.locator("#look-inside").click();
  await page.locator("#tab-why").click();
  const says = page.locator("#why-says");
  await expect(says).toContainText("Grad-CAM for");
  const heat = (): Promise<number> => page.locator("#why-heat").evaluate((grid) => (grid as HTMLElement & { values: Float32Array }).values.reduce((sum, value) => sum + value, 0));
  const first = await heat();
  await expect.poll(heat).not.toBe(first);
  await page.keyboard.press("Escape");
  await page.locator("#stop").click();
  await expect(progress(page)).toContainText("Stopped", { timeout: 20_000 });

  await page.evaluate(async () => {
    const element = document.querySelector("cnn-lab")!;
    const { bench } = element.shadowRoot!.querySelector("cnn-lab-network") as unknown as { bench: { lab: unknown; network: { take(lab: unknown, spec: unknown, name: string): Promise<void> } } };
    await bench.network.take(bench.lab, { input_shape: [28, 28, 1], layers: [{ layer: "Flatten" }, { layer: "Dense", units: 16, activation: "relu" }, { layer: "Dense", units: 10, activation: "softmax" }] }, "own");
  });
  await expect(page.locator("cnn-lab-network table").first()).not.toContainText("Conv2D");
  await page.locator("#look-inside").click();
  await expect(page.locator("#why-no-maps")).toContainText("This network has no maps");
  await expect(says).toContainText("Saliency for");
  await page.locator("#tab-filters").click();
  await expect(page.locator("#no-filters")).toContainText("no convolution");
  await page.locator("#tab-layers").click();
  await expect(page.locator("#inside-vector")).toContainText("gives no maps");
});

test("axe finds nothing in any tab, light and dark, and at 375 px nothing is wider than the screen", async ({ page }) => {
  await train(page, { limit: 1000 });
  await page.locator("#look-inside").click();
  for (const tab of ["layers", "filters", "why", "step"]) {
    await page.locator(`#tab-${tab}`).click();
    await expect(page.locator("#panel")).toBeVisible();
    await page.waitForTimeout(600);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 375, height: 812 });
    await page.waitForTimeout(200);
    const [inner, outer] = await dialog(page).locator(".body").evaluate((body) => [body.scrollWidth, body.clientWidth] as const);
    expect(inner).toBeLessThanOrEqual(outer);
    await page.setViewportSize({ width: 1440, height: 900 });
  }
});

test("pictures in colour, 2,048 maps on pages, average pooling and depthwise kernels", async ({ page }) => {
  await openLab(page);
  await page.locator("cnn-lab-data label", { hasText: "CIFAR-10" }).click();
  await choose(page, { limit: 100, epochs: 1 });
  await page.evaluate(async () => {
    const element = document.querySelector("cnn-lab")!;
    const { bench } = element.shadowRoot!.querySelector("cnn-lab-network") as unknown as { bench: { lab: unknown; network: { take(lab: unknown, spec: unknown, name: string): Promise<void> } } };
    await bench.network.take(bench.lab, {
      input_shape: [32, 32, 3],
      layers: [
        { layer: "AveragePooling2D", pool_size: 4 },
        { layer: "Conv2D", filters: 2048, kernel_size: 3, activation: "relu" },
        { layer: "DepthwiseConv2D", kernel_size: 3 },
        { layer: "GlobalAveragePooling2D" },
        { layer: "Dense", units: 10, activation: "softmax" },
      ],
    }, "own");
  });
  await page.locator("#step").click();
  await expect(progress(page)).toContainText("One step taken", { timeout: 60_000 });
  await page.locator("#look-inside").click();
  for (const layer of ["average_pooling2d", "conv2d", "depthwise_conv2d"]) {
    await page.locator("#inside-layer").selectOption(layer);
    await expect(page.locator("#pixel-map canvas")).toHaveAttribute("aria-label", new RegExp(`of ${layer},`));
    const [made, found] = [read(await page.locator("#sum-result").innerText()), read(await page.locator("#sum-map").innerText())];
    expect(Math.abs(made - found)).toBeLessThan(1e-3);
  }
  const maps = page.locator("cnn-lab-inside-layers cnn-lab-maps");
  // It opens at the strongest map.
  const first = Number(/([\d\u202f]+) to [\d\u202f]+ of 2\u202f048/.exec(await maps.locator(".pages").innerText())![1]!.replace("\u202f", ""));
  const next = first === 1985 ? 1 : first + 64;
  await maps.getByRole("button", { name: "Next page" }).click();
  await expect(maps.locator(".pages span")).toHaveText(`${next.toLocaleString("en").replace(",", "\u202f")} to ${(next + 63).toLocaleString("en").replace(",", "\u202f")} of 2\u202f048`);
  await page.locator("#tab-filters").click();
  await page.locator("#filters-layer").selectOption("conv2d");
  const kernels = page.locator("cnn-lab-inside-filters cnn-lab-maps");
  await expect(kernels.locator(".pages")).toContainText("1 to 64 of 6\u202f144");
  await page.locator("#tab-why").click();
  await expect(page.locator("#why-says")).toContainText("Grad-CAM for");
});
