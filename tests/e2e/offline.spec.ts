import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab, progress, violations } from "./lab";
import { type Mirror, mirror } from "./mirror";

test.use({ serviceWorkers: "allow" });

let site: Mirror;
test.beforeEach(async ({ baseURL }) => {
  // In a folder of a host: the worker must stay within it.
  site = await mirror(baseURL!, { folder: "/course/lab/" });
});
test.afterEach(() => site.close());

/** The first visit, until all is kept. */
async function visit(page: Page): Promise<void> {
  await page.goto(site.url);
  await expect(page.locator("#offline")).toContainText("works offline", { timeout: 60_000 });
}

/** How many of the files in German are kept. */
function keptGerman(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const kept = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    return kept.flat().filter(({ url }) => /\/assets\/languages\/|\/lessons\/de\/|\/embed\.de\./.test(url)).length;
  });
}

test("after one visit, with the network off, the page reloads, is isolated as before, and trains MNIST", async ({ page, context }) => {
  await visit(page);
  // Nobody spoke it.
  expect(await keptGerman(page)).toBe(0);
  const isolated = await page.evaluate(() => crossOriginIsolated);
  await context.setOffline(true);
  await site.close();
  await page.reload();
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
  // MNIST was never loaded, and all of its pictures are there.
  await page.locator("#load").click();
  await expect(page.locator("#load")).toHaveText("Loaded", { timeout: 60_000 });
  await choose(page, { limit: 3000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#evaluate").click();
  await expect(page.locator(".test .big")).toHaveText(/%$/);
  // What is fetched when it is first opened, too.
  await page.locator("#options").click();
  await expect(page.locator("cnn-lab-options h2").first()).toBeVisible();
  await page.goto(`${site.url}embed.html`);
  await expect(page.locator("#reason")).toContainText("CPU");
  // The lessons, by their folder's address, too.
  await page.goto(`${site.url}lessons/`);
  await page.getByRole("link", { name: "MNIST step by step" }).click();
  await page.getByRole("button", { name: "Open the lab here" }).first().click();
  await expect(page.locator("#reason")).toContainText("CPU");
});

test("what no list has is left to the network, and the page can be installed", async ({ page }) => {
  await visit(page);
  await page.reload();
  site.files.set("news.html", "<!doctype html><title>of today</title>");
  expect(await page.evaluate(async () => (await fetch("news.html")).text())).toContain("of today");
  expect((await page.request.get(new URL("/course/", site.url).href)).status()).toBe(404);
  const wanted = await page.evaluate(async () => {
    const address = document.querySelector<HTMLLinkElement>('link[rel="manifest"]')!.href;
    const manifest = (await (await fetch(address)).json()) as { name: string; display: string; icons: { src: string; sizes: string }[] };
    const icons = manifest.icons.map(async ({ src, sizes }) => {
      const image = new Image();
      image.src = new URL(src, address).href;
      await image.decode();
      return sizes === "any" || sizes === `${image.naturalWidth}x${image.naturalHeight}`;
    });
    return { name: manifest.name, display: manifest.display, icons: await Promise.all(icons) };
  });
  expect(wanted).toEqual({ name: "cnn-lab", display: "standalone", icons: [true, true, true, true] });
  const session = await page.context().newCDPSession(page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // The browser of the tests has no profile that lasts; it finds nothing else wrong.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual([]);
});

/** Puts another version on the server: a page of another title, and what else is given. */
async function publish(more: Record<string, string> = {}): Promise<void> {
  const index = await (await fetch(new URL("index.html", site.url))).text();
  const list = await (await fetch(new URL("site-files.js", site.url))).text();
  const { version, files } = JSON.parse(list.slice(list.indexOf("{"), list.lastIndexOf("}") + 1)) as { version: string; files: Record<string, string> };
  const next = index.replace("<title>cnn-lab</title>", "<title>cnn-lab, the next</title>");
  const hash = createHash("sha256").update(next).digest("base64");
  site.files.set("index.html", next);
  const text = JSON.stringify({ version: `${version}-next`, files: { ...files, ...more, "index.html": hash } });
  site.files.set("site-files.js", `self.siteFiles = ${text};`);
}

test("a new version takes over when the person agrees, and not while another tab is on the present one", async ({ page, context }) => {
  await visit(page);
  await publish();
  await page.reload();
  const update = page.locator("#update");
  await expect(update).toContainText("A new version is ready", { timeout: 30_000 });
  await expect(page).toHaveTitle("cnn-lab");
  const screenshots = join(test.info().project.testDir, "../../target/screenshots");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${screenshots}/update-${colorScheme}.png` });
  }
  await page.setViewportSize({ width: 375, height: 812 });
  await page.screenshot({ path: `${screenshots}/update-375.png` });
  await page.setViewportSize({ width: 1440, height: 900 });

  // Later: nothing changes, and the next visit asks again.
  await update.getByRole("button", { name: "Later" }).click();
  await expect(update).toBeEmpty();
  await page.reload();
  await expect(page).toHaveTitle("cnn-lab");
  await expect(update).toContainText("A new version is ready");

  const other = await context.newPage();
  await other.goto(site.url);
  await expect(other).toHaveTitle("cnn-lab");
  await update.getByRole("button", { name: "Reload" }).click();
  await expect(update).toContainText("open in another tab");
  await expect(page).toHaveTitle("cnn-lab");
  await other.close();
  await update.getByRole("button", { name: "Reload" }).click();
  await expect(page).toHaveTitle("cnn-lab, the next", { timeout: 20_000 });
  await openedWhole(page);
  // The files of the version before are gone.
  expect(await page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith("cnn-lab-site")).length)).toBe(1);
});

async function openedWhole(page: Page): Promise<void> {
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
}

test("a version that is not whole on the server is not offered, and the present one stays whole", async ({ page }) => {
  await visit(page);
  await publish({ "cnn-lab.js": createHash("sha256").update("not what the server has").digest("base64") });
  // Of what is fetched when it is first used, the server has another version already.
  site.files.set("pkg/full/cnn_lab.js", "throw new Error('of another version')");
  await page.reload();
  await openedWhole(page);
  const state = await page.evaluate(async () => {
    const registration = (await navigator.serviceWorker.getRegistration())!;
    await registration.update().catch(() => undefined);
    const { installing } = registration;
    if (installing) {
      await new Promise<void>((resolve) => installing.addEventListener("statechange", () => { if (installing.state === "redundant") resolve(); }));
    }
    return { waiting: registration.waiting !== null, active: registration.active?.state };
  });
  expect(state).toEqual({ waiting: false, active: "activated" });
  await expect(page).toHaveTitle("cnn-lab");
  await expect(page.locator("#update")).toBeEmpty();
  const mixed = await page.evaluate(async () => fetch("pkg/full/cnn_lab.js").then((response) => response.text(), () => "refused"));
  expect(mixed).toBe("refused");
});

test("without storage for it the page works as before", async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined }));
  await page.goto(site.url);
  await openedWhole(page);
  await expect(page.locator("#offline")).toBeEmpty();
});

test("embed.html has no service worker of its own", async ({ page }) => {
  await page.goto(`${site.url}embed.html`);
  await expect(page.locator("#reason")).toContainText("CPU");
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  await openLab(page);
});

test.describe("with a German browser", () => {
  test.use({ locale: "de-DE" });

  test("after one visit the page speaks German without a network", async ({ page, context }) => {
    await page.goto(site.url);
    await expect(page.locator("#offline")).toHaveText("Diese Seite geht auch offline.", { timeout: 60_000 });
    // Its texts, those of errors and warnings though there was none yet, the list and five lessons, and the page about embedding.
    await expect.poll(() => keptGerman(page)).toBe(9);
    await context.setOffline(true);
    await site.close();
    await page.reload();
    await expect(mainButton(page)).toHaveText(/Trainieren|Fortsetzen/);
    await expect(page.locator("body > header p")).toHaveText(/^Ein Faltungsnetz/);
    await page.locator("#checkpoint").setInputFiles({ name: "notizen.txt", mimeType: "text/plain", buffer: Buffer.from("kein Netz") });
    await expect(page.locator("cnn-lab [role=alert] .error")).toContainText("Diese Datei ist kein Checkpoint dieses Labors");
    await page.getByRole("link", { name: "Lektionen" }).click();
    await page.getByRole("link", { name: "MNIST Schritt für Schritt" }).click();
    await page.getByRole("button", { name: "Labor hier öffnen" }).first().click();
    await expect(page.locator("#main")).toHaveText("Trainieren");
    await expect(page.locator("#reason")).toContainText("CPU");
    await page.goto(`${site.url}embed.de.html`);
    await expect(page.locator("#main")).toHaveText("Trainieren");
  });
});
