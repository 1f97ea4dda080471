/** Training that is kept in the browser: saved as it goes, offered, restored, and what can go wrong with it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { chromium, expect, type Locator, type Page, test } from "@playwright/test";
import { catsAndDogs, zip } from "./files";
import { choose, mainButton, openLab, openModule, progress, shownBatch, violations } from "./lab";
import { chrome, chromeArguments } from "./playwright.config";

const rows = (page: Page): Locator => page.locator("#sessions-dialog li");
const offer = (page: Page): Locator => page.locator("cnn-lab section.offer");

/** What the page's lab keeps. */
function sessions(page: Page) {
  return page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).sessions());
}

/** The losses of all steps of the page's network. */
function history(page: Page): Promise<number[]> {
  return page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).history.steps.map(({ loss }) => loss));
}

/** Trains until something of it has been kept from a step on. */
async function trainUntilKept(page: Page, step: number): Promise<void> {
  await mainButton(page).click();
  const kept = async (): Promise<number> => (await sessions(page)).find(({ open }) => open === "here")?.step ?? -1;
  await expect.poll(kept, { timeout: 60_000 }).toBeGreaterThanOrEqual(step);
}

/** Changes what is stored of a session, as no lab would: its bytes by slot, or its head. */
async function tamper(page: Page, o: { slots?: Record<number, number[]>; head?: Record<string, unknown>; save?: Record<string, unknown> }): Promise<void> {
  await page.evaluate(async ({ slots = {}, head, save }) => {
    const ask = <T,>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error!);
      });
    const database = await ask(indexedDB.open("cnn-lab-sessions"));
    const transaction = database.transaction(["heads", "bytes"], "readwrite");
    const heads = transaction.objectStore("heads");
    const [first] = await ask(heads.getAll() as IDBRequest<{ id: string; saves: object[] }[]>);
    for (const [slot, bytes] of Object.entries(slots)) {
      transaction.objectStore("bytes").put(new Uint8Array(bytes), [first!.id, Number(slot)]);
    }
    if (save) Object.assign(first!.saves[0]!, save);
    if (head || save) heads.put({ ...first!, ...head });
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    database.close();
  }, o);
}

/** The losses of some steps on the CPU: of a kept training from its first step on, or of what is kept of it. */
async function losses(page: Page, o: { steps: number; from?: string | undefined }): Promise<{ losses: number[]; id: string }> {
  return page.evaluate(async ({ steps, from }) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 7 });
    lab.keepSessions();
    if (from !== undefined) {
      const { missing } = await lab.restoreSession(from);
      if (missing !== null) throw new Error(missing);
    } else {
      await lab.loadBundled("mnist", { limit: 5000 });
      await lab.split({ validation: 0.1, seed: 7 });
      await lab.relabel("train", 3, 8);
      const [convnet] = await lab.presets();
      await lab.setModel(convnet!.spec);
    }
    const found: number[] = [];
    const run = lab.train(from === undefined ? { epochs: 3, batchSize: 64, steps } : { resume: true, steps });
    for await (const event of run) {
      if (event.type === "step") found.push(event.loss);
    }
    // The last checkpoint is on its way to the disk.
    while (lab.session?.step !== lab.history.steps.length) await new Promise((resolve) => lab.addEventListener("sessions", resolve, { once: true }));
    const { id } = lab.session;
    lab.dispose();
    return { losses: found, id };
  }, o);
}

test("the class goes on with a kept training in another tab, at the very step, to the last bit", async ({ page, context }) => {
  await openModule(page);
  const whole = await losses(page, { steps: 100 });
  const half = await losses(page, { steps: 50 });
  await page.close();
  const tab = await context.newPage();
  await openModule(tab);
  const listed = await tab.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    const all = await lab.sessions();
    lab.dispose();
    return all;
  });
  expect(listed).toMatchObject([
    { id: half.id, name: "Session 2", step: 50, epoch: 1, epochs: 3, unfinished: true, open: null, problem: null, named: false },
    { id: whole.id, name: "Session 1", step: 100, epoch: 2, epochs: 3 },
  ]);
  // 70 steps make an epoch, so the continued run also crosses into the second.
  const rest = await losses(tab, { steps: 50, from: half.id });
  expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
  expect(rest.id).toBe(half.id);
});

