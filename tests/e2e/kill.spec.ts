/**
 * The browser is killed in the middle of training, again and again in one profile: each time the
 * next visit offers the training, at most ten seconds of work are lost, and it goes on as if
 * nothing had happened. `CNN_LAB_KILLS` says how often; 20 for the full test.
 */
import { readdirSync, readFileSync } from "node:fs";
import { chromium, type BrowserContext, expect, type Page, test } from "@playwright/test";
import { choose, mainButton, openLab } from "./lab";
import { alone } from "./playwright.config";
import { chrome, chromeArguments } from "./playwright.config";

const kills = Number(process.env["CNN_LAB_KILLS"] ?? 3);
const seed = Number(process.env["CNN_LAB_KILL_SEED"] ?? 1);
/** Milliseconds of work that may be lost. */
const mostLost = 10_000;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The browser process of a profile, which is this test's own; its children name a type. */
function browserOf(profile: string): number {
  const found = readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const args = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      return args.includes(`--user-data-dir=${profile}`) && !args.some((arg) => arg.startsWith("--type=")) && !/\bsh$/.test(args[0] ?? "");
    } catch {
      // It ended while it was being looked at.
      return false;
    }
  });
  expect(found).toHaveLength(1);
  return Number(found[0]);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function launch(profile: string): Promise<BrowserContext> {
  const { baseURL, viewport } = test.info().project.use;
  return chromium.launchPersistentContext(profile, {
    ...(chrome === undefined ? {} : { executablePath: chrome }), args: chromeArguments, ...(baseURL && { baseURL }), ...(viewport && { viewport }),
  });
}

type Seen = { step: number; loss: number; at: number };

/** Writes down each step of the page's lab, and when it was there. */
async function watch(page: Page, seen: Seen[]): Promise<void> {
  await page.exposeFunction("sawSteps", (first: number, losses: number[]) => {
    const at = Date.now();
    losses.forEach((loss, i) => seen.push({ step: first + i, loss, at }));
  });
  await page.evaluate(async () => {
    const lab = await document.querySelector("cnn-lab")!.lab;
    let told = lab.history.steps.length;
    setInterval(() => {
      const { steps } = lab.history;
      // A restored history begins where it was saved.
      if (lab.run === null || steps.length <= told) {
        if (lab.run === null) told = steps.length;
        return;
      }
      const news = steps.slice(told).map(({ loss }) => loss);
      (globalThis as unknown as { sawSteps: (first: number, losses: number[]) => void }).sawSteps(told + 1, news);
      told = steps.length;
    }, 50);
  });
}

test(`killed ${kills} times in the middle of training, the next visit offers it, with at most 10 s lost`, { tag: alone }, async () => {
  test.skip(process.platform !== "linux", "The browser's process is found in /proc.");
  test.setTimeout(60_000 + kills * 90_000);
  const profile = test.info().outputPath("profile");
  const draw = random(seed);
  const lost: number[] = [];
  /** What was seen before the last kill. */
  let before: Seen[] = [];
  /** The step that the last visit went on from. */
  let from = 0;
  for (let visit = 0; visit <= kills; visit += 1) {
    const context = await launch(profile);
    const page = await context.newPage();
    await openLab(page);
    const seen: Seen[] = [];
    await watch(page, seen);
    if (visit === 0) {
      // An epoch of a quarter of a minute, so that it is not only the epochs' ends that are saved.
      await choose(page, { limit: 20_000, epochs: 1000 });
      await mainButton(page).click();
    } else {
      await expect(page.locator("#offer-continue")).toBeVisible({ timeout: 30_000 });
      const all = await page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).sessions());
      expect(all).toHaveLength(1);
      const [{ step, problem, unfinished }] = all as [(typeof all)[number]];
      expect({ problem, unfinished }).toEqual({ problem: null, unfinished: true });
      expect(step).toBeGreaterThanOrEqual(from);
      const last = before.at(-1)!;
      // Of the steps after the saved one, the first began when that was there.
      const savedAt = before.find((one) => one.step >= step)?.at ?? last.at;
      lost.push(last.at - savedAt);
      const says = `killed at step ${last.step}, saved step ${step}, lost ${last.step - step} steps, ${((last.at - savedAt) / 1000).toFixed(1)} s`;
      expect(last.at - savedAt, says).toBeLessThanOrEqual(mostLost);
      await page.locator("#offer-continue").click();
      await expect.poll(() => seen.length, { timeout: 60_000 }).toBeGreaterThan(0);
      expect(seen[0]!.step).toBe(step + 1);
      await expect(page.locator("cnn-lab .warnings")).toHaveCount(0);
      // The steps that were lost come again, to the last bit.
      const again = new Map(before.map((one) => [one.step, one.loss]));
      await expect.poll(() => seen.at(-1)!.step, { timeout: 60_000 }).toBeGreaterThanOrEqual(Math.min(last.step, step + 3));
      for (const one of seen) {
        if (again.has(one.step)) expect(one.loss, `step ${one.step}`).toBe(again.get(one.step));
      }
      from = step;
      console.log(`visit ${visit + 1}: ${says}; went on`);
    }
    if (visit === kills) {
      await context.close();
      break;
    }
    await expect.poll(() => seen.length, { timeout: 60_000 }).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 14_000 * draw()));
    const pid = browserOf(profile);
    const closed = new Promise((resolve) => context.once("close", resolve));
    process.kill(pid, "SIGKILL");
    await closed;
    await expect.poll(() => alive(pid)).toBe(false);
    before = [...seen];
  }
  const most = Math.max(...lost) / 1000;
  console.log(`${kills} kills: each time offered and gone on with; lost ${most.toFixed(1)} s at most, ${(lost.reduce((sum, one) => sum + one, 0) / lost.length / 1000).toFixed(1)} s in the mean`);
});
