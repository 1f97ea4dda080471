/** The page and the element in German: chosen, remembered, and whole. */
import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, progress, violations } from "./lab";

/** All that can be read or is read out, through all shadow roots. */
function wording(page: Page): Promise<string> {
  return page.evaluate(() => {
    const said: string[] = [];
    const walk = (node: Node): void => {
      if (node instanceof Text) said.push(node.data);
      if (!(node instanceof Element) || ["STYLE", "SCRIPT", "PRE", "TEXTAREA"].includes(node.tagName)) return;
      for (const name of ["title", "aria-label", "placeholder"]) said.push(node.getAttribute(name) ?? "");
      node.shadowRoot?.childNodes.forEach(walk);
      node.childNodes.forEach(walk);
    };
    walk(document.body);
    return said.join("\n");
  });
}

/** Words that no German sentence has; names of Keras's are none of them. */
const english = /\b(the|and|with|your|pictures?|training begins|Loading|Load|Choose|whether|weights|steps|epochs?|of each)\b/;

/** No text of the catalogue was left a function or without its value. */
const unfinished = /=>|\[object|undefined/;

async function isGerman(page: Page): Promise<void> {
  const said = await wording(page);
  expect(said.split("\n").filter((line) => english.test(line) || unfinished.test(line))).toEqual([]);
}

test.describe("with a German browser", () => {
  test.use({ locale: "de-DE" });

  test("the page is German, trains, counts in German, and axe finds nothing in light and dark", async ({ page }) => {
    await page.goto("./");
    await expect(mainButton(page)).toHaveText("Trainieren");
    await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await expect(page.locator("cnn-lab .lab")).toHaveAttribute("lang", "de");
    expect(await page.title()).toBe("cnn-lab");
    await choose(page, { limit: 1000, epochs: 1 });
    await mainButton(page).click();
    await expect(progress(page)).toContainText("Fertig.", { timeout: 60_000 });
    await page.locator("#evaluate").click();
    await expect(page.locator(".test .big")).toHaveText(/^\d+,\d\d\u202f%$/);
    await expect(page.locator(".test")).toContainText("Testbildern richtig, Verlust");
    await isGerman(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
  });

  test("every dialog is German, fits 375 px, and axe finds nothing", async ({ page }) => {
    test.setTimeout(240_000);
    await page.goto("./");
    await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
    await choose(page, { limit: 500, epochs: 1 });
    await mainButton(page).click();
    await expect(progress(page)).toContainText("Fertig.", { timeout: 60_000 });
    await page.locator("#evaluate").click();
    await expect(page.locator(".test .big")).toBeVisible();
    await page.setViewportSize({ width: 375, height: 812 });
    const dialogs = { "#look": "look", "#own-camera": "camera", "#export": "export", "#build": "builder", "#augment": "augment", "#cross-validate": "folds", "#options": "options", "#runs": "runs", "#kept": "sessions", "#vitals": "vitals", "#evaluation": "evaluation", "#look-inside": "inside-dialog" };
    for (const [opener, name] of Object.entries(dialogs)) {
      await test.step(name, async () => {
        await page.locator(opener).click();
        const dialog = page.locator(`cnn-lab-${name} dialog[open]`);
        await expect(dialog).toBeVisible();
        // Each tab has texts of its own.
        const tabs = dialog.locator("[role=tab]");
        for (let i = 0; i < Math.max(1, await tabs.count()); i += 1) {
          if ((await tabs.count()) > 0) await tabs.nth(i).click();
          await isGerman(page);
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
        }
        expect(await violations(page)).toEqual([]);
        await dialog.locator("#close").click();
        await expect(dialog).toBeHidden();
      });
    }
  });

  test("where the German texts cannot be had, it is said, and the lab works in English", async ({ page }) => {
    await page.route("**/assets/languages/**", (route) => route.abort());
    await page.goto("./");
    await expect(page.getByRole("alert").filter({ hasText: "Deutsch" })).toContainText("could not be loaded");
    await expect(mainButton(page)).toHaveText("Train");
    await mainButton(page).click();
    await expect(mainButton(page)).toHaveText("Pause", { timeout: 60_000 });
  });
});

test("a language is chosen while a run goes on, which it does not touch, and is remembered", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await openLab(page);
  expect(fetched.filter((path) => path.includes("languages/"))).toEqual([]);
  await choose(page, { limit: 2000, epochs: 50 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText(/Epoch [2-9]\d* of 50/, { timeout: 60_000 });
  await page.getByLabel("Language").selectOption("de");
  await expect(progress(page)).toContainText(/Epoche \d+ von 50, Batch/);
  await expect(page.locator("body > header p")).toHaveText(/^Ein Faltungsnetz/);
  const epoch = async (): Promise<number> => Number(/Epoche (\d+)/.exec(await progress(page).innerText())?.[1]);
  const reached = await epoch();
  expect(reached).toBeGreaterThanOrEqual(2);
  await expect.poll(epoch, { timeout: 60_000 }).toBeGreaterThan(reached);
  await page.locator("#stop").click();
  await expect(progress(page)).toContainText("Angehalten. Fortsetzen macht hier weiter.");
  // What was said follows, too.
  await page.getByLabel("Sprache").selectOption("en");
  await expect(progress(page)).toContainText("Stopped. Continue goes on from here.");
  await page.getByLabel("Language").selectOption("de");
  await page.reload();
  await expect(mainButton(page)).toHaveText(/Trainieren|Fortsetzen/);
  await expect(page.getByLabel("Sprache")).toHaveValue("de");
});

test("two elements on a page have a language each, it can be changed, and one that there is not is told", async ({ page }) => {
  await page.goto("embed.html");
  await page.evaluate(async () => {
    await import(new URL("cnn-lab.js", location.href).href);
    const lab = (id: string, language: string): string => `<cnn-lab id="${id}" language="${language}" model="dense-net" limit="500" epochs="1" device="cpu" steps="train"></cnn-lab>`;
    document.body.innerHTML = `<main><h1>Zwei</h1>${lab("one", "de-AT")}${lab("two", "en")}${lab("three", "tlh")}</main>`;
  });
  const one = page.locator("#one");
  const two = page.locator("#two");
  await expect(one.locator("#main")).toHaveText("Trainieren");
  await expect(two.locator("#main")).toHaveText("Train");
  await expect(one.locator(".lab")).toHaveAttribute("lang", "de");
  await expect(two.locator(".lab")).toHaveAttribute("lang", "en");
  await expect(page.locator("#three").getByRole("alert")).toContainText('The attribute language="tlh" cannot be used: give one of en, de.');
  await expect(page.locator("#three #main")).toHaveText("Train");
  await one.locator("#main").click();
  await expect(one.locator(".progress")).toContainText("Fertig.", { timeout: 60_000 });
  await two.evaluate((lab) => lab.setAttribute("language", "de"));
  await expect(two.locator("#main")).toHaveText("Trainieren");
  await one.evaluate((lab) => lab.setAttribute("language", "en"));
  await expect(one.locator(".progress")).toContainText("Finished.");
});