test("after a reload the page offers the training, and Continue goes on as an unbroken run would", async ({ page, context }) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 4 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  const whole = await history(page);
  expect(whole).toHaveLength(4 * 29);
  await expect.poll(async () => (await sessions(page))[0]).toMatchObject({ unfinished: false, step: 116 });

  // What is finished is not offered.
  await page.reload();
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 4 });
  await expect(offer(page)).toHaveCount(0);
  await trainUntilKept(page, 29);
  await page.reload();
  await openLab(page);
  await expect(offer(page)).toContainText(/Your training of \d\d:\d\d on MNIST, epoch [123] of 4, step \d+, can go on\./);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  const [kept] = await sessions(page);
  await page.locator("#offer-continue").click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await expect(offer(page)).toHaveCount(0);
  expect(await history(page)).toEqual(whole);
  expect(kept!.step).toBeLessThan(116);
  await expect(page.locator("#limit")).toHaveValue("2000");
  await expect(page.locator("#preset")).toHaveValue("mnist-convnet");
  // It is the same session, and at its end now.
  await expect.poll(() => sessions(page)).toMatchObject([{ id: kept!.id, step: 116, unfinished: false, open: "here" }, { step: 116 }]);

  // Not now: not in this visit, and in the next again.
  await page.locator("#start-over").click();
  await trainUntilKept(page, 1);
  await page.close();
  const tab = await context.newPage();
  await openLab(tab);
  await tab.locator("#offer-later").click();
  await expect(offer(tab)).toHaveCount(0);
  await tab.reload();
  await openLab(tab);
  await expect(offer(tab)).toHaveCount(1);
});

