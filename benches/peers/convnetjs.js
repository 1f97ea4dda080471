import { BATCH, CLASSES, EPSILON, LEARNING_RATE, loadScript, RHO, SIDE } from "./shared.js";

/** ConvNetJS: loops over Float64Arrays, on the page's thread. */
export async function create({ pictures, labels }) {
  await loadScript("node_modules/convnetjs/build/convnet.js");
  const { Net, Trainer, Vol } = globalThis.convnetjs;

  const net = new Net();
  net.makeLayers([
    { type: "input", out_sx: SIDE, out_sy: SIDE, out_depth: 1 },
    { type: "conv", sx: 3, filters: 32, stride: 1, pad: 0, activation: "relu" },
    { type: "pool", sx: 2, stride: 2 },
    { type: "conv", sx: 3, filters: 64, stride: 1, pad: 0, activation: "relu" },
    { type: "pool", sx: 2, stride: 2 },
    { type: "conv", sx: 3, filters: 64, stride: 1, pad: 0, activation: "relu" },
    { type: "fc", num_neurons: 64, activation: "relu" },
    { type: "softmax", num_classes: CLASSES },
  ]);
  // Its windowgrad is RMSprop: steps divided by the root of a running mean of squares.
  const trainer = new Trainer(net, {
    method: "windowgrad",
    learning_rate: LEARNING_RATE,
    ro: RHO,
    eps: EPSILON,
    batch_size: BATCH,
  });

  const inputs = labels.map((_, i) => {
    const input = new Vol(SIDE, SIDE, 1, 0);
    input.w.set(pictures.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE));
    return input;
  });
  const params = net.getParamsAndGrads().reduce((sum, { params }) => sum + params.length, 0);
  return {
    params,
    async step() {
      // It takes pictures one by one and updates after every batch_size of them.
      let loss = 0;
      inputs.forEach((input, i) => (loss += trainer.train(input, labels[i]).loss));
      return loss / BATCH;
    },
  };
}
