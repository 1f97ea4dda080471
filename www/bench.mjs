/**
 * Measures the lab through its public class in headless Chromium and prints tables and, at
 * the end, the same as JSON. Visits the lab that CNN_LAB_URL names.
 *
 *   npm run bench -- reading FILE.zip [FILE.zip ...]   both decoders on the same files, in turn
 *   npm run bench -- augmentation FILE.zip             training with and without, in turn
 *   npm run bench -- inside                            training with and without maps of every
 *                                                      layer four times a second, and evaluation
 *   npm run bench -- training [FILE.zip]               the lessons' networks with our kernels, on
 *                                                      one core and on all, with Burn's operations
 *                                                      and, where CNN_LAB_PYTHON has it, in Keras
 *   npm run bench -- cost                              a picture's cost by pictures, batch and
 *                                                      filters
 *   npm run bench -- webgpu                            a step on WebGPU, with our shaders and
 *                                                      without
 *   npm run bench -- peers                             other trainers of the browser, beside ours
 */
import { augmentation } from "./bench/augmentation.mjs";
import { cost } from "./bench/cost.mjs";
import { inside } from "./bench/inside.mjs";
import { peers } from "./bench/peers.mjs";
import { reading } from "./bench/reading.mjs";
import { training } from "./bench/training.mjs";
import { webgpu } from "./bench/webgpu.mjs";

const [what, ...files] = process.argv.slice(2);
const benches = { reading, augmentation, inside, training, cost, webgpu, peers };
if (!(what in benches) || (files.length === 0 && ["reading", "augmentation"].includes(what))) {
  console.error("usage: npm run bench -- reading|augmentation FILE.zip, or inside, training, cost, webgpu or peers");
  process.exit(2);
}

console.log(JSON.stringify(await benches[what](files)));
