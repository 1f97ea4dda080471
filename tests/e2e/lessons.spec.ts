/** The lessons, each walked from its top to its bottom as a student would, with real pictures. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { png, writeTree } from "./files";
import { type Module, violations } from "./lab";

const titles = {
  "cats-and-dogs": "A CNN from scratch: cats and dogs",
  mnist: "MNIST step by step",
  "real-images": "Real-world images",
  arithmetic: "The arithmetic of Conv2D and pooling",
  benchmarks: "Four benchmarks",
} as const;
type Lesson = keyof typeof titles;

/** What the lessons and their labs say where the tests look, in both languages. */
const languages = {
  en: {
    folder: "lessons/",
    titles,
    list: { lessons: "Lessons", all: "All lessons", lab: "The lab", terms: ["Time", "Data"], other: "Deutsch" },
    open: "Open the lab here", close: "Close this lab", train: "Train", finished: "Finished", tested: /of ([\d\u202f]+) test/,
    number: "Give a number.", right: "Right.", wrong: "Not that.", first: (first: string) => `${first}: your answer is checked against its figures.`,
    opened: "Open the lab of this step first", trained: "Train in the lab of this step first",
    typed: (number: number | string) => String(number),
    grouped: (number: number) => number.toLocaleString("en"),
    calculator: {
      height: "Height", parameters: "Parameters", code: "Code", span: "Window spans", place: (column: number) => `row 1 of 14, column ${column} of 14`,
      both: "Keras has no strides above 1 together with a dilation_rate above 1.", whole: "Give whole numbers from 1.",
    },
  },
  de: {
    folder: "lessons/de/",
    titles: {
      "cats-and-dogs": "Ein Faltungsnetz von Grund auf: Katzen und Hunde",
      mnist: "MNIST Schritt für Schritt",
      "real-images": "Bilder aus der Wirklichkeit",
      arithmetic: "Wie Conv2D und Pooling rechnen",
      benchmarks: "Vier Benchmarks",
    },
    list: { lessons: "Lektionen", all: "Alle Lektionen", lab: "Das Labor", terms: ["Dauer", "Daten"], other: "English" },
    open: "Labor hier öffnen", close: "Dieses Labor schließen", train: "Trainieren", finished: "Fertig.", tested: /von ([\d\u202f]+) Testbildern/,
    number: "Gib eine Zahl ein.", right: "Richtig.", wrong: "Das ist es nicht.", first: (first: string) => `${first}: Deine Antwort wird mit seinen Zahlen verglichen.`,
    opened: "Öffne erst das Labor dieses Schritts", trained: "Trainiere erst im Labor dieses Schritts",
    typed: (number: number | string) => String(number).replace(".", ","),
    grouped: (number: number) => number.toLocaleString("de"),
    calculator: {
      height: "Höhe", parameters: "Parameter", code: "Code", span: "Das Fenster reicht über", place: (column: number) => `Zeile 1 von 14, Spalte ${column} von 14`,
      both: "In Keras gehen strides über 1 und eine dilation_rate über 1 nicht zusammen.", whole: "Gib ganze Zahlen ab 1 ein.",
    },
  },
} as const;
type Language = keyof typeof languages;
/** Those of the lesson that is open. */
let words: (typeof languages)[Language] = languages.en;

const photos = resolve(__dirname, "../../../shared/datasets/cats_dogs_downsampled.zip");

/** What the browser complained about, such as what the strict policy forbids. */
let complaints: string[] = [];
test.beforeEach(({ page }) => {
  complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
});
test.afterEach(() => {
  expect(complaints).toEqual([]);
});

/** A lesson whose labs have few pictures and epochs. */
async function openLesson(page: Page, lesson: Lesson, query = "", language: Language = "en"): Promise<void> {
  words = languages[language];
  await page.goto(`${words.folder}${lesson}.html?device=cpu&${query}`);
  await expect(page.locator("h1")).toHaveText(words.titles[lesson]);
  // No lab begins by itself.
  await expect(page.locator(".opener button").first()).toHaveText(words.open);
  await expect(page.locator("cnn-lab")).toHaveCount(0);
}