test("sessions are named, saved to a file that Load reads, opened and deleted, also by keyboard", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 2 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect.poll(async () => (await sessions(page))[0]?.unfinished).toBe(false);
  await page.locator("#start-over").click();
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect.poll(async () => (await sessions(page)).map(({ unfinished }) => unfinished)).toEqual([false, false]);

  await page.locator("#kept").click();
  await expect(rows(page)).toHaveCount(2);
  await expect(page.locator("#kept-now")).toContainText(/“Session 2” was saved \d\d:\d\d, at epoch 2 of 2, step 30/);
  await expect(rows(page).first()).toContainText(/MNIST, epoch 2 of 2, step 30, finished, saved \d\d:\d\d, [\d.]+ (MB|kB), in use here/);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  const name = rows(page).last().locator("input");
  await name.fill("The first: a/b");
  await name.press("Enter");
  await expect.poll(async () => (await sessions(page))[1]).toMatchObject({ name: "The first: a/b", named: true });
  // An empty name gives way to the last that was one.
  await name.fill(" ");
  await name.press("Enter");
  await expect(name).toHaveValue("The first: a/b");

  const download = page.waitForEvent("download");
  await rows(page).last().getByRole("button", { name: /Export/ }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("The first- a-b.cnn-lab.safetensors");
  const bytes = await readFile(await file.path());
  await page.locator("#close").click();
  await page.locator("#checkpoint").setInputFiles({ name: "kept.cnn-lab.safetensors", mimeType: "", buffer: bytes });
  await expect(progress(page)).toContainText("Loaded, after 2 epochs.");

  // Loaded from a file it is kept nowhere, so opening another is asked about.
  await page.locator("#kept").click();
  await rows(page).last().getByRole("button", { name: "Open The first: a/b" }).click();
  await expect(page.locator("#keep")).toBeFocused();
  await page.locator("#resume-sure").click();
  await expect(page.locator("#sessions-dialog")).toBeHidden();
  await expect(progress(page)).toContainText("Loaded, after 2 epochs.");

  await page.locator("#kept").click();
  await rows(page).filter({ hasNotText: "in use here" }).getByRole("button", { name: /Delete/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#keep")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(rows(page)).toHaveCount(2);
  await rows(page).filter({ hasNotText: "in use here" }).getByRole("button", { name: /Delete/ }).click();
  await page.locator("#delete-sure").click();
  await expect(rows(page)).toHaveCount(1);
  expect(await sessions(page)).toMatchObject([{ name: "The first: a/b" }]);

  // Switched off, it stays off, and nothing more is kept.
  await page.locator("#keep-sessions").uncheck();
  await expect(page.locator("#kept-now")).toContainText("Nothing more is kept");
  await page.reload();
  await openLab(page);
  await choose(page, { limit: 500, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  expect(await sessions(page)).toHaveLength(1);
  await page.locator("#kept").click();
  await expect(page.locator("#keep-sessions")).not.toBeChecked();
});

test("of two tabs one keeps a session, and the other says so", async ({ page, context }) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 200 });
  await trainUntilKept(page, 1);
  const other = await context.newPage();
  await openLab(other);
  await expect.poll(() => sessions(other)).toMatchObject([{ open: "elsewhere" }]);
  await expect(offer(other)).toHaveCount(0);
  await other.locator("#kept").click();
  await expect(rows(other)).toContainText("open in another tab");
  const go = rows(other).getByRole("button", { name: /Continue/ });
  await expect(go).toHaveAttribute("aria-disabled", "true");
  await expect(go).toHaveAttribute("title", /open in another tab/);
  const refused = await other.evaluate(async () => {
    const lab = await document.querySelector("cnn-lab")!.lab;
    const [session] = await lab.sessions();
    const code = (promise: Promise<unknown>): Promise<string> => promise.then(() => "none", (error: unknown) => `${(error as { code: string }).code}: ${(error as Error).message}`);
    return [await code(lab.restoreSession(session!.id)), await code(lab.deleteSession(session!.id)), await code(lab.restoreSession("nobody"))];
  });
  expect(refused).toEqual([expect.stringMatching(/^state: .*open in another tab/), expect.stringMatching(/^state: .*open in another tab/), expect.stringMatching(/^option: /)]);
  // The other tab trains on, and its name is not lost with its next save.
  const before = (await sessions(page))[0]!.step;
  await rows(other).locator("input").fill("Shared");
  await rows(other).locator("input").press("Enter");
  await expect.poll(async () => (await sessions(page))[0]!.step, { timeout: 30_000 }).toBeGreaterThan(before);
  expect(await sessions(page)).toMatchObject([{ name: "Shared" }]);
  // Once it is closed, this one may go on.
  await page.close();
  await expect(go).not.toHaveAttribute("aria-disabled", { timeout: 30_000 });
  await go.click();
  await expect.poll(() => shownBatch(other), { timeout: 30_000 }).toBeGreaterThan(0);
  await expect.poll(() => sessions(other)).toMatchObject([{ open: "here", name: "Shared" }]);
});

test("a damaged save gives way to the one before; what cannot be read is told, and nothing is lost", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 2 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect.poll(async () => (await sessions(page))[0]?.step).toBe(30);
  const head = await page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open("cnn-lab-sessions");
      request.onsuccess = () => resolve(request.result);
    });
    const request = database.transaction("heads").objectStore("heads").getAll() as IDBRequest<{ saves: { slot: number; step: number }[] }[]>;
    return new Promise<{ saves: { slot: number; step: number }[] }>((resolve) => {
      request.onsuccess = () => {
        database.close();
        resolve(request.result[0]!);
      };
    });
  });
  const [latest, before] = head.saves;
  expect(latest!.step).toBe(30);
  expect(before!.slot).not.toBe(latest!.slot);

  /** Tries to open the session in the dialog of a fresh page. */
  const reopen = async (): Promise<void> => {
    await page.reload();
    await openLab(page);
    await page.locator("#kept").click();
  };
  const problem = page.locator("#sessions-dialog .failed .problem");

  // Cut off in the middle of a save.
  await tamper(page, { slots: { [latest!.slot]: [1, 2, 3] } });
  await reopen();
  await rows(page).getByRole("button", { name: /^(Open|Continue)/ }).click();
  await expect(page.locator(".warnings")).toContainText(`The latest save of “Session 1” was damaged, so the one before it is used, of step ${before!.step}.`);
  if (before!.step < 30) {
    await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
    await expect.poll(async () => (await sessions(page))[0]).toMatchObject({ step: 30, unfinished: false });
  }

  // Both.
  await tamper(page, { slots: { 0: [1, 2, 3], 1: [] } });
  await reopen();
  await rows(page).getByRole("button", { name: /^(Open|Continue)/ }).click();
  await expect(problem).toContainText("What this browser keeps of “Session 1” is damaged");
  await rows(page).getByRole("button", { name: /Export/ }).click();
  await expect(problem).toContainText("is damaged");
  await expect(rows(page)).toHaveCount(1);

  // Whole, but no checkpoint that this lab knows.
  const strange = [...Buffer.from("a checkpoint from another version")];
  await tamper(page, { slots: { 0: strange, 1: strange }, save: { length: strange.length, crc32: crc32(Buffer.from(strange)) } });
  await reopen();
  await rows(page).getByRole("button", { name: /^(Open|Continue)/ }).click();
  await expect(problem).toContainText("“Session 1” cannot be restored:");

  // A record of another version.
  await tamper(page, { head: { format: 99 } });
  await reopen();
  await expect(rows(page)).toContainText("was kept by another version of this lab");
  await expect(rows(page).getByRole("button", { name: /^Open/ })).toHaveAttribute("aria-disabled", "true");
  // The rest of the page works, and what is of no use can be deleted.
  await rows(page).getByRole("button", { name: /Delete/ }).click();
  await page.locator("#delete-sure").click();
  await expect(rows(page)).toHaveCount(0);
  await page.locator("#close").click();
  await choose(page, { limit: 500, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect.poll(async () => (await sessions(page))[0]?.step).toBe(8);

  // All of it written by a later lab.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const request = indexedDB.open("cnn-lab-sessions", 99);
        request.onsuccess = () => {
          request.result.close();
          resolve(null);
        };
      }),
  );
  await page.locator("#kept").click();
  await page.locator("#close").click();
  await page.reload();
  await openLab(page);
  await page.locator("#kept").click();
  await expect(page.locator("#sessions-dialog .body .problem")).toContainText("written by a later version of this lab");
});

