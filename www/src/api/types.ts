/**
 * The types of the public contract. Accuracies and probabilities are shares from 0 to 1,
 * losses are mean cross-entropy in nats, epochs and steps count from 1, indices from 0.
 */
import type { EarlyStopping, LearningRateSchedule, ReduceOnPlateau } from "./option-types";

export type * from "./option-types";

import type { CnnLabError } from "./error";

/** What can be asked for. `auto`: WebGPU where it works, else the CPU. */
export type DeviceChoice = "auto" | DeviceKind;

/**
 * `webgpu` is burn-wgpu with shaders of our own and `cpu` burn-flex with kernels of our own. To
 * compare with: `wgpu` and `flex` are the same without ours, and `ndarray` is burn-ndarray.
 */
export type DeviceKind = "webgpu" | "cpu" | "flex" | "ndarray" | "wgpu";

/** Where the lab computes, and why there. */
export type Device = {
  readonly kind: DeviceKind;
  /** The backend's name, or the graphics adapter's. */
  readonly name: string;
  /** Workers that share each batch, where it is large enough to be cut; 1 on a graphics processor. */
  readonly workers: number;
  /** One plain sentence for a person. */
  readonly reason: string;
};

export type CreateOptions = {
  /** Default `auto`. */
  device?: DeviceChoice | undefined;
  /**
   * CPU workers that share each batch: a whole number of at least 1. Default on `cpu`: one a core,
   * but for one that is left for the page; else 1. Any number of them gives the same losses.
   */
  workers?: number | undefined;
  /** A whole number from 0 to 9e15. Same seed, device and calls: same losses. Default 0. */
  seed?: number | undefined;
  /**
   * Keep a record of every run in this browser (`CnnLab.runs`). Default true; with false, or
   * where the browser has no storage, records last as long as the lab.
   */
  keepRuns?: boolean | undefined;
};

export type Split = "train" | "validation" | "test";

/** Height, width, channels (1: grey, 3: RGB). */
export type Shape = [height: number, width: number, channels: number];

/** A small picture of many pictures, to show a set before it is loaded. */
export type Preview = {
  /** Address of a PNG: `columns` x `rows` pictures of the set's size, without gaps. */
  url: string;
  columns: number;
  rows: number;
  /** The class number of each picture, row by row. */
  labels: number[];
};

/** A set that comes with the lab and can be loaded with `loadBundled(name)`. */
export type BundledSet = {
  name: string;
  title: string;
  /** One sentence. */
  description: string;
  /** Who made it, and the licence. */
  source: string;
  classes: string[];
  shape: Shape;
  /** Training pictures. */
  train: number;
  /** Test pictures. */
  test: number;
  /** Bytes to download for the whole set. */
  bytes: number;
  /** Whether the whole set is in the browser's cache, so that loading costs no download. */
  cached: boolean;
  preview: Preview | null;
};

/** A set that this copy of the lab could not be built with. */
export type MissingSet = { name: string; title: string; /** One sentence. */ reason: string };

export type DatasetInfo = {
  name: string;
  classes: string[];
  shape: Shape;
  /** Pictures in each split. */
  splits: Record<Split, number>;
  /** Pictures of each class, in each split. */
  counts: Record<Split, number[]>;
  /** What was passed over while loading. */
  warnings: FileWarning[];
  /** Of all its pixels. */
  bytes: number;
  /** Whether the pixels are in the browser's storage, because they are too many for memory. */
  paged: boolean;
  /** Which splits the set came with; `split` leaves these as they are. */
  given: { validation: boolean; test: boolean };
};

/** Something that was passed over, and why. */
export type FileWarning = { file: string; message: string };

/** How far something is. Files are counted while they are being found: their total is 0, not known yet. */
export type Progress = { done: number; total: number; unit: "bytes" | "pictures" | "batches" | "files" | "steps" };