/** Opens the lab of a place, and waits until it can be used. */
async function openLab(page: Page, id: string): Promise<Locator> {
  const place = page.locator(`#${id}`);
  await place.getByRole("button", { name: words.open }).click();
  // Until its lists are there its panels still grow, and a button may move away under the pointer.
  await place.locator("cnn-lab").evaluate(async (lab) => {
    await (lab as HTMLElementTagNameMap["cnn-lab"]).lab;
  });
  await expect(place.locator("cnn-lab [role=alert]").first()).toBeEmpty();
  return place;
}

/** Closes it, so that the page has one at a time, and its memory back. */
async function closeLab(place: Locator): Promise<void> {
  await expect(place.locator("cnn-lab [role=alert]").first()).toBeEmpty();
  await place.getByRole("button", { name: words.close }).click();
  await expect(place.locator("cnn-lab")).toHaveCount(0);
}

/** Loads what was dropped, as the lab offers it but for what is said. */
async function loadOwn(page: Page, place: Locator, said: Record<string, string> = {}): Promise<void> {
  for (const [id, value] of Object.entries(said)) {
    const input = page.locator(`#${id}`);
    if (id === "own-fit") {
      await input.selectOption(value);
    } else {
      await input.fill(value);
      await input.blur();
    }
    await expect(page.locator("#load-own")).not.toHaveAttribute("aria-disabled", "true");
  }
  await page.locator("#load-own").click();
  await expect(page.locator("dialog#import")).toBeHidden();
  await expect(place.locator("#load")).toHaveText("Loaded", { timeout: 60_000 });
}

/** The photos of cats and dogs, some of them and small. */
async function loadPhotos(page: Page, place: Locator, said: Record<string, string> = {}): Promise<void> {
  await place.locator("#own-files input").setInputFiles(photos);
  await expect(page.locator("dialog#import")).toContainText("CAT");
  await expect(page.locator("#own-height")).toHaveValue("150");
  await loadOwn(page, place, { "own-height": "64", "own-width": "64", "own-limit": "60", ...said });
}

function skipWithoutPhotos(own: boolean): void {
  if (own && !existsSync(photos)) console.log(`Skipped: ${photos} is not on this machine.`);
  test.skip(own && !existsSync(photos), "the photos are not on this machine");
}

/** Chooses a network of the lab, and one epoch in place of those that its lesson has. */
async function chooseNetwork(place: Locator, name: string, epochs: number): Promise<void> {
  await place.locator("#preset").selectOption(name);
  await expect(place.locator("#epochs")).toHaveValue(String(epochs));
  await place.locator("#epochs").fill("1");
  await place.locator("#epochs").blur();
}

async function train(place: Locator, epochs: number): Promise<void> {
  const rows = place.locator(".log tbody tr");
  const before = await rows.count();
  await expect(place.locator("#main")).toHaveText(words.train);
  await place.locator("#main").click();
  await expect(place.locator("cnn-lab-train .progress")).toContainText(words.finished, { timeout: 60_000 });
  await expect(rows).toHaveCount(before + epochs);
}

/** The photos again on a pretrained network, where the site has it: a new head, then its last block. */
async function transfer(page: Page, place: Locator): Promise<void> {
  if (!(await page.request.get("data/bases/bases.json")).ok()) {
    console.log("Left out: this site has no pretrained network.");
    return;
  }
  const before = (await lastEpoch(place)).valAccuracy;
  await place.locator("#preset").selectOption("mobilenet-v2");
  await place.locator("#load-base").click();
  await expect(place.locator("cnn-lab-pretrained")).toContainText("155 layers, frozen", { timeout: 30_000 });
  await place.locator("#epochs").fill("5");
  await place.locator("#epochs").blur();
  await train(place, 5);
  expect((await lastEpoch(place)).valAccuracy).toBeGreaterThan(before);
  await place.locator("#free-blocks").fill("1");
  await place.locator("#set-free").click();
  await place.locator("#small-rate").click();
  await place.locator("#epochs").fill("1");
  await place.locator("#epochs").blur();
  await train(place, 1);
}

