/* global Blob, document, lab, location, module, navigator, Worker */
/** The lessons' networks: our kernels on one core and on all, Burn's operations, native Keras, in turn. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inBrowser, open, peakMemory } from "./browser.mjs";
import { profile } from "./profile.mjs";

// With `--profile` one trainer once: what is being sampled is slower.
const TURNS = process.env.CNN_LAB_PROFILE ? 1 : 5;
/** A tab trains so long before it is measured, for in the first seconds the program is compiled anew for speed and the other workers begin; and so long while it is. */
const [WARM_MS, MEASURED_MS] = [2000, 7000];

/** Who trains: the first three in the browser. */
const trainers = [
  { label: "kernels, 1 worker", device: "cpu", workers: 1 },
  { label: "kernels, all cores", device: "cpu" },
  { label: "burn-flex, 1 worker", device: "flex", workers: 1 },
  ...(process.env.CNN_LAB_PYTHON ? [{ label: "native Keras" }] : []),
];

const ratios = [
  ["kernels, 1 worker", "burn-flex, 1 worker"],
  ["kernels, all cores", "kernels, 1 worker"],
  ["kernels, all cores", "native Keras"],
];

// Another revision's, with `--against`.
if (process.env.CNN_LAB_AGAINST) {
  for (const trainer of trainers.filter(({ device }) => device === "cpu")) {
    const label = `before, ${trainer.label.split(", ")[1]}`;
    trainers.push({ ...trainer, label, url: process.env.CNN_LAB_AGAINST });
    ratios.push([trainer.label, label]);
  }
}

if (process.env.CNN_LAB_PROFILE) trainers.splice(1);

/** Each network with each trainer, several times in turn. Ratios are of runs that came after each other, for the machine moves from minute to minute. */
export async function training(files) {
  const workloads = [
    { name: "MNIST convnet", set: "mnist", preset: "mnist-convnet", batchSize: 64, steps: 300, keras: "mnist" },
    { name: "CIFAR-10 functional", set: "cifar10", text: lesson("cifar10_functional"), batchSize: 128, steps: 50, keras: "functional" },
    { name: "residual net", set: "cifar10", preset: "residual-net", batchSize: 128, steps: 10 },
    ...files.slice(0, 1).map((file) => ({ name: "photo convnet", file, preset: "photo-convnet", batchSize: 20, steps: 10, keras: "photo" })),
  ];
  console.log("network              batch trainer               images/s   ms a step   p95  first step   GFLOP/s  of peak  forward only, images/s   peak memory");
  const rows = [];
  for (const workload of workloads) {
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const trainer of trainers) {
        if (!trainer.device && !workload.keras) continue;
        const row = trainer.device ? await inTab({ ...workload, ...trainer }) : { ...workload, ...trainer, ...keras(workload) };
        rows.push(row);
        console.log(line(row));
      }
    }
  }
  const found = [];
  for (const { name } of workloads) {
    for (const [one, other] of ratios) {
      const [first, second] = [one, other].map((label) => rows.filter((row) => row.name === name && row.label === label).map((row) => row.imagesPerSecond));
      if (first.length === 0 || second.length === 0) continue;
      const turns = first.map((speed, turn) => speed / second[turn]);
      found.push({ name, one, other, ratio: median(turns), turns });
      console.log(`${name}: ${one} ${median(first).toFixed(0)}/s, ${other} ${median(second).toFixed(0)}/s: ${median(turns).toFixed(2)} times (${turns.map((ratio) => ratio.toFixed(2)).join(" ")})`);
    }
  }
  const scaled = rows.flatMap(({ scaled }) => scaled ?? []);
  if (scaled.length > 0) console.log(`as many threads that only multiply do ${median(scaled).toFixed(2)} times what one does (${scaled.map((ratio) => ratio.toFixed(2)).join(" ")})`);
  return { rows, ratios: found };
}

async function inTab(what) {
  return inBrowser(async (browser) => {
    const page = await open(browser, what.file ?? null, what.url);
    const stop = process.env.CNN_LAB_PROFILE ? await profile(page) : null;
    const { flop, ...found } = await page.evaluate(trainOnce, { ...what, warmMs: WARM_MS, measuredMs: MEASURED_MS });
    const memory = await peakMemory(browser);
    await stop?.();
    const peak = await page.evaluate(multiplyAndAdd);
    const scaled = what.device === "cpu" && !what.workers ? await page.evaluate(threadsScale) : undefined;
    return { ...what, ...found, scaled, gflops: (found.imagesPerSecond * flop) / 1e9, peak, memory };
  });
}

