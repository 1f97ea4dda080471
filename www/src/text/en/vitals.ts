import { count, plural } from "./numbers";
import { english } from "./index";

/** The dialog of vital signs. */
export const vitals = {
  weights: "Weights (value)",
  gradients: "Gradients (nats per unit)",
  activations: "Activations (value)",
  signOf: {
    weights: (layer: string) => `the weights of ${layer}`,
    gradients: (layer: string) => `the gradients of ${layer}`,
    activations: (layer: string) => `the activations of ${layer}`,
  },
  deadShareOf: (layer: string) => `the share of dead units of ${layer}`,
  ratioOf: (layer: string) => `the ratio of update to weight of ${layer}`,
  columns: { mean: "mean", std: "std", low: "low", high: "high" },
  good: "Good",
  noUnits: "It has no units that can fall silent.",
  noWeights: "It has no weights that learn.",
  title: "Vital signs",
  nothingYet: "Nothing was learned yet. Press Train below: while the run goes on, a snapshot of the network is taken every few seconds and at the end of each epoch, and you see here what is going well and what is not.",
  firstSnapshot: "The first snapshot is being taken …",
  loadFirstSigns: "Load pictures first: the signs are taken with some of them.",
  layerHelp: "Layers with weights or an activation of their own. In a healthy network weights move slowly, gradients are of like size in all layers, and activations do not all become zero.",
  allLayers: "All layers",
  ratioHelp: "How much one step changes the weights of a layer, as a share of their size. About 0.001 is usual (a rule of thumb of Stanford’s course CS231n); 0.0001 to 0.01 is shaded. Far more, and the learning rate is too high; far less, and it is too low.",
  deadHelp: "Filters, or units of a dense layer, whose answer is zero for every picture and place that was looked at. No gradient passes through them, so they learn no more. Some are no harm.",
  columnsFew: "Columns: a snapshot each. Few values",
  columnsMany: "many values, from dark to bright. Numbers are mean ± standard deviation.",
  deadPercent: "Dead units (%)",
  ratioLog: "Update ÷ weight (ratio, logarithmic)",
  only: (name: string) => `Only ${name}`,
  latestAt: (step: number) => `The latest, at step ${count(step)}`,
  inNumbers: (words: string) => `${words} in numbers`,
  latestOfAll: "The latest of every layer",
  snapshotsOf: (layer: string) => `The snapshots of ${layer}`,
  inNumbersName: "Vital signs in numbers",
  step: "Step",
  deadOf: (dead: number, units: number) => `${count(dead)} of ${count(units)}`,
  latestRows: (mostRows: number, snapshots: number) => `The latest ${mostRows}; the CSV has all ${count(snapshots)}.`,
  loading: "The pictures are being loaded …",
  where: (epoch: number, lastEpoch: number, step: number, steps: number) => `Epoch ${epoch} of ${lastEpoch}, batch ${count(step)} of ${count(steps)}.`,
  snapshots: (snapshots: number, step: number, pictures: number) => `${plural(snapshots, "snapshot")}, the latest of step ${count(step)} with ${plural(pictures, "training picture")}.`,
  csvName: "Download the vital signs as CSV",
  noSnapshots: "There are no snapshots yet.",
};

Object.assign(english, { vitals });
