/* global module, navigator */
/** Other trainers of the browser on the MNIST convnet, batch 64, beside ours. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inBrowser, open } from "./browser.mjs";
import { SOFTWARE } from "./webgpu.mjs";

const PEERS = ["convnetjs", "tfjs", "jaxjs-wasm", "jaxjs-webgpu"];

/** Ours and theirs in turn: with theirs on the processor our `cpu` on all cores, with WebGPU ours. */
export async function peers() {
  const rows = [];
  console.log("trainer        ms a step   images/s   ours, ms a step   times as fast");
  for (const name of PEERS) {
    const webgpu = name.endsWith("webgpu");
    const ours = await measureOurs(webgpu ? "webgpu" : "cpu");
    const theirs = await measurePeer(name);
    rows.push({ name, ...theirs, ours, ratio: theirs.msPerStep / ours });
    const { ratio } = rows.at(-1);
    if (theirs.error) console.log(`${name.padEnd(14)} ${theirs.error}`);
    else console.log([name.padEnd(14), theirs.msPerStep.toFixed(0).padStart(9), theirs.imagesPerSecond.toFixed(1).padStart(10), ours.toFixed(1).padStart(17), ratio.toFixed(1).padStart(15)].join(" "));
  }
  return { rows };
}

async function measurePeer(name) {
  const script = fileURLToPath(new URL("../../benches/peers/run.mjs", import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, name]);
    return JSON.parse(stdout);
  } catch (error) {
    return { error: error.stdout || error.message };
  }
}

/** Milliseconds a step, over as many steps as take some seconds. */
async function measureOurs(device) {
  return inBrowser(async (browser) => (await open(browser)).evaluate(async (device) => {
    const lab = await module.CnnLab.create({ device, seed: 1, ...(device === "cpu" && { workers: navigator.hardwareConcurrency }) });
    await lab.loadBundled("mnist", { limit: 10_000 });
    await lab.setModel((await lab.presets())[0].spec);
    const steps = device === "cpu" ? 200 : 6;
    let seen = 0;
    let began = 0;
    for await (const event of lab.train({ batchSize: 64, epochs: 9, steps: steps + 4, validate: false })) {
      if (event.type !== "step") continue;
      seen += 1;
      // The first few compile.
      if (seen === 4) began = performance.now();
    }
    const took = performance.now() - began;
    lab.dispose();
    return took / steps;
  }, device), device === "webgpu" ? SOFTWARE : []);
}
