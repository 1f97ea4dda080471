/* global module, lab, GPUComputePassEncoder, GPUBuffer, setInterval, clearInterval */
/** The MNIST convnet on WebGPU, in software where there is no other adapter: with our shaders and without. */
import { inBrowser, open } from "./browser.mjs";

/** For a headless browser, which has no other adapter. */
export const SOFTWARE = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
const TURNS = 3;
const STEPS = 10;

/** Both in turn: a step's time and dispatches, and the first step's. */
export async function webgpu() {
  console.log("device    ms a step   dispatches a step   readbacks a step   first step   longest pause of the page");
  const rows = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const device of ["webgpu", "wgpu"]) {
      const row = { device, ...(await train(device)) };
      rows.push(row);
      const { msPerStep, dispatches, readbacks, first, pause } = row;
      console.log([device.padEnd(6), msPerStep.toFixed(0).padStart(12), dispatches.toFixed(1).padStart(19), readbacks.toFixed(1).padStart(18), `${first.toFixed(0)} ms`.padStart(12), `${pause.toFixed(0)} ms`.padStart(27)].join(" "));
    }
  }
  const middle = (device, key) => rows.filter((row) => row.device === device).map((row) => row[key]).sort((a, b) => a - b)[Math.floor(TURNS / 2)];
  const ratios = Object.fromEntries(["msPerStep", "dispatches", "first"].map((key) => [key, middle("webgpu", key) / middle("wgpu", key)]));
  console.log(`webgpu to wgpu: time ${ratios.msPerStep.toFixed(2)}, dispatches ${ratios.dispatches.toFixed(2)}, first step ${ratios.first.toFixed(2)}`);
  return { rows, ratios };
}

/** One browser, one run; what the training worker asks of its GPU is counted there. */
async function train(device) {
  return inBrowser(async (browser) => {
    const page = await open(browser);
    page.on("worker", (worker) => {
      worker.evaluate(count).catch(() => {}); // one that is gone by now
    });
    const counted = async () => {
      const all = await Promise.all(page.workers().map((worker) => worker.evaluate(() => globalThis.counted ?? null)));
      return all.filter((one) => one !== null).reduce((sum, one) => ({ dispatches: sum.dispatches + one.dispatches, readbacks: sum.readbacks + one.readbacks }), { dispatches: 0, readbacks: 0 });
    };
    await page.evaluate(prepare, device);
    const first = await page.evaluate(run, 3);
    const before = await counted();
    const { msPerStep } = await page.evaluate(run, STEPS);
    const after = await counted();
    const each = (key) => (after[key] - before[key]) / STEPS;
    return { msPerStep, first: first.first, pause: first.pause, dispatches: each("dispatches"), readbacks: each("readbacks") };
  }, SOFTWARE);
}

function count() {
  globalThis.counted = { dispatches: 0, readbacks: 0 };
  const watch = (prototype, name, key) => {
    const own = prototype[name];
    prototype[name] = function watched(...rest) {
      globalThis.counted[key] += 1;
      return own.apply(this, rest);
    };
  };
  watch(GPUComputePassEncoder.prototype, "dispatchWorkgroups", "dispatches");
  watch(GPUBuffer.prototype, "mapAsync", "readbacks");
}

async function prepare(device) {
  globalThis.lab = await module.CnnLab.create({ device, seed: 1 });
  await lab.loadBundled("mnist", { limit: 2000 });
  await lab.setModel((await lab.presets())[0].spec);
}

/** So many steps, and the longest time for which the page could not answer meanwhile. */
async function run(steps) {
  let pause = 0;
  let last = performance.now();
  const clock = setInterval(() => {
    pause = Math.max(pause, performance.now() - last - 10);
    last = performance.now();
  }, 10);
  const began = performance.now();
  let first = 0;
  let seen = 0;
  for await (const event of lab.train({ batchSize: 64, epochs: 9, steps, validate: false })) {
    if (event.type !== "step") continue;
    seen += 1;
    if (seen === 1) first = performance.now() - began;
  }
  clearInterval(clock);
  return { first, pause, msPerStep: (performance.now() - began) / steps };
}
