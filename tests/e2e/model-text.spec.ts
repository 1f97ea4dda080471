/** Models as people have them: pasted code, dropped notebooks, text that is something else. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, openModule, progress, violations } from "./lab";

const lesson = (name: string): string => readFileSync(path.join(__dirname, "../fixtures/keras/lessons", name), "utf8");

/** Pastes a text onto the page, wherever the focus is. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true, composed: true });
    (document.activeElement ?? document.body).dispatchEvent(event);
  }, text);
}

test("every network of the lessons, as its code stands there, has Keras's number of parameters", async ({ page }) => {
  const stack = `x_in = Input((32, 32, 3))
x = Conv2D(16, 3, use_bias=False)(x_in)
x = BatchNormalization()(x)
x = Activation('relu')(x)
x = GlobalAveragePooling2D()(x)
model = Model(x_in, Dense(10, activation='softmax')(x))`;
  const blocks: [name: string, text: string, params: number][] = [
    ["MNIST", lesson("mnist_convnet.py"), 93_322],
    ["cats and dogs", lesson("cats_and_dogs.py"), 3_453_121],
    ["a single layer", "model = Sequential()\nmodel.add(Conv2D(16, 2, strides=2, padding='valid', input_shape=(200, 200, 1)))", 80],
    ["CIFAR-10", lesson("cifar10.py"), 528_054],
    ["horses or humans", lesson("horses_or_humans.py"), 87_316_449],
    ["Fashion-MNIST, functional", lesson("fashion_mnist.py"), 360_458],
    ["CIFAR-10, functional", lesson("cifar10_functional.py"), 1_284_170],
    // 3*3*3*16 without a bias, 4 a channel of the normalisation, 16*10 + 10.
    ["without bias, normalised", stack, 432 + 64 + 170],
  ];
  await openModule(page);
  const found = await page.evaluate(async (texts) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    const counted = [];
    for (const [name, text] of texts) {
      const { summary, untrainable } = await lab.inspectModel(text);
      counted.push({ name, params: summary.totalParams, last: summary.layers.at(-1)!.outputShape, untrainable: untrainable?.message ?? null });
    }
    return counted;
  }, blocks);
  expect(found.map(({ name, params }) => [name, params])).toEqual(blocks.map(([name, , params]) => [name, params]));
  for (const { name, last, untrainable } of found) {
    if (name === "a single layer") {
      expect(last).toEqual([null, 100, 100, 16]);
      expect(untrainable).toContain("must end with one value a class");
    } else {
      expect(untrainable, name).toBeNull();
    }
  }
});

test("code that is pasted onto the page is read, used and trained as it says", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 300, epochs: 4 });
  await paste(page, lesson("fashion_mnist.py").replace(/epochs\s*=\s*\w+/, "epochs=2"));
  await expect(page.locator("#builder-dialog")).toBeVisible();
  await expect(page.locator("#builder-verdict")).toContainText("Train takes over the optimizer, 2 epochs, batches of 128.");
  // Undone, it is gone with the network that it came with; done again, it is back.
  await page.locator("#undo").click();
  await expect(page.locator("#builder-verdict")).not.toContainText("takes over");
  await expect(page.locator("#use")).toHaveAttribute("aria-disabled", "true");
  await page.locator("#redo").click();
  await expect(page.locator("#builder-verdict")).toContainText("360\u202f458 parameters");
  await page.locator("#tab-summary").click();
  await expect(page.locator("cnn-lab-net-summary tr.total b").first()).toHaveText("360\u202f458");
  await page.locator("#use").click();
  await expect(page.locator("#builder-dialog")).toBeHidden();
  await expect(page.locator("#epochs")).toHaveValue("2");
  await expect(page.locator("#optimizer")).toHaveValue("adam");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
});

test("what is pasted into an editor of the page around, or is other code, opens nothing", async ({ page }) => {
  await openLab(page);
  const code = "model = Sequential()\nmodel.add(Dense(10))";
  await paste(page, "class Model(Base):\n    pass\nModel(3)");
  await page.evaluate(() => {
    const editor = document.createElement("div");
    editor.contentEditable = "true";
    document.body.append(editor);
    editor.focus();
  });
  await paste(page, code);
  await page.evaluate(() => {
    document.querySelector("[contenteditable]")!.remove();
    addEventListener("paste", (event) => event.preventDefault(), { capture: true, once: true });
  });
  await paste(page, code);
  await page.waitForTimeout(200);
  await expect(page.locator("#builder-dialog")).toBeHidden();
  // The same text, pasted onto the lab, is a network.
  await paste(page, code);
  await expect(page.locator("#builder-dialog")).toBeVisible();
});

test("a notebook that is dropped is read; the network is shown as Keras, PyTorch and Burn", async ({ page }) => {
  await openLab(page);
  const source = "from tensorflow.keras import layers, models\nmodel = models.Sequential()\nmodel.add(layers.Conv2D(8, (3, 3), activation='relu', input_shape=(28, 28, 1)))\nmodel.add(layers.Flatten())\nmodel.add(layers.Dense(10, activation='softmax'))\n";
  const notebook = { cells: [{ cell_type: "markdown", source: ["# A lesson"] }, { cell_type: "code", source: source.split(/(?<=\n)/), outputs: [] }], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  await page.evaluate((text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "lesson.ipynb", { type: "" }));
    document.querySelector("cnn-lab")!.shadowRoot!.querySelector(".lab")!.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true, composed: true }));
  }, JSON.stringify(notebook));
  await expect(page.locator("#builder-verdict")).toContainText("54\u202f170 parameters");
  const format = page.locator("#text-format");
  const text = page.locator("#spec");
  for (const [name, begins] of [["keras", "Sequential"], ["pytorch", "nn.Module"], ["burn", "burn::"]] as const) {
    await format.selectOption(name);
    await expect(text).toHaveValue(new RegExp(begins));
  }
  await expect(text).toHaveAttribute("readonly", "");
  // What is written as Keras is read again, with a change.
  await format.selectOption("keras");
  await expect(text).toHaveValue(/Conv2D\(\s*8/);
  await text.fill((await text.inputValue()).replace(/Conv2D\(\s*8/, "Conv2D(4"));
  await expect(page.locator("#builder-verdict")).toContainText("27\u202f090 parameters");
  expect(await violations(page)).toEqual([]);
});

test("text that is no network is told with its line, and nothing has changed", async ({ page }) => {
  await openLab(page);
  await page.locator("#paste-code").click();
  const text = page.locator("#spec");
  await expect(text).toBeFocused();
  const before = await page.locator("#builder-verdict").innerText();
  await text.fill("model = Sequential()\nmodel.add(Conv3D(8, 3, input_shape=(28, 28, 28, 1)))\n");
  await expect(page.locator("#verdict")).toContainText("line 2");
  await page.locator("#go-to-line").click();
  expect(await text.evaluate((area: HTMLTextAreaElement) => area.value.slice(area.selectionStart, area.selectionEnd))).toContain("Conv3D");
  await text.fill("model = Sequential()\nmodel.add(Dense(10, input_shape=(28, 28, 1)");
  await expect(page.locator("#verdict")).toHaveClass(/bad/);
  await page.locator("#close").click();
  await expect(page.locator("#builder-dialog footer")).toContainText("would be gone");
  await page.locator("#discard").click();
  await page.locator("#paste-code").click();
  await expect(page.locator("#builder-verdict")).toHaveText(before);
});

test("text that is hostile is refused with a line, and the lab goes on", async ({ page }) => {
  await openModule(page);
  const texts: Record<string, string> = {
    "an import": "__import__('os').system('rm -rf /')\n",
    "a bomb of comprehensions": `model = Sequential([Dense(1) ${"for a in range(10**9) ".repeat(50)}])`,
    "a bomb of powers": "model = Sequential([Dense(9**9**9**9)])",
    "truncated": "model = Sequential([\n  Conv2D(8, 3,\n",
    "other code": "def quicksort(xs):\n    return xs if len(xs) < 2 else quicksort(xs[1:])\n",
    "JavaScript": "const x = () => { return 1; };\n",
    "brackets": "[".repeat(10_000_000),
    "loops": "while True:\n    model = Sequential()\n",
  };
  const told = await page.evaluate(async (given) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    // The module that reads texts is fetched with the first.
    await lab.inspectModel("model = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(2)])");
    const results: Record<string, { code: string; line: number | undefined; message: string; ms: number }> = {};
    for (const [name, text] of Object.entries(given)) {
      const began = performance.now();
      results[name] = await lab.inspectModel(text).then(
        () => ({ code: "read", line: undefined, message: "", ms: 0 }),
        (error: unknown) => {
          const { code, line, message } = error as InstanceType<typeof cnnLab.CnnLabError>;
          return { code, line, message, ms: Math.round(performance.now() - began) };
        },
      );
    }
    const { summary } = await lab.inspectModel("model = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(2)])");
    return { results, params: summary.totalParams };
  }, texts);
  console.log(Object.entries(told.results).map(([name, { ms, message }]) => `${name}: ${ms} ms, ${message}`).join("\n"));
  for (const [name, { code, line }] of Object.entries(told.results)) {
    expect(code, name).toBe("model-text");
    expect(line, name).toBeGreaterThan(0);
  }
  expect(told.params).toBe(34);
});
