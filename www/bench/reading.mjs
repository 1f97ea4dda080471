/* global document, module, PerformanceObserver */
/** Both decoders on the same files, in turn. */
import { basename } from "node:path";
import { inBrowser, open, peakMemory } from "./browser.mjs";

export async function reading(files) {
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

