/** What the tests share. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Locator, type Page } from "@playwright/test";
import type * as Public from "../../www/src/cnn-lab";
import { chrome, chromeArguments } from "./playwright.config";

export type Module = typeof Public;
export type Lab = Public.CnnLab;

declare global {
  /** The lab's public module, once `openModule` has loaded it into a page. */
  var cnnLab: Module;
}

/** Launch options with a graphics adapter in software, which is there on any machine. */
export const withWebGpu = {
  ...(chrome === undefined ? {} : { executablePath: chrome }),
  args: [...chromeArguments, "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
};

/** Opens the page of the lab and waits until it can be used. */
export async function openLab(page: Page): Promise<void> {
  await page.goto("./");
  await expect(page.locator("#reason")).not.toContainText("Making the device ready");
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
}

/** Counts the training workers that a page starts from now on; their replicas load the same module. */
export function trainingWorkers(page: Page): () => number {
  let begun = 0;
  page.on("worker", (worker) => {
    if (/[/]worker[^/]*$/.test(worker.url())) begun += 1;
  });
  return () => begun;
}

/** Opens a page of the lab's origin that holds nothing but the public module. */
export async function openModule(page: Page): Promise<void> {
  await page.goto("cnn-lab.js");
  await page.evaluate(async () => {
    globalThis.cnnLab = (await import(location.href)) as typeof globalThis.cnnLab;
  });
}

/** Puts an element with these attributes into such a page, in place of what is there. */
export async function embed(page: Page, attributes: Record<string, string>): Promise<void> {
  await page.evaluate((attributes) => {
    // Of HTML alone Chrome makes no element here, at least from version 156 on: the document is a script's text.
    const lab = document.createElement("cnn-lab");
    for (const [name, value] of Object.entries(attributes)) lab.setAttribute(name, value);
    document.body.replaceChildren(lab);
  }, attributes);
}

/** The main button, in the panel or, on a narrow page, in the bar. */
export function mainButton(page: Page): Locator {
  return page.locator("#main:visible");
}

/** Chooses so few pictures and epochs that a run takes seconds. */
export async function choose(page: Page, { limit, epochs }: { limit: number; epochs: number }): Promise<void> {
  await page.locator("#limit").fill(String(limit));
  await page.locator("#limit").blur();
  await page.locator("#epochs").fill(String(epochs));
  await page.locator("#epochs").blur();
}

/** What the panel says about the run. */
export function progress(page: Page): Locator {
  return page.locator("cnn-lab-train .progress");
}

/** The training loss that the chart shows. */
export async function shownLoss(page: Page): Promise<number> {
  return Number(await page.locator("cnn-lab-chart").first().locator(".key.training b").innerText());
}

/** The batch of the epoch that the run is at, counted from 1. */
export async function shownBatch(page: Page): Promise<number> {
  const said = await progress(page).innerText();
  return Number(/batch ([\d\u202f]+) of/.exec(said)?.[1]?.replace("\u202f", "") ?? NaN);
}

/** Draws on the pad: points in its own size of 196 x 196. */
export async function draw(page: Page, ...strokes: [x: number, y: number][][]): Promise<void> {
  const box = await page.locator("cnn-lab-draw-pad canvas").boundingBox();
  const { x: left, y: top } = box!;
  for (const [first, ...rest] of strokes) {
    await page.mouse.move(left + first![0], top + first![1]);
    await page.mouse.down();
    for (const [x, y] of rest) {
      await page.mouse.move(left + x, top + y, { steps: 5 });
    }
    await page.mouse.up();
  }
}

/** What axe-core finds wrong on the page, each with its element. */
export async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ""}`));
}