function keras({ keras, batchSize, steps }) {
  const script = fileURLToPath(new URL("../../benches/native_keras.py", import.meta.url));
  const told = execFileSync(process.env.CNN_LAB_PYTHON, [script, keras, String(batchSize), String(steps)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return { imagesPerSecond: Number.parseFloat(told) };
}

function line(row) {
  const fixed = (value, digits = 0) => (value === undefined ? "" : value.toFixed(digits));
  return [
    row.name.padEnd(20), String(row.batchSize).padStart(5), row.label.padEnd(20), fixed(row.imagesPerSecond).padStart(8),
    fixed(row.median, 1).padStart(11), fixed(row.p95, 1).padStart(6), (row.first === undefined ? "" : `${row.first.toFixed(0)} ms`).padStart(11),
    fixed(row.gflops, 1).padStart(9), (row.peak === undefined ? "" : `${Math.round((100 * row.gflops) / row.peak)} %`).padStart(8),
    fixed(row.forward).padStart(23), (row.memory ? `${row.memory} MB` : "").padStart(14),
  ].join(" ").trimEnd();
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** A lesson's code as it stands. */
function lesson(name) {
  return readFileSync(new URL(`../../tests/fixtures/keras/lessons/${name}.py`, import.meta.url), "utf8");
}

/** Runs in the browser: one network on one device. */
async function trainOnce({ device, workers, set, preset, text, batchSize, steps, warmMs, measuredMs }) {
  const lab = globalThis.lab = await module.CnnLab.create({ device, workers: workers ?? navigator.hardwareConcurrency, seed: 1 });
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
  for await (const event of lab.train({ batchSize, epochs: 999, validate: false })) {
    if (event.type !== "step") continue;
    const now = performance.now();
    if (before === null) first = now - began;
    else if (before - began > warmMs) {
      // Steps that were taken in one go are told in one go, too.
      const last = took.at(-1);
      if (last && now - before < 1) {
        last.images += event.images;
        last.steps += 1;
      } else {
        took.push({ ms: now - before, images: event.images, steps: 1 });
      }
    }
    before = now;
    if (now - began > warmMs + measuredMs) break;
  }
  const seconds = took.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const imagesPerSecond = took.reduce((sum, { images }) => sum + images, 0) / seconds;
  const sorted = took.map(({ ms, steps }) => ms / steps).sort((a, b) => a - b);
  const measured = performance.now();
  const { count } = await lab.evaluate("test");
  const forward = count / ((performance.now() - measured) / 1000);
  return { imagesPerSecond, median: sorted[Math.floor(sorted.length / 2)], p95: sorted[Math.floor(sorted.length * 0.95)], first, forward, flop };
}

/** Runs in the browser, after a training: multiplications and additions on registers alone, in GFLOP/s. */
async function multiplyAndAdd() {
  lab.dispose();
  const load = async (folder) => {
    const kernels = await import(new URL(`pkg/${folder}/cnn_lab.js`, location.href).href);
    await kernels.default();
    return kernels;
  };
  // As the workers do.
  const kernels = await load("cpu-relaxed").catch(() => load("cpu"));
  const rounds = 4_000_000;
  let peak = 0;
  for (let i = 0; i < 3; i += 1) {
    const start = performance.now();
    kernels.multiplyAdds(rounds);
    peak = Math.max(peak, (96 * rounds) / (performance.now() - start) / 1e6);
  }
  return peak;
}

/** Runs in the browser: how much more as many threads as there are cores multiply than one alone; what is less than their number is the machine's. */
async function threadsScale() {
  const code = `
    const { default: init, multiplyAdds } = await import(${JSON.stringify(new URL("pkg/cpu/cnn_lab.js", location.href).href)});
    await init();
    multiplyAdds(1_000_000);
    onmessage = () => {
      multiplyAdds(60_000_000);
      postMessage("done");
    };
    postMessage("ready");`;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const said = (worker) => new Promise((resolve, reject) => Object.assign(worker, { onmessage: resolve, onerror: reject }));
  const workers = Array.from({ length: navigator.hardwareConcurrency }, () => new Worker(url, { type: "module" }));
  await Promise.all(workers.map(said));
  const took = async (some) => {
    const start = performance.now();
    await Promise.all(some.map((worker) => {
      const done = said(worker);
      worker.postMessage("go");
      return done;
    }));
    return performance.now() - start;
  };
  const alone = await took(workers.slice(0, 1));
  const together = await took(workers);
  workers.forEach((worker) => worker.terminate());
  return (workers.length * alone) / together;
}
