/* global document, location, module, PerformanceObserver, setTimeout */
/**
 * Measures the lab through its public class in headless Chromium and prints tables and, at
 * the end, the same as JSON. Visits the lab that CNN_LAB_URL names.
 *
 *   npm run bench -- reading FILE.zip [FILE.zip ...]   both decoders on the same files, in turn
 *   npm run bench -- augmentation FILE.zip             training with and without, in turn
 *   npm run bench -- inside                            training with and without maps of every
 *                                                      layer four times a second, and evaluation
 *   npm run bench -- training [FILE.zip]               the lessons' networks with our kernels and
 *                                                      with Burn's operations, in turn
 */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { chromium } from "playwright-core";

const [what, ...files] = process.argv.slice(2);
const benches = { reading, augmentation, inside, training };
if (!(what in benches) || (files.length === 0 && !["inside", "training"].includes(what))) {
  console.error("usage: npm run bench -- reading|augmentation FILE.zip, or inside, or training");
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
async function open(browser, file = null) {
  const page = await browser.newPage();
  await page.goto(new URL("cnn-lab.js", process.env.CNN_LAB_URL).href);
  await page.evaluate(async () => {
    globalThis.module = await import(location.href);
    document.body.append(Object.assign(document.createElement("input"), { type: "file" }));
  });
  if (file !== null) await page.setInputFiles("input", file);
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

/** The MNIST convnet, batch 64, on the CPU. */
async function inside() {
  const found = await inBrowser(async (browser) => (await open(browser)).evaluate(async () => {
    const lab = await module.CnnLab.create({ device: "cpu", seed: 1 });
    await lab.loadBundled("mnist", { limit: 10_000 });
    const [{ spec }] = await lab.presets();
    const { layers } = await lab.setModel(spec);
    const pictures = layers.filter(({ outputShape }) => outputShape.length === 4).map(({ name }) => name);
    const { pixels } = await lab.image("test", 0);
    const measure = async (looks) => {
      const run = lab.train({ batchSize: 64, epochs: 1, validate: false });
      const began = performance.now();
      let updates = 0;
      let over = false;
      const watch = async () => {
        while (looks && !over) {
          const next = performance.now() + 250;
          await Promise.all([lab.predict(pixels), lab.featureMaps(pixels, pictures)]);
          updates += 1;
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
        }
      };
      const watching = watch();
      await run.done;
      const seconds = (performance.now() - began) / 1000;
      over = true;
      await watching;
      return { speed: 10_000 / seconds, updates: updates / seconds };
    };
    await measure(false);
    const rows = [];
    for (let i = 0; i < 5; i += 1) {
      const [without, looking] = [await measure(false), await measure(true)];
      const began = performance.now();
      await lab.evaluate("test");
      rows.push({ without: without.speed, with: looking.speed, updates: looking.updates, evaluation: 10_000 / ((performance.now() - began) / 1000) });
    }
    lab.dispose();
    return rows;
  }));
  console.log("training, images/s: without   with maps   ratio   updates/s   evaluation, images/s   time of an epoch's");
  for (const row of found) {
    const figures = [row.without.toFixed(0).padStart(27), row.with.toFixed(0).padStart(11), (row.with / row.without).toFixed(3).padStart(7), row.updates.toFixed(1).padStart(11)];
    console.log([...figures, row.evaluation.toFixed(0).padStart(22), (row.without / row.evaluation).toFixed(3).padStart(19)].join(" "));
  }
  const median = (of) => found.map(of).sort((a, b) => a - b)[2];
  const ratios = { maps: median((row) => row.with / row.without), evaluation: median((row) => row.without / row.evaluation) };
  console.log(`median ratio with maps ${ratios.maps.toFixed(3)}, evaluation ${ratios.evaluation.toFixed(3)} of an epoch's time`);
  return { rows: found, ...ratios };
}

/** Each network of the lessons, with our kernels (`cpu`) and with burn-flex alone, three times in turn. */
async function training() {
  const workloads = [
    { name: "MNIST convnet", set: "mnist", preset: "mnist-convnet", batchSize: 64, steps: 100 },
    { name: "CIFAR-10 functional", set: "cifar10", text: lesson("cifar10_functional"), batchSize: 128, steps: 6 },
    { name: "residual net", set: "cifar10", preset: "residual-net", batchSize: 128, steps: 6 },
    ...files.slice(0, 1).map((file) => ({ name: "photo convnet", file, preset: "photo-convnet", batchSize: 20, steps: 6 })),
  ];
  console.log("network              batch device  images/s   ms a step   p95  first step   GFLOP/s  of peak  forward only, images/s   peak memory");
  const rows = [];
  for (const workload of workloads) {
    for (let turn = 0; turn < 3; turn += 1) {
      for (const device of ["cpu", "flex"]) {
        const row = await inBrowser(async (browser) => {
          const page = await open(browser, workload.file ?? null);
          return { ...workload, device, ...(await page.evaluate(trainOnce, { ...workload, device })), memory: await peakMemory(browser) };
        });
        rows.push(row);
        console.log(
          [
            row.name.padEnd(20), String(row.batchSize).padStart(5), device.padEnd(6), row.imagesPerSecond.toFixed(0).padStart(8),
            row.median.toFixed(1).padStart(11), row.p95.toFixed(1).padStart(6), `${row.first.toFixed(0)} ms`.padStart(11),
            row.gflops.toFixed(1).padStart(9), `${Math.round((100 * row.gflops) / row.peak)} %`.padStart(8),
            row.forward.toFixed(0).padStart(23), (row.memory === null ? "?" : `${row.memory} MB`).padStart(14),
          ].join(" "),
        );
      }
    }
  }
  const ratios = workloads.map(({ name }) => {
    const median = (device) => rows.filter((row) => row.name === name && row.device === device).map((row) => row.imagesPerSecond).sort((a, b) => a - b)[1];
    return { name, ratio: median("cpu") / median("flex") };
  });
  for (const { name, ratio } of ratios) console.log(`${name}: ${ratio.toFixed(2)} times burn-flex alone`);
  return { rows, ratios };
}

/** A lesson's code as it stands. */
function lesson(name) {
  return readFileSync(new URL(`../tests/fixtures/keras/lessons/${name}.py`, import.meta.url), "utf8");
}

/** Runs in the browser: one network on one device, with the machine's peak measured beside it. */
async function trainOnce({ device, set, preset, text, batchSize, steps }) {
  const kernels = await import(new URL("pkg/cpu/cnn_lab.js", location.href).href);
  await kernels.default();
  const lab = await module.CnnLab.create({ device, seed: 1 });
  if (set) await lab.loadBundled(set, { limit: Math.max(2000, batchSize * steps) });
  else await lab.loadFiles(document.querySelector("input").files, { size: [150, 150] });
  const { layers } = await lab.setModel(text ?? (await lab.presets()).find(({ name }) => name === preset).spec);
  // Numbers of a kernel times the places where it is applied; a bias does not count.
  const products = layers.map(({ params, outputShape }, i) => {
    const given = lab.spec.layers[i];
    if (!/Conv2D|Dense/.test(given.layer)) return 0;
    const places = outputShape.slice(1, -1).reduce((all, side) => all * side, 1);
    return (params - (given.use_bias === false ? 0 : outputShape.at(-1))) * places;
  });
  const forwardFlop = 2 * products.reduce((all, one) => all + one, 0);
  // The first layer's gradient by the pictures is not computed.
  const flop = 3 * forwardFlop - 2 * products.find((one) => one > 0);

  const began = performance.now();
  const took = [];
  let before = null;
  let first = 0;
  for await (const event of lab.train({ batchSize, steps: steps + 2, validate: false })) {
    if (event.type !== "step") continue;
    const now = performance.now();
    if (before === null) first = now - began;
    else took.push({ ms: now - before, images: event.images });
    before = now;
  }
  // The second step still warms up.
  const counted = took.slice(1);
  const seconds = counted.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const imagesPerSecond = counted.reduce((sum, { images }) => sum + images, 0) / seconds;
  const sorted = counted.map(({ ms }) => ms).sort((a, b) => a - b);
  const measured = performance.now();
  const { count } = await lab.evaluate("test");
  const forward = count / ((performance.now() - measured) / 1000);
  lab.dispose();
  const rounds = 4_000_000;
  let peak = 0;
  for (let i = 0; i < 3; i += 1) {
    const start = performance.now();
    kernels.multiplyAdds(rounds);
    peak = Math.max(peak, (96 * rounds) / (performance.now() - start) / 1e6);
  }
  return { imagesPerSecond, median: sorted[Math.floor(sorted.length / 2)], p95: sorted[Math.floor(sorted.length * 0.95)], first, gflops: (imagesPerSecond * flop) / 1e9, peak, forward };
}