/** A number as the lab writes it. */
const read = (text: string): number => Number(text.replace(/[\u202f%]/g, "").replace("\u2212", "-").replace(",", "."));

/** The last line of the table under a lab: percentages as such. */
async function lastEpoch(place: Locator): Promise<{ run: number; accuracy: number; valLoss: number; valAccuracy: number }> {
  const cells = await place.locator(".log tbody tr").last().locator("td").allInnerTexts();
  const [run, , , accuracy, valLoss, valAccuracy] = cells.map(read);
  return { run: run!, accuracy: accuracy!, valLoss: valLoss!, valAccuracy: valAccuracy! };
}

/** What the lab says of the test pictures. */
async function evaluate(place: Locator): Promise<{ accuracy: number; wrong: number }> {
  await place.locator("#evaluate").click();
  await expect(place.locator(".test .big")).toHaveText(/%$/, { timeout: 60_000 });
  const accuracy = read(await place.locator(".test .big").innerText());
  const count = read(words.tested.exec(await place.locator(".test .row").first().innerText())![1]!);
  return { accuracy, wrong: Math.round((1 - accuracy / 100) * count) };
}

/** The three tabs that the lessons send to, each with what it is for. */
async function lookInside(page: Page): Promise<void> {
  for (const [tab, shown] of [["layers", "#pixel-map canvas"], ["filters", "#filter"], ["why", "#why-method"]] as const) {
    await page.locator(`#inside-dialog #tab-${tab}`).click();
    await expect(page.locator(`#inside-dialog ${shown}`)).toBeVisible();
  }
  await page.keyboard.press("Escape");
}

async function say(page: Page, id: string, answer: string): Promise<Locator> {
  const output = page.locator(`output[for="${id}"]`);
  await page.locator(`#${id}`).fill(answer);
  await page.locator(`#${id}`).press("Enter");
  return output;
}

/** Before its lab was used, an answer cannot be judged, and the page says what to do. */
async function cannotTell(page: Page, id: string, first: string): Promise<void> {
  await expect(await say(page, id, "1")).toContainText(words.first(first));
}

const startingWith = (text: string): RegExp => new RegExp(`^${text.replaceAll(".", "\\.")}`);

/** A question is answered wrong, then right, as it is typed in the lesson's language unless it is said how. */
async function ask(page: Page, id: string, right: number | string, typed = words.typed(right)): Promise<void> {
  const value = Number(right);
  await expect(await say(page, id, "what?")).toHaveText(words.number);
  for (const wrong of [value + 7, value - 11]) {
    const output = await say(page, id, words.typed(wrong));
    await expect(output).toHaveText(startingWith(`${words.wrong} `));
    await expect(output).toHaveClass("wrong");
  }
  const output = await say(page, id, typed);
  await expect(output).toHaveText(startingWith(words.right));
  await expect(output).toHaveClass("right");
}

/** Every question that has a model answer shows it, and no question with a number was passed over. */
async function finish(page: Page, lesson: Lesson): Promise<void> {
  const answers = page.locator(".questions details");
  for (let i = 0; i < (await answers.count()); i += 1) {
    const answer = answers.nth(i);
    await expect(answer.locator("p")).toBeHidden();
    await answer.locator("summary").click();
    await expect(answer.locator("p")).toBeVisible();
  }
  const open = await page.locator("form.ask:not(:has(output.right))").evaluateAll((forms) => forms.map((form) => form.querySelector("input")!.id));
  expect(open).toEqual([]);
  await look(page, lesson, "end");
}

