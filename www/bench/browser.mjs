/* global document, location */
/** A browser of one's own for each measurement, and what it takes of memory. */
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

/** Works with a browser of its own, whose processes have done nothing else yet; `more` are arguments for it. */
export async function inBrowser(work, more = []) {
  const browser = await chromium.launch({
    executablePath: process.env.CNN_LAB_CHROME ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
    args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more],
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** A page that holds nothing but the public module, of the lab at `url`, and a file input. */
export async function open(browser, file = null, url = process.env.CNN_LAB_URL) {
  const page = await browser.newPage();
  await page.goto(new URL("cnn-lab.js", url).href);
  await page.evaluate(async () => {
    globalThis.module = await import(location.href);
    document.body.append(Object.assign(document.createElement("input"), { type: "file" }));
  });
  if (file !== null) await page.setInputFiles("input", file);
  return page;
}

/**
 * The most memory that a tab's process has had, WebAssembly and workers included, in MB of a
 * million bytes; null where the system does not tell.
 */
export async function peakMemory(browser) {
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
  await devtools.detach();
  const peaks = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => `/proc/${id}/status`)
    .filter((file) => existsSync(file))
    .map((file) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(file, "utf8"))?.[1]) * 1.024e-3);
  return peaks.length === 0 ? null : Math.round(Math.max(...peaks));
}