test("where the storage is full, training goes on and says that it is not saved; what was saved stays", async ({ page, context }) => {
  test.setTimeout(150_000);
  const first = await context.newPage();
  await openLab(first);
  await choose(first, { limit: 1000, epochs: 1 });
  await mainButton(first).click();
  await expect(progress(first)).toContainText("Finished", { timeout: 40_000 });
  await expect.poll(async () => (await sessions(first))[0]?.unfinished).toBe(false);
  await first.close();
  await page.goto("embed.css");
  const devtools = await context.newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 100 });
  // For half a minute Chrome takes the room that it knew of for what is left.
  await page.waitForTimeout(31_000);
  await openLab(page);
  await choose(page, { limit: 1000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await expect(page.locator(".warnings li")).toHaveText([/The browser’s storage is full, so this training is not saved any more; what was saved before stays/]);
  await expect(page.getByRole("alert")).toBeEmpty();
  expect(await sessions(page)).toMatchObject([{ name: "Session 1", step: 15 }]);
  // With room again, the same training is kept.
  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Epoch 2 of 2, batch 15 of 15", { timeout: 40_000 });
  await expect.poll(async () => (await sessions(page))[0]).toMatchObject({ name: "Session 2", step: 30, unfinished: false });
});

test("where the browser forbids all storage, the page trains and says that nothing is kept", async () => {
  // What "block all cookies" in the settings writes.
  const profile = test.info().outputPath("profile");
  mkdirSync(join(profile, "Default"), { recursive: true });
  writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }));
  const { baseURL, viewport } = test.info().project.use;
  const context = await chromium.launchPersistentContext(profile, {
    ...(chrome === undefined ? {} : { executablePath: chrome }), args: chromeArguments, ...(baseURL && { baseURL }), ...(viewport && { viewport }),
  });
  try {
    const page = await context.newPage();
    await openLab(page);
    await choose(page, { limit: 1000, epochs: 1 });
    await mainButton(page).click();
    await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
    await expect(page.locator(".warnings")).toContainText("This browser lets the lab keep nothing here");
    await page.locator("#kept").click();
    await expect(page.locator("#sessions-dialog .body .problem")).toContainText("This browser lets the lab keep nothing here");
    await page.locator("#close").click();
    await page.locator("#evaluate").click();
    await expect(page.locator(".test .big")).toHaveText(/%$/);
  } finally {
    await context.close();
  }
});

