/* global document */
/** What all peers train with: the sizes, one batch, and random numbers that repeat. */

export const BATCH = 64;
export const SIDE = 28;
export const CLASSES = 10;
export const LEARNING_RATE = 0.001;
/** How much of the mean of squares RMSprop keeps at each step. */
export const RHO = 0.9;
/** Keras's default. */
export const EPSILON = 1e-7;

/** Numbers from 0 up to 1, the same at every run. */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * One batch: dim noise and, for each class, a bright square in another place, about as much ink
 * as a digit has. Simple enough that a few steps on it show whether a peer learns.
 */
export function makeBatch() {
  const random = randomNumbers(1);
  const pictures = new Float32Array(BATCH * SIDE * SIDE);
  const labels = Array.from({ length: BATCH }, (_, i) => i % CLASSES);
  labels.forEach((label, i) => {
    const left = 1 + 5 * (label % 5);
    const top = 3 + 13 * Math.floor(label / 5);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const inside = x >= left && x < left + 6 && y >= top && y < top + 9;
        pictures[(i * SIDE + y) * SIDE + x] = (inside ? 0.7 : 0) + 0.3 * random();
      }
    }
  });
  return { pictures, labels };
}

/** Runs a script that is no module and leaves its library in a global. */
export function loadScript(source) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} did not load`));
    document.head.append(script);
  });
}
