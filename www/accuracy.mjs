/**
 * Trains the MNIST convnet through the public class in headless Chromium, once for each
 * seed, and prints time and test accuracy. Fails where a seed is below `LEAST`, unless it was
 * given less to train with. Visits the lab that CNN_LAB_URL names, else the built site in `dist/`.
 *
 *   npm run accuracy -- --seeds 1,2,3 --device cpu --epochs 5 [--limit N]
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { preview } from "vite";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1,2,3" },
    device: { type: "string", default: "cpu" },
    epochs: { type: "string", default: "5" },
    /** At most so many pictures of each split, for a quick try. */
    limit: { type: "string" },
  },
});
const seeds = values.seeds.split(",").map(Number);
const options = {
  device: values.device,
  epochs: Number(values.epochs),
  limit: values.limit === undefined ? undefined : Number(values.limit),
};

/** Of every seed. Native Keras's own seeds differ by more than half a percent, see README.md. */
const LEAST = 0.9894;

const address = process.env.CNN_LAB_URL;
const server = address ? undefined : await preview({ preview: { port: 0, open: false } });
const url = address ?? server.resolvedUrls.local[0];
const browser = await chromium.launch({
  // Where Debian puts it, unless told otherwise; no browser is downloaded.
  executablePath: process.env.CNN_LAB_CHROME ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
});

console.log(`MNIST convnet, RMSprop 0.001, batch 64, ${options.epochs} epochs, ${options.device}`);
console.log("seed   parameters   training      images/s   test loss   test accuracy");
const accuracies = [];
try {
  for (const seed of seeds) {
    const page = await browser.newPage();
    page.on("console", (message) => console.log(message.text()));
    // The class alone: the page of the lab would start another worker beside it.
    await page.goto(new URL("cnn-lab.js", url).href);
    const result = await page.evaluate(train, { ...options, seed, module: new URL("cnn-lab.js", url).href });
    accuracies.push(result.accuracy);
    const time = `${Math.floor(result.seconds / 60)} min ${Math.round(result.seconds % 60)} s`;
    console.log(
      [
        String(seed).padStart(4),
        String(result.params).padStart(12),
        time.padStart(13),
        String(Math.round(result.images / result.seconds)).padStart(10),
        result.loss.toFixed(4).padStart(11),
        result.accuracy.toFixed(4).padStart(15),
      ].join(" "),
    );
    await page.close();
  }
} finally {
  await browser.close();
  await server?.close();
}
const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
const lowest = Math.min(...accuracies);
console.log(`test accuracy: mean ${mean.toFixed(4)}, lowest ${lowest.toFixed(4)}`);
if (options.epochs >= 5 && options.limit === undefined && lowest < LEAST) {
  console.error(`It should be at least ${LEAST}.`);
  process.exitCode = 1;
}

/** Runs in the browser. */
async function train({ device, epochs, limit, seed, module }) {
  const { CnnLab } = await import(module);
  const lab = await CnnLab.create({ device, seed });
  const { splits } = await lab.loadBundled("mnist", { limit });
  const [convnet] = await lab.presets();
  const { totalParams } = await lab.setModel(convnet.spec);
  const began = performance.now();
  for await (const event of lab.train({ epochs, batchSize: 64, validate: false })) {
    if (event.type !== "epoch") continue;
    const { epoch, loss, accuracy, seconds } = event;
    console.log(`       seed ${seed}, epoch ${epoch}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}, ${Math.round(seconds)} s`);
  }
  const seconds = (performance.now() - began) / 1000;
  const { loss, accuracy } = await lab.evaluate("test");
  lab.dispose();
  return { params: totalParams, seconds, images: epochs * splits.train, loss, accuracy };
}
