import { expect, type Locator, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, progress, violations } from "./lab";

async function openBuilder(page: Page): Promise<void> {
  await openLab(page);
  await page.locator("#build").click();
  await expect(page.locator("#builder-dialog")).toBeVisible();
}

/** The rows of the list, the beginning and the end left out. */
function rows(page: Page): Locator {
  return page.locator("cnn-lab-layer-list li[data-key] b");
}

const total = (page: Page): Locator => page.locator("cnn-lab-net-summary tr.total b").first();
const verdict = (page: Page): Locator => page.locator("#builder-verdict");

/** The class's own view of the network in use. */
async function used(page: Page): Promise<{ params: number; layers: string[] }> {
  return page.evaluate(async () => {
    const { summary } = await document.querySelector("cnn-lab")!.lab;
    return { params: summary!.totalParams, layers: summary!.layers.map(({ layer }) => layer) };
  });
}

test("a network is built by mouse: added, edited, dragged, copied, removed, undone, used", async ({ page }) => {
  await openBuilder(page);
  await expect(total(page)).toHaveText("93\u202f322");
  await page.locator("cnn-lab-layer-list li", { hasText: "Flatten" }).click();
  await page.locator("#add-layer").click();
  await expect(page.locator("cnn-lab-layer-menu h3").first()).toHaveText("Add a layer after flatten");
  await page.locator("#add-Dropout").click();
  await page.locator("#option-rate").fill("0.5");
  await expect(page.locator("cnn-lab-layer-facts")).toContainText("about 288 values");

  // The formulas have the layer's own numbers.
  await rows(page).first().click();
  await page.locator("#option-filters").fill("16");
  await page.locator("#option-kernel_size").fill("5, 3");
  await expect(page.locator("cnn-lab-layer-facts")).toContainText("16 × 5 × 3 × 1 + 16 = 256");
  await expect(page.locator("#facts")).toContainText("5 × 3 pixels of the picture");
  await expect(page.locator("cnn-lab-net-summary tbody tr").first()).toContainText("changed");
  await expect(page.locator("cnn-lab-net-summary")).toContainText("(None, 24, 26, 16)");

  // The last convolution is dragged in front of the second pooling.
  const box = async (at: Locator): Promise<{ x: number; y: number; height: number }> => (await at.boundingBox())!;
  const third = await box(rows(page).nth(4));
  const second = await box(rows(page).nth(3));
  await page.mouse.move(third.x + 4, third.y + 8);
  await page.mouse.down();
  await page.mouse.move(second.x + 4, second.y + 8, { steps: 6 });
  await page.mouse.up();
  await expect(rows(page)).toHaveText(["Conv2D", "MaxPooling2D", "Conv2D", "Conv2D", "MaxPooling2D", "Flatten", "Dropout", "Dense", "Dense"]);
  await expect(page.locator("cnn-lab-layer-list [role=status]")).toHaveText("conv2d_2 moved: place 4 of 9.");

  await page.locator("#duplicate").click();
  await expect(rows(page)).toHaveCount(10);
  await page.locator("#remove").click();
  await expect(rows(page)).toHaveCount(9);
  for (const [button, count] of [["#undo", 10], ["#undo", 9], ["#redo", 10], ["#undo", 9]] as const) {
    await page.locator(button).click();
    await expect(rows(page)).toHaveCount(count);
  }

  await page.locator("#tab-diagram").click();
  await page.locator("cnn-lab-net-diagram svg text", { hasText: "Dropout" }).click();
  await expect(page.locator("#selected-title")).toContainText("Dropout");
  await expect(page.locator("cnn-lab-net-diagram svg")).toHaveAttribute("aria-label", /The picture, 28.*then dropout, Dropout, gives 1/);

  await page.locator("#use").click();
  await expect(page.locator("#builder-dialog")).toBeHidden();
  expect((await used(page)).layers).toEqual(["Conv2D", "MaxPooling2D", "Conv2D", "Conv2D", "MaxPooling2D", "Flatten", "Dropout", "Dense", "Dense"]);
  await expect(page.locator("#preset")).toHaveValue("own");

  // It trains, and a click on a layer of the column leads to its numbers.
  await choose(page, { limit: 300, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  await page.locator("cnn-lab-network button.layer", { hasText: "Flatten" }).click();
  await expect(page.locator("#selected-title")).toContainText("Flatten");

  // What has learned something is not thrown away unasked.
  await page.locator("cnn-lab-layer-list li", { hasText: "Dropout" }).click();
  await page.locator("#remove").click();
  await page.locator("#use").click();
  await expect(page.locator("#builder-dialog footer")).toContainText("has learned something");
  await expect(page.locator("#go-on")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#cancel")).toBeFocused();
  await page.locator("#use").click();
  await page.locator("#use-sure").click();
  await expect(page.locator("#builder-dialog")).toBeHidden();
  expect((await used(page)).layers).not.toContain("Dropout");
});

test("a network is built by keyboard, and what happens is said", async ({ page }) => {
  await openLab(page);
  await page.locator("#build").focus();
  await page.keyboard.press("Enter");
  await page.locator("cnn-lab-layer-list [role=listbox]").focus();
  const said = page.locator("cnn-lab-layer-list [role=status]");
  await page.keyboard.press("ArrowDown");
  await expect(page.locator("cnn-lab-layer-list li[aria-selected=true] b")).toHaveText("MaxPooling2D");
  await page.keyboard.press("Alt+ArrowUp");
  await expect(said).toHaveText("max_pooling2d moved: place 1 of 8.");
  await page.keyboard.press("Alt+ArrowUp");
  await expect(said).toHaveText("It is the first layer already.");
  await page.keyboard.press("Delete");
  await expect(said).toHaveText("max_pooling2d removed.");
  await expect(rows(page)).toHaveCount(7);
  await page.keyboard.press("Control+z");
  await expect(said).toHaveText("Undone.");
  await page.keyboard.press("Control+z");
  await expect(total(page)).toHaveText("93\u202f322");
  await page.keyboard.press("Control+Shift+z");
  await page.keyboard.press("Control+z");

  // The menu takes the focus, and arrow keys go through it.
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Insert");
  await expect(page.locator("#add-Dense")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.locator("#add-Activation")).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(said).toHaveText("dense_1 added: place 8 of 9.");
  await expect(page.locator("cnn-lab-layer-list [role=listbox]")).toBeFocused();
  await page.locator("#option-units").focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("20");
  await expect(total(page)).toHaveText("94\u202f182");
  // Typing was one step.
  await page.keyboard.press("Control+z");
  await expect(page.locator("#option-units")).toHaveValue("64");
  await page.keyboard.press("Control+Shift+z");
  await expect(page.locator("#option-units")).toHaveValue("20");
  await page.locator("#use").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#builder-dialog")).toBeHidden();
  expect((await used(page)).params).toBe(94_182);
});

test("a wrong value is told under its field, and the last right network stays", async ({ page }) => {
  await openBuilder(page);
  for (const [value, told] of [["0", "filters must be at least 1; it is 0."], ["many", "filters is a whole number"], ["", "filters is missing"], ["-3", "it is -3"], ["2.5", "it is 2.5"]] as const) {
    await page.locator("#option-filters").fill(value);
    await expect(page.locator("#option-filters-error")).toContainText(told);
    await expect(page.locator("#option-filters")).toHaveAttribute("aria-invalid", "true");
    await expect(page.locator("#option-filters")).toHaveAttribute("aria-describedby", "option-filters-error");
  }
  await expect(total(page)).toHaveText("93\u202f322");
  await expect(page.locator("#use")).toHaveAttribute("aria-disabled", "true");
  expect(await violations(page)).toEqual([]);
  await page.locator("#option-filters").fill("32");
  await expect(page.locator("#option-filters-error")).toHaveCount(0);

  // An error of another layer leads there.
  await page.locator("#option-strides").fill("4");
  await expect(verdict(page)).toContainText("does not fit");
  await page.locator("#show-problem").click();
  await expect(page.locator("cnn-lab-layer-fields .problem, cnn-lab-layer-fields .error")).toContainText("does not fit");
  await page.locator("#undo").click();
  await expect(verdict(page)).toContainText("Fine");

  // The end and the beginning have theirs.
  await page.locator("cnn-lab-layer-list li", { hasText: "Input" }).click();
  await page.locator("#side-2").fill("2");
  await expect(page.locator("cnn-lab-layer-fields .error")).toContainText("1 channel (greyscale) or 3");
  await page.locator("#take-shape").click();
  await expect(verdict(page)).toContainText("Fine");
  await page.locator("cnn-lab-layer-list li", { hasText: "Loss" }).click();
  await page.selectOption("#option-loss", "categorical_crossentropy");
  await expect(verdict(page)).toContainText("Fine");

  // Leaving asks, and changes nothing.
  await page.keyboard.press("Escape");
  await expect(page.locator("#builder-dialog footer")).toContainText("would be gone");
  await page.locator("#discard").click();
  await expect(page.locator("#builder-dialog")).toBeHidden();
  expect((await used(page)).params).toBe(93_322);
});

test("the network as text: a mistake is told with its line, what is right becomes the layers", async ({ page }) => {
  await openBuilder(page);
  await page.locator("#tab-text").click();
  const text = await page.locator("#spec").inputValue();
  await page.locator("#spec").fill(text.replace('"Flatten"', '"Flaten"'));
  await expect(page.locator("#verdict")).toContainText("Line 9: ");
  await expect(page.locator("#verdict")).toContainText("There is no layer Flaten");
  await page.locator("#go-to-line").click();
  expect(await page.locator("#spec").evaluate((area: HTMLTextAreaElement) => area.value.slice(area.selectionStart, area.selectionEnd))).toContain("Flaten");
  await page.locator("#spec").fill(text.replace('"layers": [', '"layers": ['.replace(":", "")));
  await expect(page.locator("#verdict")).toContainText("line 3");
  await expect(page.locator("#use")).toHaveAttribute("aria-disabled", "true");
  await expect(rows(page)).toHaveCount(8);
  await page.locator("#spec").fill('{"input_shape": [28, 28, 1], "layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 10, "activation": "softmax"}]}');
  await expect(rows(page)).toHaveText(["Flatten", "Dense"]);
  await page.locator("#undo").click();
  await expect(rows(page)).toHaveCount(8);
  await expect(page.locator("#spec")).toHaveValue(text);
  await page.selectOption("#begin-from", "lenet");
  await expect(rows(page).nth(1)).toHaveText("AveragePooling2D");
  await page.locator("#use").click();
  await expect(page.locator("#preset")).toHaveValue("lenet");
  await expect(page.locator("#optimizer")).toHaveValue("sgd");
});

test("a copied link opens the same experiment in a clean profile", async ({ page, browser, baseURL }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await openBuilder(page);
  await page.locator("#option-filters").fill("12");
  await expect(verdict(page)).toContainText("fewer");
  await page.locator("#use").click();
  await expect(page.locator("#builder-dialog")).toBeHidden();
  await page.getByText("Fashion-MNIST").click();
  await choose(page, { limit: 400, epochs: 2 });
  await page.selectOption("#optimizer", "adam");
  await page.locator("#learning-rate").fill("0.002");
  await page.locator("#learning-rate").blur();
  await page.locator("#augment").click();
  await page.locator("#rotation_range").fill("15");
  await page.locator("#rotation_range").blur();
  await page.locator("#augment-done").click();
  await page.locator("#copy-link").click();
  await expect(page.locator("cnn-lab-network .link")).toContainText("Link copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/#lab=1\.[\w-]+$/);
  expect(link.startsWith(baseURL!)).toBe(true);
  const mine = await used(page);

  const clean = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const other = await clean.newPage();
  await other.goto(link);
  await expect(other.locator("cnn-lab-network tbody tr").first()).toContainText("26×26×12");
  expect(await used(other)).toEqual(mine);
  for (const [id, value] of [["#limit", "400"], ["#epochs", "2"], ["#optimizer", "adam"], ["#learning-rate", "0.002"], ["#preset", "own"]] as const) {
    await expect(other.locator(id)).toHaveValue(value);
  }
  await expect(other.locator("#augment")).toHaveText("1 change …");
  await expect(other.getByRole("radio", { name: /Fashion-MNIST/ })).toBeChecked();
  await mainButton(other).click();
  await expect(progress(other)).toContainText("Finished", { timeout: 40_000 });
  expect(await other.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).dataset!.name)).toContain("fashion");
  await clean.close();
});

test("a link that was edited into nonsense is told, and the page works", async ({ page }) => {
  const packed = (text: string): Promise<string> =>
    page.evaluate(async (json) => {
      const stream = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
      return `#lab=1.${btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
    }, text);
  const alert = page.locator("cnn-lab .error");
  await page.goto("./#lab=1.nonsense");
  await expect(alert).toContainText("This link cannot be opened");
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
  await page.locator("#dismiss").click();
  expect((await used(page)).params).toBe(93_322);

  // Put into the address of the open page, a wrong one changes nothing, and a right one is opened.
  for (const [json, told] of [
    ['{"epochs": "-1"}', "a whole number from 1"],
    ['{"colour": "red"}', 'colour="red"'],
    ['[1, 2]', "holds no experiment"],
  ] as const) {
    const fragment = await packed(json);
    await page.evaluate((hash) => (location.hash = hash), fragment);
    await expect(alert).toContainText(told);
    await page.locator("#dismiss").click();
  }
  const right = await packed('{"model": "small-convnet", "epochs": "7", "dataset": "mnist", "limit": "300"}');
  await page.evaluate((hash) => (location.hash = hash), right);
  await expect(page.locator("#epochs")).toHaveValue("7");
  await expect(page.locator("#preset")).toHaveValue("small-convnet");

  // What only the core or the list of sets can refuse.
  const wrong = await packed('{"model": "{\\"input_shape\\": [28, 28, 1], \\"layers\\": [{\\"layer\\": \\"Dense\\", \\"units\\": 0}]}", "epochs": "1", "limit": "300"}');
  await page.goto("about:blank");
  await page.goto(`./${wrong}`);
  await expect(alert).toContainText("units");
  await page.locator("#dismiss").click();
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
});

test("a link whose lab cannot be had leaves the one that is open as it is", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 300, epochs: 1 });
  const fragment = await page.evaluate(async () => {
    const stream = new Blob(['{"epochs": "7", "device": "ndarray"}']).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    return `#lab=1.${btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
  });
  await page.route("**/pkg/**", (route) => route.abort());
  await page.evaluate((hash) => (location.hash = hash), fragment);
  await expect(page.locator("cnn-lab .error")).toBeVisible();
  await page.locator("#dismiss").click();
  await expect(page.locator("#epochs")).toHaveValue("1");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  // The embedder's lab is the same one, too.
  expect(await page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).history.epochs.length)).toBe(1);
});

test("the builder at 1440 x 900 and at 375 px, light and dark: nothing scrolls sideways, axe finds nothing", async ({ page }) => {
  test.slow();
  await openBuilder(page);
  for (const [width, height, colorScheme] of [[1440, 900, "dark"], [375, 812, "light"]] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    for (const tab of ["summary", "diagram", "text"]) {
      await page.locator(`#tab-${tab}`).click();
      expect(await violations(page)).toEqual([]);
    }
    await page.locator("#add-layer").click();
    await expect(page.locator("#add-Dense")).toBeFocused();
    expect(await violations(page)).toEqual([]);
    const sideways = await page.locator("#builder-dialog").evaluate((dialog) =>
      [dialog, ...dialog.querySelectorAll(".body, .middle, header, footer")].some((part) => part.scrollWidth > part.clientWidth + 1));
    expect(sideways).toBe(false);
    await page.locator("#add-layer").click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await expect(page.locator("#use")).toBeInViewport();
  }
});
