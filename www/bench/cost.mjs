/* global module, navigator */
/** What a picture costs by the number of pictures, the size of a batch and the number of filters. */
import { inBrowser, open } from "./browser.mjs";

const PICTURES = [1000, 10_000, 60_000];
const BATCHES = [8, 16, 32, 64, 128, 256, 512];
const FILTERS = [1, 2, 4, 8];

/** The MNIST convnet on `cpu`, on one worker and on all cores, as tables of Markdown. */
export async function cost() {
  const tables = [
    { title: "pictures in the set", cases: PICTURES.map((pictures) => ({ label: pictures.toLocaleString("en"), pictures })) },
    { title: "pictures a batch", cases: BATCHES.map((batchSize) => ({ label: String(batchSize), batchSize })) },
    { title: "times the filters", cases: FILTERS.map((filters) => ({ label: String(filters), filters })) },
  ];
  const found = [];
  for (const { title, cases } of tables) {
    console.log(`\n| ${title} | µs a picture, one worker | GFLOP/s | µs a picture, all cores | GFLOP/s |\n|---|---|---|---|---|`);
    for (const { label, ...one } of cases) {
      const figures = [];
      for (const workers of [1, undefined]) {
        const row = await inBrowser(async (browser) => (await open(browser)).evaluate(measure, { pictures: 4000, batchSize: 64, filters: 1, ...one, workers }));
        figures.push((1e6 / row.imagesPerSecond).toFixed(0), ((row.imagesPerSecond * row.flop) / 1e9).toFixed(1));
        found.push({ title, label, workers: workers ?? "all", ...row });
      }
      console.log(`| ${[label, ...figures].join(" | ")} |`);
    }
  }
  return found;
}

/** Runs in the browser: one epoch of warming up on few pictures, then one that is timed, or as much of it as takes some seconds. */
async function measure({ pictures, batchSize, filters, workers }) {
  const lab = await module.CnnLab.create({ device: "cpu", seed: 1, workers: workers ?? navigator.hardwareConcurrency });
  await lab.loadBundled("mnist", { limit: pictures });
  const [{ spec }] = await lab.presets();
  const layers = spec.layers.map((layer) => ({ ...layer, ...(layer.filters && { filters: layer.filters * filters }) }));
  const summary = await lab.setModel({ ...spec, layers });
  const products = summary.layers.map(({ params, outputShape }) => (params - (params > 0 ? outputShape.at(-1) : 0)) * outputShape.slice(1, -1).reduce((all, side) => all * side, 1));
  // Forward, and both gradients; the first layer needs none by the pictures.
  const flop = 6 * products.reduce((all, one) => all + one, 0) - 2 * products.find((one) => one > 0);
  const options = { batchSize, validate: false };
  await lab.train({ ...options, epochs: 9, steps: Math.ceil(2000 / batchSize) }).done;
  const steps = Math.ceil(pictures / batchSize);
  const most = filters > 1 ? Math.ceil(60 / filters) : steps;
  const began = performance.now();
  await lab.train({ ...options, epochs: 1, steps: Math.min(steps, most) }).done;
  const seen = Math.min(pictures, Math.min(steps, most) * batchSize);
  const imagesPerSecond = (1000 * seen) / (performance.now() - began);
  lab.dispose();
  return { imagesPerSecond, flop };
}
