import { BATCH, CLASSES, EPSILON, LEARNING_RATE, loadScript, RHO, SIDE } from "./shared.js";

/** TensorFlow.js with one of its backends. */
export async function create({ pictures, labels }, backend) {
  await loadScript("node_modules/@tensorflow/tfjs/dist/tf.min.js");
  const { tf } = globalThis;
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
  await tf.ready();

  const model = tf.sequential();
  model.add(tf.layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 32, kernelSize: 3, activation: "relu" }));
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }));
  model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  model.add(tf.layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }));
  model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ units: 64, activation: "relu" }));
  model.add(tf.layers.dense({ units: CLASSES, activation: "softmax" }));
  model.compile({
    optimizer: tf.train.rmsprop(LEARNING_RATE, RHO, 0, EPSILON),
    loss: "sparseCategoricalCrossentropy",
  });

  const x = tf.tensor4d(pictures, [BATCH, SIDE, SIDE, 1]);
  const y = tf.tensor2d(labels, [BATCH, 1]);
  return { params: model.countParams(), step: () => model.trainOnBatch(x, y) };
}
