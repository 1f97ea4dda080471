/**
 * Trains a network of the lessons to its end, through the public class in headless Chromium,
 * once for each seed, and prints time and test accuracy. Fails where that is below the lesson's
 * `least`, unless it was given less to train with. Visits the lab that CNN_LAB_URL names, else
 * the built site in `dist/`.
 *
 *   npm run accuracy -- --lesson mnist [--seeds 1,2,3] [--device cpu] [--epochs N] [--limit N]
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { preview } from "vite";

/**
 * `code`: pasted as it stands there, and trained as it says; without, the first preset.
 * `least`: of every seed, or of their mean. Native Keras's own seeds of the MNIST convnet
 * differ by more than half a percent, see README.md.
 */
const lessons = {
  mnist: { title: "MNIST convnet, RMSprop 0.001, batch 64, 5 epochs", dataset: "mnist", code: null, seeds: "1,2,3", least: 0.9894, judged: "lowest" },
  fashion: { title: "Fashion-MNIST, functional; Keras 0.897", dataset: "fashion-mnist", code: "fashion_mnist.py", seeds: "1,2", least: 0.887, judged: "mean" },
  cifar10: { title: "CIFAR-10, functional; Keras 0.714", dataset: "cifar10", code: "cifar10_functional.py", seeds: "1,2", least: 0.704, judged: "mean" },
  residual: { title: "CIFAR-10, a small residual net", dataset: "cifar10", code: "cifar10_residual.py", seeds: "1", least: 0.8, judged: "lowest" },
};

const { values } = parseArgs({
  options: {
    lesson: { type: "string", default: "mnist" },
    seeds: { type: "string" },
    device: { type: "string", default: "cpu" },
    epochs: { type: "string" },
    /** At most so many pictures of each split, for a quick try. */
    limit: { type: "string" },
  },
});
const lesson = lessons[values.lesson];
if (!lesson) throw new Error(`There is no lesson ${values.lesson}; known are ${Object.keys(lessons).join(", ")}.`);
const seeds = (values.seeds ?? lesson.seeds).split(",").map(Number);
const fixture = (name) => new URL(`../tests/fixtures/keras/lessons/${name}`, import.meta.url);
const options = {
  dataset: lesson.dataset,
  code: lesson.code && readFileSync(fixture(lesson.code), "utf8"),
  device: values.device,
  epochs: values.epochs === undefined ? undefined : Number(values.epochs),
  limit: values.limit === undefined ? undefined : Number(values.limit),
};

const address = process.env.CNN_LAB_URL;
const server = address ? undefined : await preview({ preview: { port: 0, open: false } });
const url = address ?? server.resolvedUrls.local[0];
const browser = await chromium.launch({
  // Where Debian puts it, unless told otherwise; no browser is downloaded.
  executablePath: process.env.CNN_LAB_CHROME ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
});

console.log(`${lesson.title}, ${options.device}`);
console.log("seed   parameters   training      images/s   test loss   test accuracy");
const accuracies = [];
let whole = options.limit === undefined;
try {
  for (const seed of seeds) {
    const page = await browser.newPage();
    page.on("console", (message) => console.log(message.text()));
    // The class alone: the page of the lab would start another worker beside it.
    await page.goto(new URL("cnn-lab.js", url).href);
    const result = await page.evaluate(train, { ...options, seed, module: new URL("cnn-lab.js", url).href });
    accuracies.push(result.accuracy);
    whole &&= result.whole;
    const seconds = Math.round(result.seconds);
    const time = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
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
const judged = lesson.judged === "mean" ? mean : lowest;
if (whole && judged < lesson.least) {
  console.error(`It should be at least ${lesson.least}.`);
  process.exitCode = 1;
}

/** Runs in the browser. */
async function train({ dataset, code, device, epochs, limit, seed, module }) {
  const { CnnLab } = await import(module);
  const lab = await CnnLab.create({ device, seed });
  const { splits } = await lab.loadBundled(dataset, { limit });
  const [convnet] = await lab.presets();
  const { totalParams } = await lab.setModel(code ?? convnet.spec);
  const own = code === null ? { epochs: 5, batchSize: 64 } : lab.fit;
  const fit = { ...own, ...(epochs && { epochs }) };
  const began = performance.now();
  for await (const event of lab.train({ ...fit, validate: false })) {
    if (event.type !== "epoch") continue;
    const { epoch, loss, accuracy, seconds } = event;
    console.log(`       seed ${seed}, epoch ${epoch}: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}, ${Math.round(seconds)} s`);
  }
  const seconds = (performance.now() - began) / 1000;
  const { loss, accuracy } = await lab.evaluate("test");
  lab.dispose();
  return { params: totalParams, seconds, images: fit.epochs * splits.train, loss, accuracy, whole: fit.epochs >= own.epochs };
}
