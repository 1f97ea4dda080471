import { siteBase } from "./base";
import {
  checkAugmentation,
  checkFlag,
  checkFunction,
  checkLayer,
  checkName,
  checkNumber,
  checkObject,
  checkOneOf,
  checkOptions,
  checkPlace,
  checkSeed,
  checkSignal,
  checkText,
  checkTexts,
  checkWatched,
  checkWhole,
} from "./check";
import { checkFiles, checkReading } from "./check-files";
import { checkFinder, checkTraining, trainOptionNames } from "./check-training";
import { costsOf } from "./costs";
import { abortedError, CnnLabError, optionError, stateError } from "./error";
import { checkExport, exported, exportFormats, imported, isForeign } from "./formats";
import type * as Analyzing from "./analyzing";
import { Host } from "./host";
import type * as Looking from "./looking";
import type * as Restoring from "./restore-session";
import { readModel } from "./model-text";
import { withHead } from "./pretrained";
import { OwnPictures, toPicture } from "./own-pictures";
import type { Edit, Loaded } from "./protocol";
import { takeLoaded, takeModel, takeRebuilt, takeTrainable } from "./recovery";
import { RunLog } from "./run-log";
import { RunState } from "./run-state";
import { SessionLog } from "./session-log";
import { TrainRun } from "./train-run";
import type {
  AddPicturesOptions,
  Attribution,
  AttributionOptions,
  Augmentation,
  Base,
  BundledSet,
  CreateOptions,
  CrossValidation,
  CrossValidationOptions,
  Curves,
  DatasetInfo,
  DatasetStatistics,
  Device,
  Embedded,
  EmbedOptions,
  EvaluateOptions,
  Evaluation,
  Exciting,
  ExcitingOptions,
  FeatureMaps,
  FilesInfo,
  FileSource,
  FitOptions,
  FinderOptions,
  FoundLearningRate,
  Gallery,
  GalleryOptions,
  Hidden,
  HiddenOptions,
  History,
  KeepOptions,
  LoadFilesOptions,
  LoadOptions,
  Maximized,
  MaximizeOptions,
  MissingSet,
  ModelInfo,
  ModelSpec,
  ModelTextFormat,
  Picture,
  Prediction,
  Preset,
  RememberedSet,
  RestoredSession,
  RestoreOptions,
  RunRecord,
  SavedRun,
  ExportOptions,
  SaveFormat,
  Session,
  SetModelOptions,
  SlowMotion,
  Split,
  SplitOptions,
  Summary,
  TrainOptions,
  Vitals,
} from "./types";

const devices = ["auto", "webgpu", "cpu", "flex", "ndarray", "wgpu"] as const;
const splits = ["train", "validation", "test"] as const;
const programs = ["keras", "pytorch", "burn"] as const;
const formats = ["checkpoint", ...exportFormats] as const;

/**
 * A lab: one data set, one network and its training, in a worker of its own.
 *
 * ```ts
 * const lab = await CnnLab.create();
 * await lab.loadBundled("mnist");
 * const [convnet] = await lab.presets();
 * await lab.setModel(convnet.spec);
 * for await (const event of lab.train({ epochs: 5, batchSize: 64 })) console.log(event);
 * console.log((await lab.evaluate("test")).accuracy);
 * ```
 *
 * Every promise that rejects carries a `CnnLabError` with a stable `code`; what was loaded
 * and trained is then as it was. Beside those named at each method, any call can reject with
 * `option` (a wrong argument, named in `field`), `panic` or `device-lost` (the core or the
 * graphics device failed; a fresh worker takes over from the last checkpoint, so the call can
 * be made again) and `state` (the lab was disposed of).
 *
 * Events: `device` (a `CustomEvent<Device>`: it changed after failures) and `warning` (a
 * `CustomEvent<WarningEvent>`: something failed and was made good) and `runs` and `sessions` (what
 * `runs()` or `sessions()` gives has changed, here or in another tab).
 */
export class CnnLab extends EventTarget {
  #host!: Host;
  #own!: OwnPictures;
  #runs!: RunLog;
  #sessions!: SessionLog;
  /** The last run; it may be over. */
  #last: { run: TrainRun; state: RunState } | null = null;
  #missing: MissingSet[] = [];
  #fit: FitOptions = {};

  /** Use `CnnLab.create`. @internal */
  private constructor() {
    super();
  }

