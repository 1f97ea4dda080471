/* global document, location, module, PerformanceObserver */
/**
 * Measures the lab through its public class in headless Chromium and prints tables and, at
 * the end, the same as JSON. Visits the lab that CNN_LAB_URL names.
 *
 *   npm run bench -- reading FILE.zip [FILE.zip ...]   both decoders on the same files, in turn
 *   npm run bench -- augmentation FILE.zip             training with and without, in turn
 */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { chromium } from "playwright-core";

const [what, ...files] = process.argv.slice(2);
const benches = { reading, augmentation };
if (!(what in benches) || files.length === 0) {
  console.error("usage: npm run bench -- reading|augmentation FILE.zip");
  process.exit(2);
}

console.log(JSON.stringify(await benches[what]()));

/** Works with a browser of its own, whose processes have done nothing else yet. */
async function inBrowser(work) {
  const browser = await chromium.launch({
    executablePath: process.env.CNN_LAB_CHROME ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
    args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** A page that holds nothing but the public module and a file input. */
async function open(browser, file) {
  const page = await browser.newPage();
  await page.goto(new URL("cnn-lab.js", process.env.CNN_LAB_URL).href);
  await page.evaluate(async () => {
    globalThis.module = await import(location.href);
    document.body.append(Object.assign(document.createElement("input"), { type: "file" }));
  });
  await page.setInputFiles("input", file);
  return page;
}

async function reading() {
  const rows = [];
  console.log("file                          decoder   pictures   seconds   pictures/s   longest task   peak memory");
  for (const file of files) {
    const options = basename(file).startsWith("cifar") ? {} : { size: [150, 150] };
    for (const decoder of ["core", "browser", "core", "browser"]) {
      const row = await inBrowser(async (browser) => {
        const page = await open(browser, file);
        const read = await page.evaluate(load, { ...options, decoder });
        return { file: basename(file), decoder, ...read, peak: await peakMemory(browser) };
      });
      rows.push(row);
      console.log(
        [
          row.file.padEnd(29),
          decoder.padEnd(9),
          String(row.pictures).padStart(8),
          row.seconds.toFixed(1).padStart(9),
          String(Math.round(row.pictures / row.seconds)).padStart(12),
          `${Math.round(row.longest)} ms`.padStart(14),
          (row.peak === null ? "?" : `${row.peak} MB`).padStart(13),
        ].join(" "),
      );
    }
  }
  return rows;
}

/**
 * The most memory that a tab's process has had, WebAssembly and workers included, in MB of a
 * million bytes; null where the system does not tell.
 */
async function peakMemory(browser) {
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

/** Runs in the browser. */
async function load(options) {
  const lab = await module.CnnLab.create({ device: "cpu" });
  let longest = 0;
  const take = (entries) => {
    for (const { duration } of entries) longest = Math.max(longest, duration);
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ type: "longtask" });
  const began = performance.now();
  const { splits } = await lab.loadFiles(document.querySelector("input").files, options);
  const seconds = (performance.now() - began) / 1000;
  // What was seen and not told yet counts too.
  take(observer.takeRecords());
  observer.disconnect();
  lab.dispose();
  return { pictures: splits.train + splits.validation + splits.test, seconds, longest };
}

async function augmentation() {
  const rows = await inBrowser(async (browser) => (await open(browser, files[0])).evaluate(async () => {
    const lab = await module.CnnLab.create({ device: "cpu", seed: 1 });
    await lab.loadFiles(document.querySelector("input").files, { size: [150, 150] });
    const presets = await lab.presets();
    await lab.setModel(presets.find(({ name }) => name === "photo-convnet").spec);
    const lesson = { rotation_range: 40, width_shift_range: 0.2, height_shift_range: 0.2, shear_range: 0.2, zoom_range: 0.2, horizontal_flip: true };
    const measure = async (augmentation) => {
      const steps = 8;
      const began = performance.now();
      await lab.train({ batchSize: 20, steps, validate: false, ...(augmentation && { augmentation }) }).done;
      return (20 * steps * 1000) / (performance.now() - began);
    };
    await measure();
    const found = [];
    for (let i = 0; i < 4; i += 1) found.push({ without: await measure(), with: await measure(lesson) });
    lab.dispose();
    return found;
  }));
  console.log("pictures/s without   with   ratio");
  for (const row of rows) {
    console.log([row.without.toFixed(1).padStart(18), row.with.toFixed(1).padStart(6), (row.with / row.without).toFixed(3).padStart(7)].join(" "));
  }
  const ratios = rows.map((row) => row.with / row.without).sort((a, b) => a - b);
  const median = (ratios[1] + ratios[2]) / 2;
  console.log(`median ratio ${median.toFixed(3)}`);
  return { rows, median };
}