/** A picture of the page, to look at. */
async function look(page: Page, lesson: string, when: string): Promise<void> {
  const folder = join(test.info().project.testDir, "../../target/screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `lesson-${lesson.replace("/", "-")}-${when}.png`), fullPage: true });
}

for (const [locale, { titles, list }] of Object.entries(languages)) {
  test.describe(`with a browser in ${locale}`, () => {
    test.use({ locale });

    test("the list leads to the five lessons, the lab's page to the list of its language, and each page to the other language", async ({ page }) => {
      await page.goto("./");
      await page.getByRole("link", { name: list.lessons }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(list.lessons);
      await expect(page.locator(".lessons > li")).toHaveCount(5);
      for (const [i, title] of Object.values(titles).entries()) {
        const lesson = page.locator(".lessons > li").nth(i);
        await expect(lesson.locator("dt")).toHaveText(list.terms);
        await lesson.getByRole("link").click();
        await expect(page.locator("h1")).toHaveText(title);
        await expect(page).toHaveTitle(`${title} · cnn-lab`);
        await page.goto(`${page.url()}?limit=500`);
        await page.getByRole("link", { name: list.other }).click();
        await expect(page.locator("h1")).not.toHaveText(title);
        expect(new URL(page.url()).search).toBe("?limit=500");
        await page.goBack();
        await expect(page.locator("h1")).toHaveText(title);
        await page.getByRole("link", { name: list.all }).click();
      }
      await page.getByRole("link", { name: list.lab }).click();
      await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
    });
  });
}

for (const name of ["", "de/"].flatMap((folder) => ["index", ...Object.keys(titles)].map((lesson) => `${folder}${lesson}`))) {
  test(`axe finds nothing on ${name} in light and dark, and nothing scrolls sideways at 375 px`, async ({ page }) => {
    await page.goto(`lessons/${name}.html`);
    for (const answer of await page.locator("details summary").all()) await answer.click();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
      await look(page, name, colorScheme);
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 375, height: 812 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    expect(await violations(page)).toEqual([]);
    await look(page, name, "375");
  });
}

/** An open lab on a lesson is as accessible as the lesson. */
async function looksWell(page: Page, lesson: Lesson): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.setViewportSize({ width: 375, height: 812 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
  await look(page, lesson, "open-375");
  await page.setViewportSize({ width: 1440, height: 900 });
}

for (const own of [true, false]) {
  test(`lesson 1: cats and dogs, ${own ? "with their photos" : "with CIFAR-10 in the meantime"}`, async ({ page }) => {
    test.setTimeout(180_000);
    skipWithoutPhotos(own);
    await openLesson(page, "cats-and-dogs", "limit=120&epochs=1");
    await ask(page, "steps", 107);
    await cannotTell(page, "first", "Open the lab of this step first");
    const place = await openLab(page, "pets");
    if (own) {
      await loadPhotos(page, place);
      await expect(place.locator("#preset")).toHaveValue("photo-convnet");
      // One output for two classes.
      await expect(place.locator("cnn-lab-network tbody tr").nth(10)).toContainText("513");
    }
    await cannotTell(page, "gap1", "Train in the lab of this step first");
    await train(place, 1);
    await ask(page, "first", 896);
    const plain = await lastEpoch(place);
    await ask(page, "gap1", (plain.accuracy - plain.valAccuracy).toFixed(1));
    await cannotTell(page, "gap2", "There is no run 2 yet");

    if (own) await chooseNetwork(place, "photo-convnet-dropout", 30);
    else await chooseNetwork(place, "deep-convnet", 10);
    await place.locator("#augment").click();
    await page.locator("#augment-lesson").click();
    await page.locator("#augment-done").click();
    await train(place, 1);
    const augmented = await lastEpoch(place);
    expect(augmented.run).toBe(2);
    await ask(page, "gap2", (augmented.accuracy - augmented.valAccuracy).toFixed(1));
    // The first question is still about the first run.
    await ask(page, "gap1", (plain.accuracy - plain.valAccuracy).toFixed(1));

    const download = page.waitForEvent("download");
    await place.locator("#save").click();
    const file = await (await download).path();
    await place.locator("#start-over").click();
    await expect(place.locator("#start-over")).toHaveAttribute("aria-disabled", "true");
    await place.locator("#checkpoint").setInputFiles(file);
    await expect(place.locator("cnn-lab-train .progress")).toContainText("Loaded, after 1 epochs.");

    await cannotTell(page, "test", "Press Evaluate in the lab of this step first");
    const { accuracy, wrong } = await evaluate(place);
    await ask(page, "test", accuracy);
    await ask(page, "wrong", wrong);
    if (own) await looksWell(page, "cats-and-dogs");
    await finish(page, "cats-and-dogs");
    await closeLab(place);
  });
}

for (const language of ["en", "de"] as const) {
  test(`lesson 2: ${languages[language].titles.mnist}`, async ({ page }) => {
    test.setTimeout(180_000);
    await openLesson(page, "mnist", "limit=600&epochs=2", language);
    await cannotTell(page, "q1", words.opened);
    const first = await openLab(page, "first");
    await expect(first.locator("cnn-lab-network tbody tr").first()).toBeVisible();
    await cannotTell(page, "q3", words.trained);
    await ask(page, "q1", 320);
    await ask(page, "q2", 93322, words.grouped(93322));
    await train(first, 2);
    await ask(page, "q3", (await lastEpoch(first)).valAccuracy);
    await ask(page, "q4", (await evaluate(first)).wrong);
    await ask(page, "q5", 32);
    await ask(page, "q6", 26);
    await first.locator("#look-inside").click();
    await lookInside(page);
    await ask(page, "q7", 5);
    await ask(page, "q8", 0);
    await looksWell(page, "mnist");
    await closeLab(first);
    // What it said outlasts it.
    await ask(page, "q2", 93322);

    const overfit = await openLab(page, "overfit");
    await train(overfit, 2);
    const plain = await lastEpoch(overfit);
    await ask(page, "q9", (plain.accuracy - plain.valAccuracy).toFixed(1));
    const losses = (await overfit.locator(".log tbody td:nth-child(5)").allInnerTexts()).map(read);
    await ask(page, "q10", losses.indexOf(Math.min(...losses)) + 1);
    await expect(overfit.locator("#epochs")).toBeDisabled();
    await closeLab(overfit);

    const augmented = await openLab(page, "augmented");
    await train(augmented, 2);
    const changed = await lastEpoch(augmented);
    await ask(page, "q11", (changed.accuracy - changed.valAccuracy).toFixed(1));
    await ask(page, "q12", changed.valLoss);
    await augmented.locator("#augment").click();
    await expect(page.locator("#augment-dialog #rotation_range")).toHaveValue("12");
    await page.keyboard.press("Escape");
    await closeLab(augmented);

    const folds = await openLab(page, "cross-validation");
    await folds.locator("#cross-validate").click();
    await page.locator("#start-folds").click();
    await expect(page.locator("#folds-accuracy")).toContainText("±", { timeout: 60_000 });
    await expect(page.locator("#folds-dialog table.list tbody tr")).toHaveCount(5);
    await page.keyboard.press("Escape");
    await ask(page, "q13", 800);
    await ask(page, "q14", 4);
    await closeLab(folds);
    await finish(page, "mnist");
  });
}

for (const own of [true, false]) {
  test(`lesson 3: real-world images, ${own ? "with photos cropped to the middle" : "with CIFAR-10 in the meantime"}`, async ({ page }) => {
    test.setTimeout(180_000);
    skipWithoutPhotos(own);
    await openLesson(page, "real-images", "limit=300&epochs=1");
    await ask(page, "q1", 80);
    const place = await openLab(page, "photos");
    if (own) {
      await loadPhotos(page, place, { "own-fit": "crop" });
      // The network stays, and takes the photos' size.
      await expect(place.locator("#preset")).toHaveValue("padded-convnet");
    }
    await train(place, 1);
    await ask(page, "q2", (await lastEpoch(place)).valAccuracy);
    await place.locator("#test-next").click();
    await place.locator("#look-inside").click();
    await lookInside(page);
    await ask(page, "q3", 16);
    await ask(page, "q4", own ? 64 : 32);
    await place.locator("#augment").click();
    await expect(page.locator("#augment-dialog .grid figure").first()).toBeVisible();
    await page.keyboard.press("Escape");
    if (own) await looksWell(page, "real-images");
    if (own) await transfer(page, place);
    await closeLab(place);
    await ask(page, "q5", 6405);

    // The table comes as a student gets it, and the lab finds its label and its size.
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "shapes.csv" }).click();
    const table = await openLab(page, "table");
    await (await download).saveAs(test.info().outputPath("shapes.csv"));
    await table.locator("#own-files input").setInputFiles(test.info().outputPath("shapes.csv"));
    await expect(page.locator("dialog#import")).toContainText("a table of pixels");
    await expect(page.locator("dialog#import tfoot")).toContainText("120");
    await loadOwn(page, table);
    await expect(table.locator("#own")).toContainText("120 pictures");
    await train(table, 1);
    await ask(page, "q6", 5);
    await ask(page, "q7", 785);
    await closeLab(table);
    await finish(page, "real-images");
  });
}

for (const language of ["en", "de"] as const) {
  test(`lesson 4: ${languages[language].titles.arithmetic}`, async ({ page }) => {
    await openLesson(page, "arithmetic", "", language);
    const answers = { q1: 24, q2: 100, q3: 75, q4: 80, q5: 208, q7: 9, q8: 20, q9: 5, q10: 6 };
    for (const [id, answer] of Object.entries(answers)) await ask(page, id, answer);
    await ask(page, "q6", 18496, "18 496");
    await ask(page, "q11", 2400, words.grouped(2400));
    const whole = await openLab(page, "whole");
    await expect(whole.locator("cnn-lab-network tr.total").first()).toContainText("7\u202f146");
    await ask(page, "q12", 6);
    await ask(page, "q13", 5770);
    await ask(page, "q14", 7146);
    await looksWell(page, "arithmetic");

    // Typed and moved by keyboard, all is drawn anew.
    const { calculator } = words;
    const conv = page.locator(".calculator").first();
    const says = (title: string): Locator => conv.locator(`dt:text-is("${title}") + dd`);
    await conv.locator("[name=kernel_size]").fill("5");
    await conv.locator("[name=strides]").fill("2");
    await conv.locator("[name=padding]").selectOption("same");
    await expect(says(calculator.height)).toHaveText("⌈28 / 2⌉ = 14");
    await expect(says(calculator.parameters)).toHaveText("5 × 5 × 1 × 32 + 32 = 832");
    await expect(says(calculator.code)).toHaveText("layers.Conv2D(filters=32, kernel_size=5, strides=2, padding='same', dilation_rate=1, use_bias=True)");
    await expect(conv.locator(".slide span")).toHaveText(calculator.place(1));
    await conv.locator(".slide input").focus();
    const before = await conv.locator("svg").first().innerHTML();
    await page.keyboard.press("ArrowRight");
    await expect(conv.locator(".slide span")).toHaveText(calculator.place(2));
    expect(await conv.locator("svg").first().innerHTML()).not.toBe(before);
    await conv.locator("[name=dilation_rate]").fill("3");
    await expect(conv.locator(".why")).toContainText(calculator.both);
    await conv.locator("[name=strides]").fill("1");
    await expect(says(calculator.span)).toHaveText("3 × (5 − 1) + 1 = 13");
    await conv.locator("[name=height]").fill("");
    await expect(conv.locator(".why")).toHaveText(calculator.whole);
    await finish(page, "arithmetic");
  });
}

/** What a calculator shows for values typed into it, and what the lab says of the same layer. */
type Compared = { asked: string; shown: { why: string; output: string; parameters: number; height: number; width: number }; lab: { shape: (number | null)[]; params: number } | null };

test("the calculators agree with the lab for 300 random layers", async ({ page, baseURL }) => {
  await page.goto("lessons/arithmetic.html");
  const compared = await page.evaluate(async (module): Promise<Compared[]> => {
    const { CnnLab } = (await import(module)) as Module;
    const lab = await CnnLab.create({ device: "cpu" });
    // The same numbers each time the test runs: the generator of Park and Miller.
    let state = 2026;
    const draw = (least: number, most: number): number => {
      state = (state * 48271) % 2147483647;
      return least + (state % (most - least + 1));
    };
    const places = [...document.querySelectorAll(".calculator")];
    const field = (place: Element, name: string): HTMLInputElement | HTMLSelectElement | null => place.querySelector(`[name="${name}"]`);
    const type = (place: Element, name: string, value: number | string | boolean): boolean => {
      const input = field(place, name);
      if (!input) return false;
      if (input instanceof HTMLInputElement && input.type === "checkbox") input.checked = value === true;
      else input.value = String(value);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
      return true;
    };
    const results: Compared[] = [];
    for (let i = 0; i < 300; i += 1) {
      const kind = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"][i % 5]!;
      const place = places.find((one) => (one as HTMLElement).dataset["layers"]!.split(" ").includes(kind))!;
      type(place, "layer", kind);
      const [height, width, channels] = [draw(1, 60), draw(1, 60), draw(1, 40)];
      // Mostly one of the two, as Keras has it; sometimes both, which it refuses.
      const dilated = draw(0, 3) === 0;
      const wanted = {
        filters: draw(1, 70), depth_multiplier: draw(1, 4), kernel_size: draw(1, 9), pool_size: draw(1, 6), strides: dilated && draw(0, 4) > 0 ? 1 : draw(1, 5),
        padding: draw(0, 1) === 0 ? "valid" : "same", dilation_rate: dilated ? draw(2, 4) : 1, use_bias: draw(0, 3) > 0,
      };
      for (const [name, value] of Object.entries({ height, width, channels })) type(place, name, value);
      const options = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => type(place, name, value)));
      // A picture has one or three channels; a convolution makes maps of them, as many as are wanted.
      const spec = { input_shape: [height, width, 3], layers: [{ layer: "Conv2D", filters: channels, kernel_size: 1 }, { layer: kind, ...options }] };
      const said = (title: string): string => [...place.querySelectorAll("dt")].find((dt) => dt.textContent === title)!.nextElementSibling!.textContent;
      const last = (text: string): number => Number(text.split(/= |: /).at(-1));
      const summary = await lab.inspectModel(spec).then((info) => info.summary.layers.at(-1)!, () => null);
      results.push({
        asked: JSON.stringify(spec),
        shown: { why: place.querySelector(".why")!.textContent, output: said("Output"), parameters: last(said("Parameters")), height: last(said("Height")), width: last(said("Width")) },
        lab: summary && { shape: summary.outputShape, params: summary.params },
      });
    }
    lab.dispose();
    return results;
  }, new URL("cnn-lab.js", baseURL).href);

  let refused = 0;
  for (const { asked, shown, lab } of compared) {
    if (lab === null) {
      expect(shown.why, asked).not.toBe("");
      refused += 1;
      continue;
    }
    const [, height, width] = lab.shape;
    expect({ ...shown, asked }).toEqual({ why: "", output: `(None, ${lab.shape.slice(1).join(", ")})`, parameters: lab.params, height, width, asked });
  }
  // Both happen, and not only one of them.
  expect(compared).toHaveLength(300);
  expect(refused).toBeGreaterThan(10);
  expect(refused).toBeLessThan(150);
});

