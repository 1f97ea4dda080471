/**
 * The training worker. It owns the core and knows nothing of it: it takes calls in turn,
 * runs the training loop between them, and fetches what the core asks no one for.
 */
import { CnnLabError, fieldsOf, stateError, toCnnLabError } from "../api/error";
import type { Args, FromWorker, Method, Model, Result, ToWorker } from "../api/protocol";
import type { ModelSpec, Progress } from "../api/types";
import { bundled, loadBundled } from "./dataset";
import { open, type Opened } from "./device";
import { evaluate } from "./evaluation";
import { toRgba } from "./picture";
import { SerialQueue } from "./serial-queue";
import { Training } from "./training";

type Context = { signal: AbortSignal; onProgress: (progress: Progress) => void };
type Handlers = {
  [M in Method]: (arg: Args<M>[0], context: Context) => Result<M> | Promise<Result<M>>;
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
/** The core holds one evaluation and one half-loaded set at a time. */
const evaluations = new SerialQueue();
const loads = new SerialQueue();

let base = "";
let opened: Opened | undefined;
let training: Training | undefined;

function lab(): Opened {
  if (!opened) throw stateError("The lab is not open yet.");
  return opened;
}

function run(): Training {
  if (!training || training.over) throw stateError("No run is under way; start one.");
  return training;
}

const parseSpec = (json: string): ModelSpec => JSON.parse(json) as ModelSpec;

const handlers: Handlers = {
  open: async (o) => {
    base = o.base;
    opened = await open(base, o.device, o.seed);
    // Whoever waits for a lost device may wait for ever.
    void opened.core.deviceLost()?.then((reason) => {
      const message = `The graphics device stopped working (${reason}).`;
      post({ kind: "fatal", error: { code: "device-lost", message } });
    });
    return opened.device;
  },

  bundled: () => bundled(base),
  loadBundled: (o, context) =>
    loads.run(() => loadBundled({ core: lab().core, queue, base }, { ...o, ...context })),
  split: (o) => queue.run(() => lab().core.split(o)),
  image: ({ split, index }) => queue.run(() => lab().core.image(split, index)),

  presets: async ({ shape, classes }) => {
    const presets = await queue.run(() => lab().core.presets(shape, classes));
    return presets.map((preset) => ({ ...preset, spec: parseSpec(preset.spec) }));
  },
  summarize: (spec) => queue.run(() => lab().core.summarize(spec)),
  setModel: (spec) =>
    queue.run((): Model => {
      const { core } = lab();
      const summary = core.setModel(spec);
      return { summary, spec: parseSpec(core.spec()) };
    }),

  train: async (o) => {
    const started = await Training.start({ core: lab().core, queue, post }, o);
    training = started.training;
    return started.info;
  },
  pause: () => run().pause(),
  resume: () => run().resume(),
  step: () => run().step(),
  stop: () => training?.stop(),
  update: (o) => run().update(o),

  evaluate: (split, context) =>
    evaluations.run(() => evaluate({ core: lab().core, queue }, { split, ...context })),
  predict: async (image) => {
    const { rgba, width, height } = await toRgba(image);
    return queue.run(() => lab().core.predict(rgba, width, height));
  },
  featureMaps: async ({ image, layer }) => {
    const { rgba, width, height } = await toRgba(image);
    return queue.run(() => lab().core.featureMaps(rgba, width, height, layer));
  },
  filters: (layer) => queue.run(() => lab().core.filters(layer)),

  save: () => queue.run(() => lab().core.save()),
  load: (bytes) =>
    queue.run(() => {
      const { spec, ...loaded } = lab().core.load(bytes);
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
    const handler = handlers[method] as (arg: unknown, context: Context) => unknown;
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

/** The big arrays of a result, which are handed over instead of copied. */
function transferables(result: unknown): Transferable[] {
  const arrays = result instanceof Uint8Array ? [result] : Object.values(result ?? {});
  return arrays.filter((value) => ArrayBuffer.isView(value)).map((view) => view.buffer as ArrayBuffer);
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
