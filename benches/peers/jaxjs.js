import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { BATCH, CLASSES, EPSILON, LEARNING_RATE, randomNumbers, RHO, SIDE } from "./shared.js";

/** Channels come first here: kernels are [out, in, height, width]. */
const SHAPES = [[32, 1, 3, 3], [64, 32, 3, 3], [64, 64, 3, 3], [576, 64], [64, CLASSES]];

/** jax-js on one of its devices; a whole step is one compiled function. */
export async function create({ pictures, labels }, device) {
  if (!(await init(device)).includes(device)) throw new Error(`no device ${device}`);
  defaultDevice(device);

  const random = randomNumbers(2);
  let params = SHAPES.flatMap((shape) => startingParams(shape, random));
  let squares = params.map(({ shape }) => np.zeros(shape));
  const count = params.reduce((sum, { size }) => sum + size, 0);

  const x = np.array(pictures).reshape([BATCH, 1, SIDE, SIDE]);
  const y = np.array(Float32Array.from({ length: BATCH * CLASSES }, (_, i) => Number(labels[Math.floor(i / CLASSES)] === i % CLASSES))).reshape([BATCH, CLASSES]);

  const update = jit(rmsprop);
  return {
    params: count,
    async step() {
      // A call consumes its arguments; .ref keeps those that the next step needs too.
      const [loss, newParams, newSquares] = update(params, squares, x.ref, y.ref);
      params = newParams;
      squares = newSquares;
      // The update itself is part of the step, not only the loss.
      await blockUntilReady([params, squares]);
      return loss.jsAsync();
    },
  };
}

/** Glorot's uniform weights, as Keras starts with, and biases of zero. */
function startingParams(shape, random) {
  const isConv = shape.length === 4;
  const [fanIn, fanOut] = isConv ? [9 * shape[1], 9 * shape[0]] : shape;
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  const size = shape.reduce((product, side) => product * side, 1);
  const weights = Float32Array.from({ length: size }, () => limit * (2 * random() - 1));
  return [np.array(weights).reshape(shape), np.zeros(isConv ? [shape[0], 1, 1] : [shape[1]])];
}

/** Mean cross-entropy over the batch. */
function crossEntropy([w1, b1, w2, b2, w3, b3, w4, b4, w5, b5], x, y) {
  const conv = (input, kernel, bias) => nn.relu(lax.conv(input, kernel, [1, 1], "VALID").add(bias));
  const pool = (input) => lax.reduceWindow(input, np.max, [2, 2], [2, 2]);
  const maps = conv(pool(conv(pool(conv(x, w1, b1)), w2, b2)), w3, b3);
  const hidden = nn.relu(np.dot(maps.reshape([BATCH, 576]), w4).add(b4));
  const logits = np.dot(hidden, w5).add(b5);
  return nn.logSoftmax(logits).mul(y).sum().mul(-1 / BATCH);
}

/** One step; the library itself has no optimizers. */
function rmsprop(params, squares, x, y) {
  const [loss, grads] = valueAndGrad(crossEntropy)(tree.ref(params), x, y);
  const newParams = [];
  const newSquares = [];
  params.forEach((param, i) => {
    const grad = grads[i];
    const square = squares[i].mul(RHO).add(grad.ref.mul(grad.ref).mul(1 - RHO));
    newSquares.push(square.ref);
    newParams.push(param.sub(grad.mul(LEARNING_RATE).div(np.sqrt(square.add(EPSILON)))));
  });
  return [loss, newParams, newSquares];
}
