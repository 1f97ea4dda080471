/**
 * The training worker. It owns the core and knows nothing of it: it takes calls in turn,
 * runs the training loop between them, and fetches what the core asks no one for.
 */
import { abortedError, CnnLabError, fieldsOf, stateError, toCnnLabError } from "../api/error";
import type { Args, Edit, FromWorker, Method, ProgressOf, Result, Taken, ToWorker } from "../api/protocol";
import type { DatasetInfo, Device, ModelSpec, Progress } from "../api/types";
import { loadTexts, type Core } from "./core";
import { crossValidate } from "./cross-validation";
import { bases, getBase, setModelOn } from "./bases";
import { bundled, loadBundled } from "./dataset";
import { open, type Opened } from "./device";
import { evaluate } from "./evaluation";
import {
  addToDataset,
  BUDGET,
  Drop,
  inspectFiles,
  loadFiles,
  MOST_READERS,
  readPictures,
  unknownDrop,
  type Place,
} from "./files";
import { findLearningRate } from "./finder";
import { look } from "./look";
import { toRgba } from "./picture";
import { Preparing } from "./preparing";
import { Replicas } from "./replicas";
import { forget, loadRemembered, remember, remembered } from "./remembered";
import { SerialQueue } from "./serial-queue";
import { openPages, sweep, type Pages } from "./storage";
import { Training } from "./training";
import { transferables } from "./transferables";

type Context<M extends Method> = { signal: AbortSignal; onProgress: (progress: ProgressOf<M>) => void };
type Handlers = {
  [M in Method]: (arg: Args<M>[0], context: Context<M>) => Result<M> | Promise<Result<M>>;
};

// The types of the page's globals are in force; a worker posts without a target.
const scope = self as unknown as {
  postMessage: (message: FromWorker, transfer: Transferable[]) => void;
};

const post = (message: FromWorker, transfer: Transferable[] = []): void => {
  scope.postMessage(message, transfer);
};

/** Calls of the core, one at a time. */
const queue = new SerialQueue();
/** The core holds one evaluation, one look inside, one search for a learning rate and one half-loaded set at a time. */
const evaluations = new SerialQueue();
const looks = new SerialQueue();
const searches = new SerialQueue();
const loads = new SerialQueue();

let base = "";
let opened: Opened | undefined;
let training: Training | undefined;
/** The workers that train beside this one. */
let replicas: Replicas | undefined;
/** The files that were handed over last. */
let drop: Drop | undefined;
/** The present set, and the file that holds its pixels where memory does not. */
let dataset: DatasetInfo | null = null;
let pages: Pages | undefined;
/** What a page asks first, asked for while the program is compiled. Each answers one call, and none once it may have changed. */
let lists: { bundled?: ReturnType<typeof bundled>; bases?: ReturnType<typeof bases> } = {};
/** The pretrained base whose weights the core has. */
let taken: string | undefined;
/** Numbers the models that were asked for, and the one in use: one that waited for its base gives way to a later one. */
let models = 0;
let inUse = 0;

function lab(): Opened {
  if (!opened) throw stateError("The lab is not open yet.");
  return opened;
}

/** Gives the core its replicas; they are started with the first run that they can help with. */
function team({ core, device }: Opened): Replicas | undefined {
  if (device.workers === 1) return undefined;
  const made = new Replicas(
    {
      base,
      device: device.kind,
      spawn: () =>
        new Worker(new URL("./replica.ts", import.meta.url), { type: "module", name: "cnn-lab replica" }),
      shared: self.crossOriginIsolated,
      onDeath: (reason) => {
        const message = `A worker that helped with training stopped (${reason}). Nothing is lost: its part is done here until another takes over.`;
        post({ kind: "events", events: [{ type: "warning", code: "worker-lost", message }] });
      },
    },
    device.workers - 1,
  );
  core.setTeam(device.workers, made);
  return made;
}

/** The weights of the pretrained base that a network begins with, where the core lacks them. */
async function baseFor(spec: () => string, o: { signal: AbortSignal; onProgress?: (progress: Progress) => void }): Promise<[name: string, weights: Uint8Array] | undefined> {
  const { core } = lab();
  const name = await queue.run(() => {
    const { untrainable, summary } = core.inspectModel(spec());
    // For what is refused nothing is downloaded.
    return untrainable ? undefined : summary.layers.find((layer) => layer.base)?.base;
  });
  if (name === undefined || name === taken) return undefined;
  delete lists.bases;
  return [name, await getBase(base, name, { onProgress: () => undefined, ...o })];
}

function run(): Training {
  if (!training || training.over) throw stateError("No run is under way; start one.");
  return training;
}

/** What reading the user's files needs. */
function place(): Place {
  return {
    core: lab().core,
    queue,
    base,
    spawn: () =>
      new Worker(new URL("./reader.ts", import.meta.url), { type: "module", name: "cnn-lab reader" }),
    readers: Math.min(navigator.hardwareConcurrency, MOST_READERS),
    budget: BUDGET,
    openPages,
  };
}

function dropOf(id: number): Drop {
  if (drop?.id !== id) throw unknownDrop();
  return drop;
}