const noise = (seed: number): ((x: number, y: number) => number) => (x, y) => (seed * 7919 + x * 31 + y * 17 + x * y) % 256;

/** Horses or Humans as the lesson has them sorted, with fewer pictures. */
function horsesOrHumans(): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (const [split, each] of [["train", 20], ["validation", 4]] as const) {
    for (const [i, name] of ["horses", "humans"].entries()) {
      for (let j = 0; j < each; j += 1) files[`${split}/${name}/${j}.png`] = png(64, 64, 3, noise(2 * j + i));
    }
  }
  return files;
}

/** CIFAR-100's archive with a few pictures of each class: a coarse label, a fine one, 3,072 values. */
function cifar100(folder: string): string {
  const records = (each: number): Buffer =>
    Buffer.concat(Array.from({ length: 100 * each }, (_, i) => Buffer.concat([Buffer.from([Math.floor((i % 100) / 5), i % 100]), Buffer.alloc(3072, (i * 37) % 256)])));
  const names = (count: number, kind: string): string => Array.from({ length: count }, (_, i) => `${kind} ${i}\n`).join("");
  writeTree(folder, { "train.bin": records(4), "test.bin": records(1), "fine_label_names.txt": names(100, "fine"), "coarse_label_names.txt": names(20, "coarse") });
  execFileSync("tar", ["-czf", `${folder}.tar.gz`, "-C", join(folder, ".."), "cifar-100-binary"]);
  return `${folder}.tar.gz`;
}

