import { BATCH, makeBatch } from "./shared.js";

/** What Keras counts for this network; another number means another network. */
const PARAMS = 93322;
/** Steps at least, seconds at least, steps at most. */
const LEAST_STEPS = 3;
const LEAST_MS = 8000;
const MOST_STEPS = 60;

/**
 * Trains the network of a peer on one repeated batch. Its module exports `create(batch, option)`,
 * which gives the number of parameters and `step()`; that resolves, once the step is wholly
 * computed, to the loss before the update.
 */
export async function measure({ module, option, warmup }) {
  const { create } = await import(module);
  const { params, step } = await create(makeBatch(), option);
  if (params !== PARAMS) throw new Error(`${params} parameters, not ${PARAMS}`);

  for (let i = 0; i < warmup; i++) await step();
  const times = [];
  const losses = [];
  const began = performance.now();
  let now = began;
  while (times.length < MOST_STEPS && (times.length < LEAST_STEPS || now - began < LEAST_MS)) {
    losses.push(await step());
    const then = now;
    now = performance.now();
    times.push(now - then);
  }

  const firstLoss = losses[0];
  const lastLoss = losses.at(-1);
  // Written so that a loss that is no number fails too.
  if (!(lastLoss < firstLoss)) throw new Error(`the loss went from ${firstLoss} to ${lastLoss}`);
  const msPerStep = median(times);
  return {
    steps: times.length,
    msPerStep: round(msPerStep, 1),
    imagesPerSecond: round((1000 * BATCH) / msPerStep, 1),
    firstLoss: round(firstLoss, 4),
    lastLoss: round(lastLoss, 4),
    params,
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function round(number, digits) {
  return Number(number.toFixed(digits));
}