/** Notes that a loaded set took the place of the one before. */
async function replaced(loaded: { dataset: DatasetInfo; pages?: Pages | undefined }): Promise<DatasetInfo> {
  const before = pages;
  pages = loaded.pages;
  dataset = loaded.dataset;
  await before?.remove();
  return loaded.dataset;
}

async function edit(core: Core, change: Edit): Promise<DatasetInfo> {
  switch (change.kind) {
    case "split":
      return core.split(change.options);
    case "rename":
      return core.renameClass(change.label, change.name);
    case "merge":
      return core.mergeClasses(change.from, change.into);
    case "drop":
      return core.dropClass(change.label);
    case "exclude":
      return core.exclude(change.split, change.index);
    case "relabel":
      return core.relabel(change.split, change.index, change.label);
    case "add": {
      const { pixels, ...added } = change.added;
      return addToDataset(core, { ...added, pixels: new Uint8Array(await pixels.arrayBuffer()) });
    }
  }
}

const onGpu = ({ kind }: Device): boolean => kind === "webgpu" || kind === "wgpu";

const parseSpec = (json: string): ModelSpec => JSON.parse(json) as ModelSpec;

const handlers: Handlers = {
  open: async (o) => {
    base = o.base;
    lists = { bundled: bundled(base), bases: bases(base) };
    for (const list of Object.values(lists)) list.catch(() => undefined);
    opened = await open(o);
    replicas?.end();
    replicas = team(opened);
    // What other labs left behind; nobody waits for it.
    void sweep().catch(() => undefined);
    // Whoever waits for a lost device may wait for ever.
    void opened.core.deviceLost()?.then((reason) => {
      const message = `The graphics device stopped working (${reason}).`;
      post({ kind: "fatal", error: { code: "device-lost", message } });
    });
    return opened.device;
  },

  bundled: () => {
    const { bundled: listed = bundled(base) } = lists;
    delete lists.bundled;
    return listed;
  },
  loadBundled: (o, context) =>
    loads.run(async () => {
      delete lists.bundled;
      return replaced({ dataset: await loadBundled({ core: lab().core, queue, base }, { ...o, ...context }) });
    }),

  takeFiles: ({ drop: id, files }) => {
    if (drop?.id !== id) {
      drop?.end();
      drop = new Drop(id);
    }
    drop.files.push(...files);
  },
  inspectFiles: (o, context) => inspectFiles(place(), dropOf(o.drop), o, context),
  loadFiles: (o, context) => {
    // Looked up before it waits for a load that is being ended.
    const files = dropOf(o.drop);
    return loads.run(async () => replaced(await loadFiles(place(), files, o, context)));
  },
  addPictures: ({ begin, ...o }, context) =>
    loads.run(async () => {
      const set = begin ? { shape: begin.shape, classes: [] } : dataset;
      if (!set) throw stateError("There is no set to add pictures to; load or begin one.");
      const read = await readPictures(place(), { ...o, shape: set.shape, classes: set.classes }, context);
      const added = { begin, ...read };
      const info = await queue.run(() => {
        context.signal.throwIfAborted();
        return addToDataset(lab().core, added);
      });
      if (begin) return { dataset: await replaced({ dataset: info }), added };
      dataset = info;
      // The core notes warnings only while a set is being loaded.
      return { dataset: { ...info, warnings: [...info.warnings, ...read.warnings] }, added };
    }),
  edit: (change) =>
    queue.run(async () => {
      const info = await edit(lab().core, change);
      if (change.kind === "add" && change.added.begin) return replaced({ dataset: info });
      return (dataset = info);
    }),
  gallery: (o) => queue.run(() => lab().core.gallery(o)),
  statistics: () => queue.run(() => lab().core.statistics()),
  augmented: ({ index, count, augmentation, seed }) =>
    queue.run(() => lab().core.augmented(index, count, augmentation, seed)),

  remember: () => loads.run(() => remember({ core: lab().core, queue }, dataset)),
  remembered: () => remembered(),
  loadRemembered: (name, context) =>
    loads.run(async () => {
      const pagesFor = (bytes: number): Promise<Pages | undefined> =>
        bytes > BUDGET ? openPages(bytes) : Promise.resolve(undefined);
      return replaced(await loadRemembered({ core: lab().core, queue }, name, { ...context, pagesFor }));
    }),
  forget: (name) => loads.run(() => forget(name)),

  image: ({ split, index }) => queue.run(() => lab().core.image(split, index)),

  presets: async ({ shape, classes }) => {
    const presets = await queue.run(() => lab().core.presets(shape, classes));
    return presets.map((preset) => ({ ...preset, spec: parseSpec(preset.spec) }));
  },
  inspectModel: (text) =>
    queue.run(() => {
      const { spec, untrainable, summary } = lab().core.inspectModel(text);
      // As an Error it would lose its own fields on the way.
      return { summary, spec: parseSpec(spec), untrainable: untrainable && fieldsOf(toCnnLabError(untrainable)) };
    }),
  // These need no core, so they need not wait for a training step.
  readModel: async ({ text, inputShape, classes }) =>
    (await loadTexts(base)).readModel(text, { inputShape, classes }),
  writeModel: async ({ format, experiment }) => (await loadTexts(base)).writeModel(format, experiment),
  bases: () => {
    const { bases: listed = bases(base) } = lists;
    delete lists.bases;
    return listed;
  },
  setModel: async (spec, context) => {
    const { core, device } = lab();
    const number = ++models;
    const on = await baseFor(() => spec, context);
    return queue.run(async (): Promise<Taken> => {
      if (number < inUse) throw abortedError("Another network was chosen meanwhile.");
      context.signal.throwIfAborted();
      const summary = on ? await setModelOn(core, spec, ...on) : core.setModel(spec);
      taken = on?.[0] ?? taken;
      inUse = number;
      // While a person still reads; if it fails, so does the first step, which tells of it.
      if (onGpu(device)) void queue.run(() => core.warm()).catch(() => undefined);
      return { summary, spec: parseSpec(core.spec()), classes: core.classNames() };
    });
  },
  setTrainable: ({ layers, trainable, save }) =>
    queue.run(async () => {
      const { core } = lab();
      const summary = core.setTrainable(layers, trainable);
      return { summary, spec: parseSpec(core.spec()), checkpoint: save ? await core.save() : null };
    }),
  useAsBase: ({ upTo, classes }) =>
    queue.run(async () => {
      const { core } = lab();
      const summary = core.useAsBase(upTo, classes);
      // A network that is still being fetched comes too late.
      inUse = ++models;
      return { summary, spec: parseSpec(core.spec()), classes: core.classNames(), checkpoint: await core.save() };
    }),

  train: async (o) => {
    const { core } = lab();
    const spawn = (): Worker =>
      new Worker(new URL("./preparer.ts", import.meta.url), { type: "module", name: "cnn-lab preparer" });
    const prepare = (): Preparing => new Preparing({ core, queue, base, spawn });
    const started = await Training.start({ core, queue, post, prepare, replicas }, o);
    training = started.training;
    return started.info;
  },
  pause: () => run().pause(),
  resume: () => run().resume(),
  step: () => run().step(),
  stop: () => training?.stop(),
  update: (o) => run().update(o),

  findLearningRate: (options, context) =>
    searches.run(() => findLearningRate({ core: lab().core, queue }, { options, ...context })),
  evaluate: (split, context) =>
    evaluations.run(() => evaluate({ core: lab().core, queue }, { split, ...context })),
  crossValidate: async (options, { signal, onProgress }) => {
    const { core } = lab();
    // What is not frozen begins anew in each fold: a network out of a file has no pretrained weights for that.
    const on = await baseFor(() => core.spec(), { signal });
    if (on) await queue.run(() => core.takeBase(...on));
    taken = on?.[0] ?? taken;
    return crossValidate({ core, queue }, { options, signal, onProgress });
  },
  predict: async (image) => {
    const { rgba, width, height } = await toRgba(image);
    return queue.run(() => lab().core.predict(rgba, width, height));
  },
  featureMaps: async ({ image, layers }) => {
    const { rgba, width, height } = await toRgba(image);
    return queue.run(() => lab().core.featureMaps(rgba, width, height, layers));
  },
  filters: (layer) => queue.run(() => lab().core.filters(layer)),
  look: async ({ kind, options, image }, context) => {
    const picture = image && (await toRgba(image));
    return looks.run(() => look({ core: lab().core, queue }, { kind, options, picture, ...context }));
  },
  vitals: () => queue.run(() => lab().core.vitals()),
  slowMotion: async ({ image, label }) => {
    const { rgba, width, height } = await toRgba(image);
    return queue.run(() => lab().core.slowMotion(rgba, width, height, label));
  },

  save: () => queue.run(() => lab().core.save()),
  load: (bytes) =>
    queue.run(() => {
      const { spec, ...loaded } = lab().core.load(bytes);
      inUse = ++models;
      return { ...loaded, spec: parseSpec(spec) };
    }),
};

/** Calls under way that can be aborted, by their ids. */
const running = new Map<number, AbortController>();

async function answer(id: number, method: Method, args: unknown[]): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    // `Calls` gives method and argument their types; over the wire they are only data.
    const handler = handlers[method] as (arg: unknown, context: Context<Method>) => unknown;
    const result = await handler(args[0], {
      signal: controller.signal,
      onProgress: (progress) => post({ kind: "progress", id, progress }),
    });
    post({ kind: "result", id, result }, transferables(result));
  } catch (error) {
    post({ kind: "error", id, error: fieldsOf(toCnnLabError(error)) });
  } finally {
    running.delete(id);
  }
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "call") void answer(data.id, data.method, data.args);
  else running.get(data.id)?.abort();
});

// A panic inside one of the core's promises leaves the promise pending for ever and comes
// out here or, from a plain callback, as an `error` event that the page sees by itself.
self.addEventListener("unhandledrejection", ({ reason }) => {
  const error = reason instanceof CnnLabError ? reason : toCnnLabError(reason);
  post({ kind: "fatal", error: fieldsOf(error) });
});