export type LoadOptions = {
  /** At most so many pictures of each split; all by default. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
};

/** What files can be loaded from; a drop's or a paste's `DataTransfer` has to be handed over within its event. */
export type FileSource = Iterable<File> | DataTransfer | FileSystemDirectoryHandle;

export type LoadFilesOptions = {
  /** Height and width to bring every picture to. Suggested from the pictures by default. */
  size?: [height: number, width: number] | undefined;
  /** Default: grey where every picture that was looked at is grey. */
  color?: "rgb" | "grayscale" | undefined;
  /** Where the sides differ: stretch (default), crop to the middle, or pad with black. */
  fit?: Fit | undefined;
  /** How pixels are averaged. Default `triangle`: linear, over all pixels where it shrinks. */
  filter?: Filter | undefined;
  /** The column with the labels of a table: its name, or its place from 0. */
  labelColumn?: string | number | undefined;
  /** The class of pictures that lie in no folder. */
  className?: string | undefined;
  /** At most so many pictures of each split, spread evenly over the classes. */
  limit?: number | undefined;
  /**
   * Who decodes pictures: the lab's own code (default), or first the browser's, which also knows
   * AVIF. Both give the same pixels for PNG. Measured on two cores in Chromium 156, pictures
   * a second: photos of 374 x 440 at the median 363 and 241, pictures of 32 x 32 11,900 and 1,300.
   */
  decoder?: "core" | "browser" | undefined;
  signal?: AbortSignal | undefined;
  /** First the files that were found, then the pictures that were read. */
  onProgress?: ((progress: Progress) => void) | undefined;
};

export type Fit = "stretch" | "crop" | "pad";

export type Filter = "triangle" | "nearest" | "catmull-rom" | "lanczos3";

/** What loading files would give. */
export type FilesInfo = {
  name: string;
  /** One phrase: "a folder of pictures". */
  kind: string;
  /** Whether a table is among the files, so that its `labelColumn` can be chosen. */
  table: boolean;
  classes: string[];
  shape: Shape;
  splits: Record<Split, number>;
  counts: Record<Split, number[]>;
  /** Of the files. */
  bytes: number;
  warnings: FileWarning[];
  /** What the pixels take, what may stay in memory, and whether the rest goes to the browser's storage. */
  memory: { bytes: number; budget: number; paged: boolean };
};

export type AddPicturesOptions = {
  /** Of all these pictures; a class that is not there yet is made. */
  className: string;
  /** Default `train`. */
  split?: Split | undefined;
  /** Begins a new set in place of the present one. Without a set, one is begun in any case. */
  begin?: boolean | undefined;
  /** Height and width of a set that is begun. Default 64 x 64. */
  size?: [height: number, width: number] | undefined;
  /** Of a set that is begun. Default `rgb`. */
  color?: "rgb" | "grayscale" | undefined;
  /** Default: as the set was loaded, else `crop`. */
  fit?: Fit | undefined;
  /** Default: as the set was loaded, else `triangle`. */
  filter?: Filter | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
};

export type GalleryOptions = {
  split: Split;
  /** Only this class. */
  label?: number | undefined;
  /** The first picture, counted among those of the split and class. Default 0. */
  offset?: number | undefined;
  /** At most so many. Default 60. */
  count?: number | undefined;
};

/** Some pictures of a split. */
export type Gallery = {
  /** Pictures of the split and class. */
  total: number;
  pictures: {
    /** In the split. */
    index: number;
    label: number;
    name: string;
    /** Of the file's picture, before it was brought to the set's size. */
    size: [height: number, width: number];
    pixels: ImageData;
  }[];
};

export type DatasetStatistics = {
  /** Of each channel over the training split, from 0 to 1. */
  mean: number[];
  std: number[];
  /** The sizes of the files' pictures, the most frequent first, at most 50. */
  sizes: { width: number; height: number; count: number }[];
  /** Pictures with the same pixels in two splits; at most 100 groups are listed. */
  duplicates: { total: number; groups: { split: Split; index: number; name: string }[][] };
  /** Pictures that were excluded. */
  excluded: number;
};

/** A set that is remembered in this browser. */
export type RememberedSet = {
  name: string;
  pictures: number;
  /** Of storage. */
  bytes: number;
  shape: Shape;
  classes: string[];
};

/**
 * How training pictures are changed each time they are learned from: Keras's
 * `ImageDataGenerator` by its names, and `random_crop` (pixels of padding), `cutout` (side in
 * pixels), `mixup` (alpha) and `color_jitter` beside it. Shifts of less than 1 are shares.
 */
export type Augmentation = {
  /** Degrees. */
  rotation_range?: number;
  width_shift_range?: number;
  height_shift_range?: number;
  /** Degrees. */
  shear_range?: number;
  zoom_range?: number | [number, number];
  horizontal_flip?: boolean;
  vertical_flip?: boolean;
  brightness_range?: [number, number];
  channel_shift_range?: number;
  fill_mode?: "nearest" | "constant" | "reflect" | "wrap";
  cval?: number;
  rescale?: number;
  samplewise_center?: boolean;
  samplewise_std_normalization?: boolean;
  featurewise_center?: boolean;
  featurewise_std_normalization?: boolean;
  zca_whitening?: boolean;
  zca_epsilon?: number;
  random_crop?: number;
  cutout?: number;
  mixup?: number;
  color_jitter?: { brightness?: number; contrast?: number; saturation?: number; hue?: number };
};

export type SplitOptions = {
  /** Share of the training pictures to validate with, from 0 up to 1. */
  validation?: number | undefined;
  /** Share to test with, for a set that has no test pictures of its own. */
  test?: number | undefined;
  /** Repeats the draw. */
  seed?: number | undefined;
};

/** An optimizer by Keras's names: `{ name: "rmsprop", learning_rate: 0.001 }`. */
export type OptimizerSpec = { name: string; learning_rate?: number | LearningRateSchedule; [option: string]: unknown };

/** A loss by Keras's name with its options: `{ name: "categorical_crossentropy", label_smoothing: 0.1 }`. */
export type LossSpec = { name: string; label_smoothing?: number; [option: string]: unknown };

/** A layer by Keras's names: `{ layer: "Conv2D", filters: 32, kernel_size: 3 }`. */
export type LayerSpec = { layer: string; name?: string; [option: string]: unknown };

/** A pretrained network on which a network can be built, such as `{ layer: "MobileNetV2", weights: "imagenet" }`. */
export type Base = {
  name: string;
  title: string;
  /** What a list of layers calls it. */
  layer: string;
  /** Height and width of the pictures that it learned from. */
  side: number;
  /** How many classes its own head tells apart, with `include_top: true`; null: it has none. */
  classes: number | null;
  /** Bytes to download for its weights. */
  bytes: number;
  /** The pictures that it learned from. */
  trainedOn: string;
  /** Where the weights come from, and their licence. */
  source: string;
  licence: string;
  /** Whether the weights are in the browser's cache, so that they cost no download. */
  cached: boolean;
};

/** A network as a list of layers, in Keras's own names. */
export type ModelSpec = {
  input_shape: Shape | number[];
  layers: LayerSpec[];
  compile?: {
    optimizer?: OptimizerSpec | string;
    loss?: LossSpec | string;
    metrics?: string[];
  };
};

/** A network of the lessons, made for one shape of pictures and number of classes. */
export type Preset = {
  name: string;
  title: string;
  /** One sentence. */
  description: string;
  spec: ModelSpec;
  /** What trains it well. */
  epochs: number;
  batchSize: number;
};

/** What Keras's `model.summary()` prints. */
export type Summary = {
  layers: {
    name: string;
    layer: string;
    /** The batch first, as `null`. */
    outputShape: (number | null)[];
    params: number;
    /** False: frozen, training leaves its weights as they are. */
    trainable: boolean;
    /** The pretrained network that its weights come from. */
    base?: string;
  }[];
  totalParams: number;
  trainableParams: number;
};

/** What one layer takes to compute, and how much of the picture it sees. */
export type LayerCost = {
  /** Height and width of the part of the picture that one of its values depends on, at most the picture. */
  receptiveField: [height: number, width: number];
  /** Multiplications with an addition each, for one picture. */
  multiplyAdds: number;
  /** Values that it gives for one picture; four bytes each. */
  values: number;
};

/** A network that was read and checked, and not taken. */
export type ModelInfo = {
  summary: Summary;
  /** With every default written out. */
  spec: ModelSpec;
  /** A cost a layer, in the summary's order. */
  costs: LayerCost[];
  /** Why it cannot be trained, such as an end that is no class's; null where it can. */
  untrainable: CnnLabError | null;
  /** What the text says of training, as Keras's `fit` has it: options for `train`. */
  fit: FitOptions;
  /** The share of the training pictures that the text validates with; null where it says nothing. */
  validationSplit: number | null;
  /** What reading the text left out, and why. */
  notes: string[];
};

/** What a text of a model says of training it. */
export type FitOptions = Omit<TrainOptions, "signal" | "resume" | "steps">;

/** A program that makes the same network. */
export type ModelTextFormat = "keras" | "pytorch" | "burn";

export type TrainOptions = {
  /** Default 1, or as many as `steps` needs. */
  epochs?: number | undefined;
  /** Pictures a step. Default 32. */
  batchSize?: number | undefined;
  /** Stop after so many steps; the run can be resumed. */
  steps?: number | undefined;
  /** Another optimizer than the model's. */
  optimizer?: OptimizerSpec | string | undefined;
  /** Another step size than the optimizer's; with a `schedule`, the rate that it begins at where it does not say so itself. */
  learningRate?: number | undefined;
  /** How the step size changes from step to step, counted from the run's first. Not beside `reduceOnPlateau`. */
  schedule?: LearningRateSchedule | undefined;
  /** End the run when a figure stops improving; true: with Keras's defaults. Off by default. */
  earlyStopping?: boolean | EarlyStopping | undefined;
  /** Reduce the step size when a figure stops improving; true: with Keras's defaults. Off by default. */
  reduceOnPlateau?: boolean | ReduceOnPlateau | undefined;
  /** How training pictures are changed each time they are learned from; not at all by default. */
  augmentation?: Augmentation | undefined;
  /** What each class counts in the loss: a number a class, or `balanced` for rare ones to count as much as frequent ones. */
  classWeight?: "balanced" | number[] | undefined;
  /** Shuffle every epoch. Default true. */
  shuffle?: boolean | undefined;
  /** Measure the validation split after every epoch. Default true. */
  validate?: boolean | undefined;
  /**
   * Go on with the run that was stopped or loaded. By default training starts `epochs` more
   * epochs from the present weights, like a second `fit()`.
   */
  resume?: boolean | undefined;
  /** Aborting stops the run, which can be resumed, and rejects with code `aborted`. */
  signal?: AbortSignal | undefined;
};

/** What can be changed while a run goes on. */
export type TrainUpdate = {
  /** From the next step on. Ends a schedule. */
  learningRate?: number | undefined;
  /** The run's last epoch. */
  epochs?: number | undefined;
  /** Pictures a step, from the next epoch on. */
  batchSize?: number | undefined;
};

/**
 * What training pictures go through is being fitted to them, before the first step: for
 * `zca_whitening`, `featurewise_center` and `featurewise_std_normalization`. Or, where the first
 * layers are frozen and pictures are not augmented, what these layers make of each picture is
 * computed once and kept; a later run finds what was computed. A run that is stopped meanwhile
 * leaves everything as it was, and cannot be resumed.
 */
export type FittingEvent = {
  type: "fitting";
  /** The whitening matrix, means and deviations, or what frozen layers make of the pictures. */
  what: "whitening" | "statistics" | "features";
  /** The pictures that it is fitted to, or computed of. */
  pictures: number;
  /** How much of the work is done, from 0 to 1, about in step with the time; 1 where steps follow. */
  share: number;
};

export type StepEvent = {
  type: "step";
  /** Counted over the life of the weights. */
  epoch: number;
  /** Within the epoch. */
  step: number;
  /** Steps in an epoch; another number where the batch size was changed meanwhile. */
  steps: number;
  /** Steps over the life of the weights. */
  globalStep: number;
  /** Of this step's batch. */
  loss: number;
  /** Of this step's batch. */
  accuracy: number;
  /** Pictures in the batch. */
  images: number;
  /** What the step was taken with. */
  learningRate: number;
  /** Training speed over about the last second, validation and pauses left out. */
  imagesPerSecond: number;
};

export type EpochEvent = {
  type: "epoch";
  epoch: number;
  /** Mean over the epoch's steps, as Keras prints it. */
  loss: number;
  accuracy: number;
  /** Over the validation split after the epoch; absent where none was measured. */
  valLoss?: number;
  valAccuracy?: number;
  /** Of the epoch's last step. */
  learningRate?: number;
  /** Time that the epoch took, validation included and pauses left out. */
  seconds: number;
};

export type WarningEvent = { type: "warning"; code: string; message: string };

/** The lab could go on from here after a failure. */
export type CheckpointEvent = { type: "checkpoint"; /** Over the life of the weights. */ step: number };

export type DoneEvent = {
  type: "done";
  /**
   * `finished`: all epochs or steps. `stopped`: by `stop()`. `early-stopping`: what it watched
   * stopped improving. `diverged`: the loss is no number any more; the last good weights stand
   * again, and the `warning` event before this one says which.
   */
  reason: "finished" | "stopped" | "early-stopping" | "diverged";
  /** The epoch whose weights were put back, the best; absent where the last ones stand. */
  restoredEpoch?: number;
};

export type TrainEvent = FittingEvent | StepEvent | EpochEvent | WarningEvent | CheckpointEvent | DoneEvent;

/** Where a run begins and how long it is. */
export type RunInfo = {
  /** Its first epoch. */
  epoch: number;
  /** Its last epoch. */
  epochs: number;
  /** Steps taken before it, over the life of the weights. */
  step: number;
  stepsPerEpoch: number;
  /** Steps that it takes. */
  totalSteps: number;
  batchSize: number;
  /** Batches of validation after each epoch. */
  validationBatches: number;
  /** Whether something is fitted to the pictures before the first step; `fitting` events tell how far that is. */
  fitting: boolean;
};

/** Everything that happened to the present weights, for charts. */
export type History = {
  /** The learning rate is known of the steps that were taken in this lab, not of those in a checkpoint. */
  steps: { epoch: number; loss: number; accuracy: number; learningRate?: number }[];
  epochs: { epoch: number; loss: number; accuracy: number; valLoss?: number; valAccuracy?: number; learningRate?: number }[];
};

/** The run that a loaded checkpoint was saved in. */
export type SavedRun = {
  epoch: number;
  /** Steps taken in that epoch. */
  step: number;
  /** Its last epoch. */
  epochs: number;
  batchSize: number;
  /** Whether nothing is left to resume. */
  finished: boolean;
  optimizer: string;
  learningRate: number;
};

export type SetModelOptions = {
  /** Ends the download of a pretrained network. */
  signal?: AbortSignal | undefined;
  /** Bytes of a pretrained network, where one is downloaded. */
  onProgress?: ((progress: Progress) => void) | undefined;
};

export type EvaluateOptions = {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
};

export type Evaluation = {
  loss: number;
  accuracy: number;
  /** Pictures measured. */
  count: number;
  /** Pictures by [true class][predicted class]. */
  confusion: number[][];
  /** Scores that are not defined are null. */
  perClass: {
    label: string;
    precision: number | null;
    recall: number | null;
    f1: number | null;
    /** Pictures of this class. */
    support: number;
  }[];
  /** The predictions with the highest loss, highest first. */
  worst: { index: number; label: number; predicted: number; loss: number; probabilities: number[] }[];
  /** The share of pictures whose true class is among the k likeliest, for k from 1 to 5 or the number of classes. */
  topK: number[];
  /** Means over the classes where a score is defined: each class counting once, and as often as it has pictures. */
  macroAverage: Averages;
  weightedAverage: Averages;
  /** Mean recall of the classes that the split has. */
  balancedAccuracy: number | null;
  calibration: Calibration;
  /** Every picture's prediction, in the order of the split. */
  predictions: Predictions;
};

export type Averages = { precision: number | null; recall: number | null; f1: number | null };

/** How far the network's confidence can be trusted (Guo and others 2017). */
export type Calibration = {
  /** Pictures by the probability of the class that they were taken for. */
  bins: {
    /** Above this. */
    low: number;
    /** Up to this. */
    high: number;
    count: number;
    /** Their mean; null where there are no pictures. */
    confidence: number | null;
    /** The share classified rightly. */
    accuracy: number | null;
  }[];
  /** Expected calibration error: the mean distance of confidence and accuracy. */
  expectedError: number | null;
  /** The largest of these distances. */
  maximumError: number | null;
};

export type Predictions = {
  labels: Uint16Array<ArrayBuffer>;
  predicted: Uint16Array<ArrayBuffer>;
  losses: Float32Array<ArrayBuffer>;
  /** [picture][class]; empty where there would be more than 16 million. */
  probabilities: Float32Array<ArrayBuffer>;
};

export type Prediction = { label: string; probability: number }[];

/** `count` maps of `height` x `width`, one after another, row by row. */
export type FeatureMaps = {
  layer: string;
  count: number;
  height: number;
  width: number;
  data: Float32Array<ArrayBuffer>;
  /** Of kernels: what is added to each filter's sums; absent where nothing is, and for maps. */
  bias?: Float32Array<ArrayBuffer>;
};

/** One picture of the loaded set. */
export type Picture = { pixels: ImageData; label: number; name: string };

/**
 * What `save` can be asked for. A `checkpoint` holds all that training needs to go on; the others
 * hold the trained network: `safetensors` with the names of the PyTorch module that
 * `writeModel("pytorch")` gives, `keras` for `keras.models.load_model`, `keras-weights` for
 * `model.load_weights`, `onnx`, `tensorflow-js` for `tf.loadLayersModel`, and `html`, one page
 * that classifies pictures by itself.
 */
export type SaveFormat = "checkpoint" | ExportFormat;
export type ExportFormat = "safetensors" | "keras" | "keras-weights" | "onnx" | "tensorflow-js" | "html";

/** How `save` writes a network for others. */
export type ExportOptions = {
  /** `keras`, `onnx`, `tensorflow-js`: the network takes values from 0 to 255 and prepares them itself. Default true. */
  preprocessing?: boolean;
  /** The same three: probabilities come out, or what softmax makes them of. As the network has it by default. */
  softmax?: boolean;
  /** The heading of the `html` page. */
  title?: string;
  signal?: AbortSignal;
};

export type * from "./look-types";
export type * from "./run-types";
export type * from "./session-types";