test("lesson 5: four benchmarks", async ({ page }) => {
  test.setTimeout(180_000);
  await openLesson(page, "benchmarks", "limit=300&epochs=1");
  const horses = await openLab(page, "horses");
  await train(horses, 1);
  // The benchmark's folders, which are not on this machine, with pictures of noise in them.
  const folder = test.info().outputPath("horses-or-humans");
  writeTree(folder, horsesOrHumans());
  await horses.locator("#own-folder input").setInputFiles(folder);
  await expect(page.locator("dialog#import")).toContainText("humans");
  await loadOwn(page, horses);
  await chooseNetwork(horses, "photo-convnet-short", 10);
  await train(horses, 1);
  // There is no test folder, so the lab kept some of the training pictures aside.
  await evaluate(horses);
  await expect(horses.locator(".test .row").first()).toContainText("of 4 test pictures");
  await ask(page, "q1", 73);
  await ask(page, "q2", 87310848);
  await closeLab(horses);

  const fashion = await openLab(page, "fashion");
  await train(fashion, 1);
  await ask(page, "q3", 13);
  const { accuracy, wrong } = await evaluate(fashion);
  await ask(page, "q4", accuracy);
  await ask(page, "q5", wrong);
  await fashion.locator("#evaluation").click();
  for (const [tab, shown] of [["confusion", "#normalised"], ["mistakes", "#worst"]] as const) {
    await page.locator(`#evaluation-dialog #tab-${tab}`).click();
    await expect(page.locator(`#evaluation-dialog ${shown}`)).toBeVisible();
  }
  await page.keyboard.press("Escape");
  await looksWell(page, "benchmarks");
  await closeLab(fashion);

  const average = await openLab(page, "average");
  await train(average, 1);
  await ask(page, "q6", 2);
  const total = read(await average.locator("cnn-lab-network tr.total b").innerText());
  await ask(page, "q7", total);
  await average.locator("#paste-code").click();
  const text = page.locator("#spec");
  await expect(text).toHaveValue(/AveragePooling2D/);
  await text.fill((await text.inputValue()).replaceAll("AveragePooling2D", "MaxPooling2D"));
  await expect(page.locator("cnn-lab-net-text #verdict")).not.toContainText("Reading");
  await page.locator("#use").click();
  // What the first one learned would be gone, so it asks again.
  await page.locator("#use-sure").click();
  await expect(average.locator("cnn-lab-network tbody").first()).toContainText("MaxPooling2D");
  await train(average, 1);
  expect((await lastEpoch(average)).run).toBe(2);
  await ask(page, "q7", total);
  await closeLab(average);

  const norm = await openLab(page, "norm");
  await train(norm, 1);
  await ask(page, "q8", 128);
  await ask(page, "q9", 448);
  const first = await lastEpoch(norm);
  await ask(page, "q10", first.valAccuracy);
  await chooseNetwork(norm, "batch-norm-convnet", 10);
  await train(norm, 1);
  await ask(page, "q9", 448);
  // It is still about the first run.
  await ask(page, "q10", first.valAccuracy);

  // CIFAR-100 as it comes, with pictures of noise in it.
  await norm.locator("#own-files input").setInputFiles(cifar100(test.info().outputPath("cifar-100-binary")));
  await expect(page.locator("dialog#import")).toContainText("100 classes");
  await loadOwn(page, norm);
  await chooseNetwork(norm, "batch-norm-convnet", 10);
  await expect(norm.locator("cnn-lab-network tbody").first().locator("tr").last()).toContainText("12\u202f900");
  await train(norm, 1);
  await evaluate(norm);
  await norm.locator("#evaluation").click();
  await expect(page.locator("#evaluation-dialog")).toContainText("Top 5");
  await page.keyboard.press("Escape");
  await closeLab(norm);
  await ask(page, "q11", 12900);
  await ask(page, "q12", 1);
  await finish(page, "benchmarks");
});