test("a person's own pictures: what was remembered comes back as it was, what was not is asked for again", async ({ page }) => {
  const pets = zip(Object.entries(catsAndDogs(40)).map(([path, bytes]) => ({ path, bytes })));
  await openModule(page);
  const lossesOf = (o: { bytes: number[]; how: "whole" | "remember" | "forget" }) =>
    page.evaluate(async ({ bytes, how }) => {
      const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 3 });
      lab.keepSessions();
      await lab.loadFiles([new File([new Uint8Array(bytes)], "pets.zip")], { size: [32, 32] });
      await lab.exclude("train", 2);
      await lab.split({ validation: 0.2, seed: 5 });
      if (how === "remember") await lab.remember();
      await lab.relabel("train", 1, 1);
      const [net] = await lab.presets();
      await lab.setModel(net!.spec);
      const found: number[] = [];
      for await (const event of lab.train({ epochs: 6, batchSize: 8, steps: how === "whole" ? 20 : 10 })) {
        if (event.type === "step") found.push(event.loss);
      }
      while (lab.session?.step !== lab.history.steps.length) await new Promise((resolve) => lab.addEventListener("sessions", resolve, { once: true }));
      const { id, data } = lab.session;
      lab.dispose();
      return { losses: found, id, data };
    }, o);
  const resume = (id: string) =>
    page.evaluate(async (id) => {
      const lab = await cnnLab.CnnLab.create({ device: "cpu" });
      const { missing, dataset } = await lab.restoreSession(id);
      const found: number[] = [];
      if (dataset) {
        for await (const event of lab.train({ resume: true, steps: 10 })) {
          if (event.type === "step") found.push(event.loss);
        }
      }
      const trained = lab.history.steps.length;
      lab.dispose();
      return { losses: found, missing, trained };
    }, id);
  const bytes = [...pets];
  const whole = await lossesOf({ bytes, how: "whole" });
  const half = await lossesOf({ bytes, how: "remember" });
  expect(half.losses).toEqual(whole.losses.slice(0, 10));
  expect(half.data).toMatchObject({ source: { kind: "remembered" }, edits: [{ kind: "relabel" }] });
  await page.reload();
  await openModule(page);
  const rest = await resume(half.id);
  expect(rest.missing).toBeNull();
  expect([...half.losses, ...rest.losses]).toEqual(whole.losses);

  const lost = await lossesOf({ bytes, how: "forget" });
  expect(await resume(lost.id)).toEqual({ losses: [], trained: 10, missing: expect.stringMatching(/^The pictures of “.*” \(\d+ in 2 classes\) are not kept in this browser\. Drop them in Data again/) });
  // Forgotten since: the network comes back, and it is said why the pictures do not.
  await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    for (const { name } of await lab.remembered()) await lab.forget(name);
    lab.dispose();
  });
  expect(await resume(half.id)).toMatchObject({ losses: [], trained: 10, missing: expect.stringContaining("could not be loaded") });

  // On the page the network is shown, and Continue asks for its pictures.
  await openLab(page);
  await expect(offer(page)).toContainText("Its pictures are not kept here");
  await page.locator("#offer-continue").click();
  await expect(page.locator(".warnings")).toContainText("Drop them in Data again");
  await expect(progress(page)).toContainText("Continue goes on from there");
  await mainButton(page).click();
  await expect(page.getByRole("alert")).toContainText("are not kept in this browser. Drop them in Data first");
});

test("an element that was not asked to keep anything writes nothing and offers nothing", async ({ page }) => {
  await page.goto("embed.html");
  await page.evaluate(async () => {
    const lab = await document.querySelector("cnn-lab")!.lab;
    await lab.loadBundled("mnist", { limit: 64 });
    await lab.train({ epochs: 1 }).done;
  });
  await expect(page.locator("cnn-lab #kept")).toHaveCount(0);
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).not.toContain("cnn-lab-sessions");
});

test("training goes on in a tab behind another one, and the screen is kept awake while that is asked for", async ({ page, context }) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 200 });
  await page.locator("#kept").click();
  await expect(page.locator("#awake-now")).toContainText("Training goes on when you leave this tab");
  await page.locator("#awake").check();
  await page.locator("#close").click();
  await mainButton(page).click();
  await expect.poll(() => shownBatch(page)).toBeGreaterThan(1);
  const held = (): Promise<string> => page.locator("#awake-now").innerText();
  await page.locator("#kept").click();
  await expect.poll(held).toContain("The screen stays awake until training ends");
  await page.locator("#close").click();
  const other = await context.newPage();
  await other.goto("embed.html");
  await other.bringToFront();
  const steps = async (): Promise<number> => (await history(page)).length;
  const before = await steps();
  await expect.poll(steps, { timeout: 20_000 }).toBeGreaterThan(before + 20);
  await page.bringToFront();
  await page.locator("#stop").click();
  await page.locator("#kept").click();
  await expect.poll(held).toContain("Training goes on when you leave this tab");
});
