import { bytes } from "./numbers";
import { english } from "./index";

/** The export of a network. */
export const exporting = {
  keras: "The whole network for Keras 3, in Python.",
  kerasWeightsTitle: "Keras weights (HDF5)",
  kerasWeights: "The numbers alone, for a model of the same layers.",
  onnx: "For onnxruntime, and much else, in any language.",
  pytorch: "The numbers, by the names that the PyTorch code has.",
  tensorflow: "A layers model, for other pages: a zip to unpack beside yours.",
  pageTitle: "A page by itself",
  page: "One HTML file that classifies pictures dropped on it, without a network connection.",
  pageUse: "Open the file in a browser, and drop pictures on it.",
  title: "Export the network",
  untrained: "This network has not been trained yet; its weights are as they were drawn.",
  format: "Format",
  howUsed: "How it is used",
  howOpened: "How it is opened",
  copyCode: "Copy the code of the model",
  export: "Export",
  goIn: "Pictures go in",
  goInHelp: "The lab divides every value by 255, or does what the augmentation's options say. That can be the first layer of the file, so that whoever uses it need not know.",
  from0to255: "From 0 to 255",
  prepared: "Prepared already",
  comesOut: "What comes out",
  comesOutHelp: "Probabilities add up to 1. Logits are what softmax or a sigmoid makes them of; some programs want those.",
  asNetworkHasIt: "As the network has it",
  probabilities: "Probabilities",
  logits: "Logits",
  pageName: (data: string | undefined) => `${data ?? "Image"} classifier`,
  writing: "Writing …",
  written: (name: string, size: number) => `${name} is written: ${bytes(size)}.`,
  notWritten: "Nothing was written.",
  codeCopied: "The code is copied.",
  cannotCopy: "Your browser does not allow copying; open the builder, which shows the code.",
};

Object.assign(english, { exporting });
