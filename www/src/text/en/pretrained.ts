import { bytes, count, decimal, shape } from "./numbers";
import { english } from "./index";

/** The part of the network's panel for a pretrained one. */
export const pretrained = {
  intro: (title: string, trainedOn: string, size: string, licence: string) => `${title} learned from ${trainedOn}. Its weights (${size}, ${licence}) are downloaded once and kept in this browser; your pictures stay here.`,
  showIt: "Show it something: drop a picture on the page, press “File …” in Inside, or turn on the camera there. Look inside … shows what it looks at.",
  load: (size: string) => `Load ${size}`,
  loaded: (done: number, total: number, left: string) => `${bytes(done)} of ${bytes(total)}${left}`,
  cancelName: "Cancel; the network in use stays",
  smallPictures: (sizes: readonly (number | null)[], goodSide: number) => `It learned from larger pictures than these (${shape(sizes)}), and does better with them: where yours are larger, load them at ${goodSide}\u202f×\u202f${goodSide}.`,
  tableName: "The layers, with their output shapes, numbers of parameters and whether they learn",
  shapeParams: "Output shape, params",
  learns: "Learns",
  trainable: "Trainable",
  learnsTitle: "Training changes its weights",
  frozenTitle: "Frozen: training leaves its weights as they are",
  nameLearns: (name: string) => `${name} learns`,
  lastBlocks: "Last blocks to set free",
  ofBlocks: (all: number) => `of ${all}`,
  lastBlocksHelp: "How many blocks at the end of the pretrained network learn too; 0: none. Its batch normalisations stay frozen, as is usual: a few pictures would spoil the means that they have of many. Weights stay; a run that was stopped cannot go on after it.",
  setFree: "Set free",
  fineTuning: "Train the new layers first. Then set the last blocks free, and go on with a small learning rate: fine-tuning.",
  normsFrozen: (smallRate: number) => `Batch normalisations stay frozen. Large steps spoil what the free blocks know: use a learning rate of ${decimal(smallRate, 5)}.`,
  rateOf: (smallRate: number) => `Learning rate ${decimal(smallRate, 5)}`,
  setRate: (smallRate: number) => `Set the learning rate to ${decimal(smallRate, 5)}`,
  smallAlready: "It is that small already.",
  nowTrainable: (trainableParams: number) => `${count(trainableParams)} parameters are trainable now.`,
};

Object.assign(english, { pretrained });