  /**
   * Starts a worker on the device that is asked for, and trains one small step where that is
   * WebGPU, to see whether it works.
   *
   * Rejects with `webgpu-unavailable` or `webgpu-failed` where WebGPU was asked for by name,
   * `unsupported` where the browser is too old, or has no SIMD and ndarray was asked for,
   * `network` where the program cannot be loaded.
   */
  static async create(options: CreateOptions = {}): Promise<CnnLab> {
    checkOptions(options, ["device", "workers", "seed", "keepRuns"]);
    const device = checkOneOf("device", options.device ?? "auto", devices);
    checkWhole("workers", options.workers, 1);
    checkSeed(options.seed);
    checkFlag("keepRuns", options.keepRuns);
    const lab = new CnnLab();
    const tell = (type: string, detail: unknown): void => {
      lab.dispatchEvent(new CustomEvent(type, { detail }));
    };
    lab.#host = await Host.open(
      {
        spawn: () =>
          new Worker(new URL("../worker/worker.ts", import.meta.url), {
            type: "module",
            name: "cnn-lab",
          }),
        base: siteBase(),
        seed: options.seed ?? 0,
        workers: options.workers,
        onWarning: (warning) => tell("warning", warning),
        onDevice: (changed) => tell("device", changed),
        onCheckpoint: () => lab.#sessions.checkpointed(),
      },
      device,
    );
    lab.#own = new OwnPictures(lab.#host);
    const host = lab.#host;
    const { seed = 0, keepRuns = true } = options;
    lab.#runs = new RunLog({ memory: host.memory, device: () => host.device.kind, seed }, keepRuns, () => lab.dispatchEvent(new Event("runs")));
    lab.#sessions = new SessionLog({
      memory: host.memory,
      device: () => host.device.kind,
      onChange: () => lab.dispatchEvent(new Event("sessions")),
      onWarning: (error) => lab.#warn(error),
    });
    return lab;
  }

  /** Where the lab computes, and why there. */
  get device(): Device {
    return this.#host.device;
  }

  /** The loaded data set; null before the first. */
  get dataset(): DatasetInfo | null {
    return this.#host.memory.dataset;
  }

  /** The present network with every default written out; null before the first. */
  get spec(): ModelSpec | null {
    return this.#host.memory.model?.spec ?? null;
  }

  /** The present network's layers and parameter counts; null before the first. */
  get summary(): Summary | null {
    return this.#host.memory.model?.summary ?? null;
  }

  /**
   * What the present network's outputs stand for, in their order, as far as that was known when it was
   * taken: the classes of a pretrained head, of a file, or of the pictures.
   */
  get classes(): readonly string[] {
    return this.#host.memory.classes;
  }

  /** What happened to the present weights, also before a checkpoint was saved. Only read it. */
  get history(): History {
    return this.#host.memory.history;
  }

  /** The run that the loaded checkpoint was saved in, until another run begins; else null. */
  get savedRun(): SavedRun | null {
    return this.#host.memory.savedRun;
  }

  /** The run that goes on or is paused; else null. */
  get run(): TrainRun | null {
    return this.#last && !this.#last.state.over ? this.#last.run : null;
  }

  /** The sets that this copy of the lab could not be built with; known after `bundled()`. */
  get missing(): readonly MissingSet[] {
    return this.#missing;
  }

  /**
   * The data sets that come with the lab, and what each costs to load.
   * Rejects with `network` or `data-missing` where the list cannot be had.
   */
  async bundled(): Promise<BundledSet[]> {
    const { sets, missing } = await this.#host.call("bundled", []);
    this.#missing = missing;
    return sets;
  }

  /**
   * Loads a bundled data set in place of the present one, which stays where this fails. While
   * one load goes on, another one, of whatever kind, aborts it. Progress is in bytes. What was downloaded is kept in the browser's cache.
   *
   * Rejects with `data-missing` (no such set or file), `network`, `shard-truncated`,
   * `shard-corrupt` (each after a second try), `aborted`, or `state` during a run.
   */
  async loadBundled(name: string, o: LoadOptions = {}): Promise<DatasetInfo> {
    checkText("name", name);
    checkOptions(o, ["limit", "signal", "onProgress"]);
    const { limit, signal, onProgress } = o;
    checkWhole("limit", limit, 1);
    checkSignal(signal);
    checkFunction("onProgress", onProgress);
    this.#refuseDuringRun("load other data");
    const { memory } = this.#host;
    const own = this.#own.takePlace(signal);
    const dataset = await this.#host.call("loadBundled", [{ name, limit }], { signal: own, onProgress });
    Object.assign(memory, { source: { kind: "bundled", name, limit }, edits: [], remembered: null, dataset });
    return dataset;
  }

  /**
   * What `loadFiles` would give with these files and options; changes nothing. Ask it for the
   * suggested size before loading, and again whenever an option changes: what a `DataTransfer`
   * held is kept for the later calls with the same one.
   *
   * Rejects as `loadFiles` does, and with `aborted` when another look begins.
   */
  async inspectFiles(files: FileSource, o: LoadFilesOptions = {}): Promise<FilesInfo> {
    checkFiles(files, o);
    return this.#own.inspect(files, o);
  }

  /**
   * Loads the user's own pictures in place of the present set, which stays where this fails
   * or is aborted. `files` is a file or folder input's list, a drop's or a paste's
   * `DataTransfer` (call this within the event), or a folder's handle: folders of classes,
   * with or without train, validation and test folders above them, a zip or tar of such,
   * IDX, CIFAR or CSV. Files that cannot be read are among the warnings.
   *
   * Nothing leaves the tab. Past a budget of memory (`FilesInfo.memory`) the pixels are kept
   * in the browser's storage. While one load goes on, another one, of whatever kind, aborts it.
   *
   * Rejects with `data-missing` where there is nothing to learn from, `files` for a file that
   * is not what it says, `option`, `quota` where the browser's storage is full, `aborted`, or `state` during a run.
   */
  async loadFiles(files: FileSource, o: LoadFilesOptions = {}): Promise<DatasetInfo> {
    checkFiles(files, o);
    this.#refuseDuringRun("load other data");
    return this.#own.load(files, o);
  }

  /**
   * Adds pictures, from files, a camera or a canvas, to a class of the present set; begins a
   * set with them where there is none or `begin` is given. One class is enough to begin, but
   * training needs two. A picture that cannot be read is among the warnings.
   *
   * Rejects with `files` where none can be read, `option`, `aborted`, `state` during a run.
   */
  async addPictures(
    pictures: Iterable<Blob | ImageBitmapSource>,
    o: AddPicturesOptions,
  ): Promise<DatasetInfo> {
    checkObject("pictures", pictures, "a list of files, images or canvases");
    checkOptions(o, ["className", "split", "begin", "size", "color", "fit", "filter", "signal", "onProgress"]);
    checkName("className", (o as AddPicturesOptions | undefined)?.className);
    checkFlag("begin", o.begin);
    if (o.split !== undefined) checkOneOf("split", o.split, splits);
    checkReading(o);
    this.#refuseDuringRun("add pictures");
    return this.#own.add(pictures, o);
  }

  /** Pictures of a split, for a gallery. Rejects with `option` for a class that is not there, `state` without data. */
  async gallery(o: GalleryOptions): Promise<Gallery> {
    checkOptions(o, ["split", "label", "offset", "count"]);
    const { split, label, offset, count } = o;
    checkOneOf("split", split, splits);
    checkWhole("label", label, 0);
    checkWhole("offset", offset, 0);
    checkWhole("count", count, 1);
    const { total, width, height, indices, labels, sizes, names, pixels } = await this.#host.call("gallery", [
      { split, ...(label !== undefined && { label }), offset: offset ?? 0, count: count ?? 60 },
    ]);
    const bytes = 4 * width * height;
    const pictures = names.map((name, i): Gallery["pictures"][number] => ({
      index: indices[i] ?? 0,
      label: labels[i] ?? 0,
      name,
      size: [sizes[2 * i] ?? height, sizes[2 * i + 1] ?? width],
      pixels: new ImageData(new Uint8ClampedArray(pixels.buffer, pixels.byteOffset + i * bytes, bytes), width, height),
    }));
    return { total, pictures };
  }

  /** Gives a class another name. Rejects with `option` for a name that another one has, `state` during a run. */
  async renameClass(label: number, name: string): Promise<DatasetInfo> {
    checkPlace("label", label);
    checkName("name", name);
    return this.#edit({ kind: "rename", label, name });
  }

  /** Gives all pictures of one class to another; the labels above the one that is gone move down. */
  async mergeClasses(from: number, into: number): Promise<DatasetInfo> {
    checkPlace("from", from);
    checkPlace("into", into);
    return this.#edit({ kind: "merge", from, into });
  }

  /** Takes a class with its pictures out of the set; the labels above it move down. */
  async dropClass(label: number): Promise<DatasetInfo> {
    checkPlace("label", label);
    return this.#edit({ kind: "drop", label });
  }

  /** Takes a picture out of the set; the indices above it move down. */
  async exclude(split: Split, index: number): Promise<DatasetInfo> {
    checkOneOf("split", split, splits);
    checkPlace("index", index);
    return this.#edit({ kind: "exclude", split, index });
  }

  /** Gives a picture to another class. */
  async relabel(split: Split, index: number, label: number): Promise<DatasetInfo> {
    checkOneOf("split", split, splits);
    checkPlace("index", index);
    checkPlace("label", label);
    return this.#edit({ kind: "relabel", split, index, label });
  }

  /** Means, deviations, sizes and duplicates of the present set. Rejects with `state` without data. */
  async statistics(): Promise<DatasetStatistics> {
    return this.#host.call("statistics", []);
  }

  /**
   * A training picture under an augmentation, `count` times; the seed repeats them.
   * Rejects with `option` naming the parameter, `state` without data.
   */
  async augmented(
    index: number,
    count: number,
    augmentation: Augmentation,
    seed = 0,
  ): Promise<ImageData[]> {
    checkPlace("index", index);
    checkPlace("count", count);
    checkAugmentation(augmentation);
    checkSeed(seed);
    const [height = 1, width = 1] = this.dataset?.shape ?? [];
    const all = await this.#host.call("augmented", [{ index, count, augmentation, seed }]);
    return all.map((pixels) => new ImageData(new Uint8ClampedArray(pixels.buffer), width, height));
  }

  /**
   * Keeps the present set, as it is now, in this browser under its name, in place of another
   * one of that name. Rejects with `quota` where there is no room, `unsupported` where the
   * browser has no storage, `state` without data.
   */
  async remember(): Promise<void> {
    const { memory } = this.#host;
    const { edits, dataset } = memory;
    const before = edits.length;
    await this.#host.call("remember", []);
    // What a session is restored from, unless another set was loaded meanwhile.
    if (dataset && memory.edits === edits) memory.remembered = { name: dataset.name, edits: before };
  }

  /** The sets that are remembered in this browser, by name; none where it has no storage. */
  async remembered(): Promise<RememberedSet[]> {
    return this.#host.call("remembered", []);
  }

  /**
   * Loads a remembered set in place of the present one, which stays where this fails.
   * Rejects with `data-missing` for a name that is not there, `storage` for a damaged set,
   * `quota`, `aborted`, or `state` during a run.
   */
  async loadRemembered(name: string, o: Omit<LoadOptions, "limit"> = {}): Promise<DatasetInfo> {
    checkText("name", name);
    checkWatched(o);
    this.#refuseDuringRun("load other data");
    return this.#own.loadRemembered(name, o);
  }

  /** Removes a remembered set from this browser; where it is loaded, it stays so. */
  async forget(name: string): Promise<void> {
    await this.#host.call("forget", [checkText("name", name)]);
  }

  /**
   * Divides the training pictures, as they were loaded, anew: class by class, by a seeded
   * draw. Rejects with `option` for shares that leave nothing to train on, `state` without
   * data or during a run.
   */
  async split(o: SplitOptions = {}): Promise<DatasetInfo> {
    checkOptions(o, ["validation", "test", "seed"]);
    checkNumber("validation", o.validation);
    checkNumber("test", o.test);
    checkSeed(o.seed);
    return this.#edit({ kind: "split", options: defined(o) });
  }

  /** One picture of the loaded set. Rejects with `option` where there is none of that index. */
  async image(split: Split, index: number): Promise<Picture> {
    checkOneOf("split", split, splits);
    checkWhole("index", index, 0);
    const { pixels, width, height, label, name } = await this.#host.call("image", [{ split, index }]);
    return { pixels: new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), label, name };
  }

  /** The networks of the lessons, made for the loaded set, or for MNIST before that. */
  async presets(): Promise<Preset[]> {
    const { dataset } = this.#host.memory;
    const shape = dataset?.shape ?? [28, 28, 1];
    const classes = dataset?.classes.length ?? 10;
    return this.#host.call("presets", [{ shape, classes }]);
  }

  /**
   * Checks a network that is to be trained and counts its parameters, without taking it.
   * Rejects as `setModel` does.
   */
  async summarize(spec: ModelSpec | string): Promise<Summary> {
    const { summary, untrainable } = await this.inspectModel(spec);
    if (untrainable) throw untrainable;
    return summary;
  }

  /**
   * Reads and checks a network without taking it: its summary, its spec with every default
   * written out, what each layer costs, and how the text trains it. What cannot be trained,
   * such as a single convolution, is counted too. Rejects with `spec` naming layer and field,
   * `spec-json` or `model-text` naming the line.
   */
  async inspectModel(spec: ModelSpec | string): Promise<ModelInfo> {
    const { json, locate, ...said } = await readModel(this.#host, spec, this.dataset);
    const { untrainable, ...info } = await this.#host.call("inspectModel", [json]).catch((error: unknown) => {
      throw locate(error);
    });
    return {
      ...info,
      ...said,
      costs: costsOf(info.spec, info.summary),
      untrainable: untrainable && (locate(new CnnLabError(untrainable)) as CnnLabError),
    };
  }

  /**
   * Takes a network with fresh weights: an object in Keras's names, the same as JSON, Keras's
   * `to_json()`, or the Python text of a lesson, of which nothing is run. The present one is
   * gone then; where this fails, it stays. What the text says of training is in `fit`; what
   * was left out of it is told by `warning` events with code `model-text`.
   *
   * Where it begins with a pretrained network, such as `{ layer: "MobileNetV2", weights: "imagenet" }`,
   * the weights of that are downloaded first, once: they are kept in the browser's cache. Another
   * network that is taken meanwhile aborts it. Progress is in bytes.
   *
   * Rejects with `spec` naming layer and field, `spec-json` or `model-text` naming the line,
   * `state` during a run, or, of a pretrained network, `data-missing`, `network`, `shard-truncated`
   * or `shard-corrupt` (after a second try), `checkpoint` or `aborted`.
   */
  async setModel(spec: ModelSpec | string, o: SetModelOptions = {}): Promise<Summary> {
    checkWatched(o);
    const { json, locate, fit, notes } = await readModel(this.#host, spec, this.dataset);
    const model = await this.#host.call("setModel", [json], o).catch((error: unknown) => {
      throw locate(error);
    });
    takeModel(this.#host.memory, model);
    this.#runs.forget();
    this.#sessions.forget();
    this.#fit = fit;
    for (const message of notes) {
      const detail = { type: "warning", code: "model-text", message };
      this.dispatchEvent(new CustomEvent("warning", { detail }));
    }
    return model.summary;
  }

  /**
   * The pretrained networks that a network can begin with, and what each costs to load; none where
   * this copy of the lab has none. Rejects with `network` where the list cannot be had.
   */
  async bases(): Promise<Base[]> {
    return this.#host.call("bases", []);
  }

  /**
   * Takes a pretrained network as it came, with its own head: it tells its classes apart, whose names
   * `classes` has, without data and without training. `predict` and all that looks inside take
   * pictures of any size. As `setModel` with `{ layer, include_top: true }`, and rejects as that does;
   * with `data-missing` where this copy of the lab has no such network.
   *
   * ```ts
   * await lab.loadPretrained("efficientnet-lite0");
   * const [best] = await lab.predict(file);
   * ```
   */
  async loadPretrained(name: string, o: SetModelOptions = {}): Promise<Summary> {
    checkText("name", name);
    checkWatched(o);
    const heads = (await this.bases()).filter(({ classes }) => classes !== null);
    const base = heads.find((known) => known.name === name);
    if (!base) {
      const names = heads.map((known) => known.name).join(", ") || "none";
      throw new CnnLabError({ code: "data-missing", field: "name", message: `This copy of the lab has no pretrained network ${name} with classes of its own; there is ${names}.` });
    }
    return this.setModel(withHead(base), o);
  }

  /**
   * Freezes layers, by their names, so that training leaves their weights as they are; or, with
   * `trainable`, sets them free. The weights stay and the optimizer begins anew, as after Keras's
   * `compile`: a run that was stopped cannot be resumed, and another one goes on counting epochs.
   *
   * Rejects with `option` for a layer that is not there, `spec` where nothing would be left to
   * train, `state` without a network or during a run.
   */
  async setTrainable(layers: string | readonly string[], trainable: boolean): Promise<Summary> {
    const names = checkTexts("layers", typeof layers === "string" ? [layers] : layers);
    if (typeof trainable !== "boolean") throw optionError("trainable", "trainable is true or false.");
    this.#refuseDuringRun("freeze layers or set them free");
    const { memory } = this.#host;
    const trained = memory.checkpoint !== null || memory.history.steps.length > 0;
    const changed = await this.#host.call("setTrainable", [{ layers: names, trainable, save: trained }]);
    takeTrainable(memory, changed);
    if (trained) this.#sessions.frozen();
    return changed.summary;
  }

  /**
   * Makes the present network the base of a new one: its layers up to the one called `upTo`, or all but
   * its head, stay as they are, with their weights, and are frozen; behind them comes a fresh layer for
   * the classes of the data set, or for so many. As Keras's `Model(model.input,
   * model.layers[-2].output)` with `trainable = False` and a new `Dense`.
   *
   * ```ts
   * await lab.load(file); // what was trained on something else
   * await lab.loadFiles(pictures);
   * await lab.useAsBase();
   * lab.train({ epochs: 10 });
   * ```
   *
   * Rejects with `option` for a layer that is not there, `spec` where nothing up to it has weights,
   * `state` without a network, during a run, or without a data set and `classes`.
   */
  async useAsBase(o: { upTo?: string; classes?: number } = {}): Promise<Summary> {
    checkOptions(o, ["upTo", "classes"]);
    const { upTo, classes } = o;
    if (upTo !== undefined) checkTexts("upTo", [upTo]);
    if (classes !== undefined) checkWhole("classes", classes, 2);
    this.#refuseDuringRun("use the network as a base");
    const model = await this.#host.call("useAsBase", [{ upTo, classes }]);
    takeRebuilt(this.#host.memory, model);
    this.#runs.forget();
    this.#sessions.forget();
    this.#fit = {};
    return model.summary;
  }

  /** How the present network's text trains it; give it to `train`. Empty where it says nothing. */
  get fit(): FitOptions {
    return this.#fit;
  }

  /**
   * A program that makes the present network, or another, and trains it as `fit` says: with
   * Keras or PyTorch, or a module of Burn. Rejects with `spec`, or `state` without a network.
   */
  async modelText(format: ModelTextFormat, o: { spec?: ModelSpec; fit?: FitOptions } = {}): Promise<string> {
    checkOneOf("format", format, programs);
    checkOptions(o, ["spec", "fit"]);
    const spec = o.spec ?? this.spec;
    if (!spec) throw stateError("There is no network yet; take one with setModel.");
    const { epochs, batchSize, augmentation, ...train } = o.fit ?? {};
    const experiment = {
      spec,
      train,
      ...(epochs !== undefined && { epochs }),
      ...(batchSize !== undefined && { batchSize }),
      ...(augmentation !== undefined && { augmentation }),
    };
    return this.#host.call("writeModel", [{ format, experiment }]);
  }

  /**
   * Begins to train and returns at once. What goes wrong comes through the run: `state`
   * (no data, no model, another run, nothing to resume), `option`, `input-shape` and
   * `class-count` where network and data do not fit, `aborted` through the signal.
   */
  train(o: TrainOptions = {}): TrainRun {
    // Spread first: a null from untyped code is reported like any other wrong value.
    const { signal, ...options } = { ...o };
    const state = new RunState(defined(options));
    const run = new TrainRun(state, this.#host);
    try {
      checkTraining(o);
      this.#refuseDuringRun("start another");
      if (signal?.aborted) throw abortedError();
    } catch (error) {
      state.fail(error as CnnLabError);
      return run;
    }
    this.#last = { run, state };
    this.#runs.follow(state);
    this.#sessions.follow(state);
    const abort = (): void => {
      state.aborted = true;
      // What goes wrong with stopping ends the run, and is told there.
      run.stop().catch(() => undefined);
    };
    signal?.addEventListener("abort", abort);
    const over = (): void => signal?.removeEventListener("abort", abort);
    state.done.then(over, over);
    void this.#host.start(state);
    return run;
  }

  /**
   * Looks for a learning rate to begin with: a short run on a copy of the weights, whose rate
   * grows from step to step until the loss leaves all bounds. The network stays as it is.
   * Rejects as `train` does, and with `aborted`.
   */
  async findLearningRate(o: FinderOptions = {}): Promise<FoundLearningRate> {
    checkFinder(o);
    this.#refuseDuringRun("look for a learning rate");
    const { signal, onProgress, ...options } = o;
    return this.#host.call("findLearningRate", [defined(options)], { signal, onProgress });
  }

  /**
   * Measures the present weights on a split; training may go on meanwhile. Progress is in
   * batches. Rejects with `state` without data or model, `data-missing` for an empty split,
   * `input-shape` or `class-count` where network and data do not fit, `aborted`.
   */
  async evaluate(split: Split, o: EvaluateOptions = {}): Promise<Evaluation> {
    checkOneOf("split", split, splits);
    checkWatched(o);
    return this.#host.call("evaluate", [split], o);
  }

  /**
   * The runs that were trained in this browser, in this and other visits, the latest first;
   * one that goes on is among them from its first seconds. Each is brought up to date every
   * few seconds. The `runs` event tells of a change.
   */
  async runs(): Promise<RunRecord[]> {
    return this.#runs.all();
  }

  /** Gives a run another name. Rejects with `option` where there is no such run. */
  async renameRun(id: string, name: string): Promise<void> {
    checkName("name", name);
    return this.#runs.rename(checkText("id", id), name);
  }

  /** Forgets a run's record. Rejects with `option` where there is none, `state` for a run that goes on. */
  async deleteRun(id: string): Promise<void> {
    return this.#runs.delete(checkText("id", id));
  }

  /**
   * Deals the training and validation pictures into folds, each with its part of every class,
   * and for each fold trains the present network, from fresh weights, on the others and
   * measures it on that one. The options are those of training; the test pictures are not
   * touched. The lab's own weights, history and stopped run stay as they are.
   *
   * Rejects with `option` (`folds` is from 2 to the pictures of the largest class), `state`
   * without data or model, during a run or another cross-validation, or where the data or the
   * network is changed meanwhile, `input-shape`, `class-count`, `aborted`.
   */
  async crossValidate(o: CrossValidationOptions = {}): Promise<CrossValidation> {
    const { signal, onProgress, ...options } = { ...o };
    checkCrossValidation(o);
    this.#refuseDuringRun("cross-validate");
    return this.#host.call("crossValidate", [defined(options)], { signal, onProgress });
  }

  /**
   * Classifies a picture of any size, best class first.
   * Rejects with `image` for what cannot be decoded, `state` without a model.
   */
  async predict(image: Blob | ImageBitmapSource): Promise<Prediction> {
    const picture = await toPicture(image);
    const transfer = picture instanceof Blob ? [] : [picture];
    return this.#host.call("predict", [picture], { transfer });
  }

  /**
   * What a layer, given by name or by its place from 0, makes of a picture: one map a channel;
   * of several layers, in one pass of the same weights.
   * Rejects with `image`, `state`, or `option` for a layer that makes no maps.
   */
  async featureMaps(image: Blob | ImageBitmapSource, layer: string | number): Promise<FeatureMaps>;
  async featureMaps(image: Blob | ImageBitmapSource, layers: readonly (string | number)[]): Promise<FeatureMaps[]>;
  async featureMaps(
    image: Blob | ImageBitmapSource,
    layer: string | number | readonly (string | number)[],
  ): Promise<FeatureMaps | FeatureMaps[]> {
    const layers = (Array.isArray(layer) ? layer : [layer]).map((one) => String(checkLayer(one)));
    const picture = await toPicture(image);
    const transfer = picture instanceof Blob ? [] : [picture];
    const maps = await this.#host.call("featureMaps", [{ image: picture, layers }], { transfer });
    // One was asked for, and one is there.
    return Array.isArray(layer) ? maps : (maps[0] as unknown as FeatureMaps);
  }

  /**
   * The kernels of a convolution: one map for each filter and input channel, filter by
   * filter. Rejects with `option` for a layer that has none.
   */
  async filters(layer: string | number): Promise<FeatureMaps> {
    return this.#host.call("filters", [String(checkLayer(layer))]);
  }

  /**
   * What a decision rests on, by Grad-CAM, gradients or occlusion, with the present weights;
   * training may go on meanwhile. Rejects with `image`, `state` without a model, `option` for a
   * class or layer that is not there or a layer that makes no maps, `aborted`.
   */
  async explain(image: Blob | ImageBitmapSource, o: AttributionOptions = {}): Promise<Attribution> {
    return (await looking()).explain(this.#host, image, o);
  }

  /**
   * Grad-CAM as a picture of the network's input size to lay over the one that was looked at: the
   * colour says how much a place speaks for the class, and so does the opacity. Rejects as `explain` does.
   */
  async gradCam(image: Blob | ImageBitmapSource, o: { label?: number; layer?: string | number } = {}): Promise<ImageData> {
    checkOptions(o, ["label", "layer"]);
    const [{ explain }, { overlay }] = await Promise.all([looking(), import("../view/overlay")]);
    const found = await explain(this.#host, image, o);
    const [height = 1, width = 1] = this.spec?.input_shape ?? [];
    return overlay(found, width, height);
  }

  /**
   * A picture that a class, or a filter (or unit) of a layer, answers to most: gradient ascent
   * from noise. Rejects with `option`, `state` without a model, `aborted`.
   */
  async maximizeActivation(o: MaximizeOptions): Promise<Maximized> {
    return (await looking()).maximize(this.#host, o);
  }

  /**
   * The pictures of a split that excite each filter, or unit, of a layer most. Rejects with
   * `option`, `state`, `data-missing` for an empty split, `input-shape` or `class-count`, `aborted`.
   */
  async exciting(layer: string | number, o: ExcitingOptions = {}): Promise<Exciting> {
    return (await looking()).exciting(this.#host, layer, o);
  }

  /** What the last hidden layer makes of each picture of a split: one vector a picture. Rejects as `exciting` does. */
  async hidden(split: Split, o: HiddenOptions = {}): Promise<Hidden> {
    return (await looking()).hidden(this.#host, split, o);
  }

  /**
   * How one class of an evaluation is told from all others as the threshold on its probability
   * falls: ROC and precision-recall. Rejects with `option` for a class that is not there, or where
   * the evaluation has too many probabilities to keep.
   */
  async curves(evaluation: Evaluation, label: number): Promise<Curves> {
    return (await analyzing()).curves(evaluation, label);
  }

  /**
   * Places on a plane for points of many dimensions, such as `hidden()` gives, in a worker of its
   * own. Rejects with `option`, `aborted`.
   */
  async embed(points: Pick<Hidden, "data" | "length">, o: EmbedOptions = {}): Promise<Embedded> {
    return (await analyzing()).embed(points, o);
  }

  /**
   * How weights, gradients and activations are distributed, which units are dead and how large a
   * step's update is, with some training pictures. Rejects with `state` without data or model.
   */
  async vitals(): Promise<Vitals> {
    return this.#host.call("vitals", []);
  }

  /**
   * One training step on one picture of a class, with what goes forward, what comes back and what
   * it would change; the network stays as it is. Rejects with `image`, `option` for a class that
   * is not there, `state` without a model.
   */
  async slowMotion(image: Blob | ImageBitmapSource, label: number): Promise<SlowMotion> {
    return (await looking()).slowMotion(this.#host, image, label);
  }

  /**
   * Writes the network with all that training needs to go on exactly where it is: weights,
   * optimizer, class names, run and history; or the trained network alone in a format of others.
   * Rejects with `state` without a model, `spec` naming the layer that a format lacks, `option`
   * where no format's layers do what is done to pictures before the network.
   */
  async save(format: SaveFormat = "checkpoint", o: ExportOptions = {}): Promise<Blob> {
    checkOneOf("format", format, formats);
    checkExport(o);
    const bytes = await this.#host.call("save", []);
    if (format !== "checkpoint") return exported(bytes, format, o);
    return new Blob([bytes], { type: "application/octet-stream" });
  }

  /**
   * Loads what `save("checkpoint")` wrote, in place of the present network; or a network of
   * others: Keras's `.keras`, `.h5` and `.weights.h5`, PyTorch's state dicts, and safetensors by the names of the PyTorch
   * code, whose layers are those of the present network unless the file has them. The data set is
   * not in it: load the same one, and `train({ resume: true })` goes on with the run.
   * Rejects with `checkpoint` for another or a damaged file, `state` during a run.
   */
  async load(file: Blob): Promise<Summary> {
    if (!(file instanceof Blob)) throw optionError("file", "file is a File or another Blob.");
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(await file.arrayBuffer());
    } catch {
      throw new CnnLabError({
        code: "checkpoint",
        ...(file instanceof File && { file: file.name }),
        message: "The file cannot be read any more. Choose it again.",
      });
    }
    if (isForeign(bytes)) bytes = await imported(bytes, this.summary ? await this.#host.call("save", []) : undefined);
    const loaded = await this.#host.call("load", [bytes]);
    this.#takeLoaded(loaded, bytes);
    return loaded.summary;
  }

  #takeLoaded(loaded: Loaded, bytes: Uint8Array<ArrayBuffer>): void {
    const { memory } = this.#host;
    takeLoaded(memory, loaded);
    this.#fit = {};
    this.#runs.forget();
    this.#sessions.forget();
    memory.checkpoint = { bytes, step: loaded.history.steps.length };
  }

  /**
   * Keeps what is trained from now on in this browser, as it goes: at every epoch and every few
   * seconds, in a worker of its own, so that at most ten seconds of work are lost with the tab, the
   * browser or the power. Each network that is trained is a session, which `sessions()` lists and
   * `restoreSession` goes on with. False ends it; what was kept stays. Off at first.
   *
   * Where nothing can be kept, `warning` events with code `storage` or `quota` say so, and training
   * goes on; so they do with `state` where another tab keeps this session.
   */
  keepSessions(o: KeepOptions | false = {}): void {
    if (o !== false) {
      checkOptions(o, ["note", "id"]);
      checkFunction("note", o.note);
      if (o.id !== undefined) checkText("id", o.id);
    }
    this.#sessions.keep(o === false ? null : o);
  }

  /** What is being kept of the present network's training; null where nothing of it is yet. */
  get session(): Session | null {
    return this.#sessions.session;
  }

  /**
   * What is kept in this browser, the latest first. The `sessions` event tells of a change. Rejects
   * with `storage` where the browser lets nothing be kept.
   */
  async sessions(): Promise<Session[]> {
    return this.#sessions.all();
  }

  /**
   * Loads a session's network in place of the present one, and its pictures, where they are bundled
   * or remembered; what is missing is told in the result. `train({ resume: true })` then goes on at
   * the very step. Of a session whose latest save is damaged the one before is taken.
   *
   * Rejects with `option` where there is no such session, `storage` where it is damaged or of
   * another version, `checkpoint`, `state` during a run or where another tab keeps it; the present
   * network stays then.
   */
  async restoreSession(id: string, o: RestoreOptions = {}): Promise<RestoredSession> {
    checkText("id", id);
    checkWatched(o);
    this.#refuseDuringRun("restore another training");
    const lab = {
      host: this.#host,
      own: this.#own,
      sessions: this.#sessions,
      onLoaded: (loaded: Loaded, bytes: Uint8Array<ArrayBuffer>) => this.#takeLoaded(loaded, bytes),
      onWarning: (error: CnnLabError) => this.#warn(error),
    };
    return (await restoring()).restoreSession(lab, id, o);
  }

  /** Gives a session a name, under which it stays until it is deleted. Rejects with `option` where there is none. */
  async renameSession(id: string, name: string): Promise<void> {
    checkName("name", name);
    return this.#sessions.rename(checkText("id", id), name);
  }

  /** Deletes a session. Rejects with `option` where there is none, `state` while it is being trained, here or in another tab. */
  async deleteSession(id: string): Promise<void> {
    return this.#sessions.delete(checkText("id", id));
  }

  /** A session as the file that `save("checkpoint")` writes. Rejects with `option` where there is none, `storage` where it is damaged. */
  async exportSession(id: string): Promise<Blob> {
    const { bytes } = await this.#sessions.read(checkText("id", id));
    return new Blob([bytes], { type: "application/octet-stream" });
  }

  /** Ends the worker and frees its memory. A run and pending calls reject with `aborted`. */
  dispose(): void {
    this.#host.dispose();
    this.#runs.close();
    this.#sessions.close();
  }

  async #edit(edit: Edit): Promise<DatasetInfo> {
    this.#refuseDuringRun("change the data");
    return this.#own.edit(edit);
  }

  #warn({ code, message }: CnnLabError): void {
    this.dispatchEvent(new CustomEvent("warning", { detail: { type: "warning", code, message } }));
  }

  #refuseDuringRun(what: string): void {
    if (this.run) throw stateError(`A run is under way; stop it before you ${what}.`);
  }
}

/** Loaded when first asked for: not everybody looks inside. */
const looking = (): Promise<typeof Looking> => import("./looking");
const restoring = (): Promise<typeof Restoring> => import("./restore-session");
const analyzing = (): Promise<typeof Analyzing> => import("./analyzing");

/** Options without those that were given as undefined, which mean the same as none. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}

function checkCrossValidation(o: CrossValidationOptions): void {
  // A fold's run begins anew.
  checkOptions(o, [...trainOptionNames.filter((name) => name !== "resume"), "folds", "seed", "onProgress"]);
  checkTraining(o, ["folds", "seed", "onProgress"]);
  checkWhole("folds", o.folds, 2);
  checkSeed(o.seed);
  checkFunction("onProgress", o.onProgress);
}
