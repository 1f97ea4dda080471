/** The user's own pictures: how they get to the worker, and what is kept of them here. */
import { gather, type Gathered } from "./dropped";
import { abortedError, CnnLabError, optionError } from "./error";
import { handOver } from "./hand-over";
import type { Host } from "./host";
import type { DroppedFile, Edit, ReadOptions } from "./protocol";
import type { SessionData } from "./session-types";
import type {
  AddPicturesOptions,
  DatasetInfo,
  FilesInfo,
  FileSource,
  LoadFilesOptions,
  LoadOptions,
  Shape,
} from "./types";

/** The size of a set that is begun picture by picture: enough to tell things apart, and quick to learn. */
const BEGUN: Shape = [64, 64, 3];
const BEGUN_NAME = "My pictures";

/** A source that a later visit can load again. */
export type RestorableSource = Exclude<SessionData["source"], { kind: "own" }>;

export class OwnPictures {
  #host: Host;
  /** The load under way, and the look before it. */
  #loading = new AbortController();
  #looking = new AbortController();
  /**
   * What a drop's `DataTransfer` held, which can be asked only once, and what a folder held
   * when it was looked at.
   */
  #gathered = new WeakMap<object, Promise<Gathered>>();
  /** The files that a worker, told apart by its number, holds. */
  #sent: { files: DroppedFile[]; drop: number; worker: number } | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What loading would give. A newer look ends an older one. */
  async inspect(source: FileSource, o: LoadFilesOptions): Promise<FilesInfo> {
    this.#looking.abort();
    this.#looking = new AbortController();
    const signal = either(this.#looking.signal, o.signal);
    const { files, warnings } = await this.#gather(source, o.onProgress, signal);
    const drop = await this.#send(files, signal);
    return this.#host.call("inspectFiles", [{ drop, options: readOptions(o), warnings }], { signal });
  }

  /** Loads files in place of the present set. A newer load ends an older one. */
  async load(source: FileSource, o: LoadFilesOptions): Promise<DatasetInfo> {
    const signal = this.takePlace(o.signal);
    const { files, warnings } = await this.#gather(source, o.onProgress, signal);
    // The folder may hold other files by the next time it is loaded.
    if (!("items" in source)) this.#gathered.delete(source);
    const options = readOptions(o);
    const drop = await this.#send(files, signal);
    const dataset = await this.#host.call("loadFiles", [{ drop, options, warnings }], {
      signal,
      onProgress: o.onProgress,
    });
    return this.#loaded({ kind: "files", files, options, warnings }, dataset);
  }

  /** Adds pictures to the present set, or begins one with them. */
  async add(pictures: Iterable<Blob | ImageBitmapSource>, o: AddPicturesOptions): Promise<DatasetInfo> {
    const { memory } = this.#host;
    const all = await Promise.all(Array.from(pictures, toPicture));
    if (all.length === 0) throw optionError("pictures", "pictures is empty; give at least one picture.");
    const begins = o.begin === true || memory.dataset === null;
    const shape: Shape = [...(o.size ?? [BEGUN[0], BEGUN[1]]), o.color === "grayscale" ? 1 : 3];
    const read = memory.source?.kind === "files" ? memory.source.options : undefined;
    const { dataset, added } = await this.#host.call(
      "addPictures",
      [
        {
          pictures: all,
          className: o.className,
          split: o.split ?? "train",
          begin: begins ? { name: BEGUN_NAME, shape } : null,
          options: { fit: o.fit ?? read?.fit ?? "crop", filter: o.filter ?? read?.filter ?? "triangle" },
        },
      ],
      {
        signal: o.signal,
        onProgress: o.onProgress,
        transfer: all.filter((picture) => !(picture instanceof Blob)),
      },
    );
    // A blob, because the browser can keep that out of the tab's memory.
    const edit: Edit = { kind: "add", added: { ...added, pixels: new Blob([added.pixels]) } };
    if (begins) return this.#loaded({ kind: "begun" }, dataset, [edit]);
    memory.edits.push(edit);
    return (memory.dataset = dataset);
  }

  /** Changes the present set, and keeps the change for a later recovery. */
  async edit(edit: Edit): Promise<DatasetInfo> {
    const { memory } = this.#host;
    const dataset = await this.#host.call("edit", [edit]);
    // A division replaces the one before it: a slider makes many.
    if (edit.kind === "split" && memory.edits.at(-1)?.kind === "split") {
      memory.edits.pop();
      if (memory.remembered) memory.remembered.edits = Math.min(memory.remembered.edits, memory.edits.length);
    }
    memory.edits.push(edit);
    return (memory.dataset = dataset);
  }

  async loadRemembered(name: string, o: LoadOptions): Promise<DatasetInfo> {
    const signal = this.takePlace(o.signal);
    const dataset = await this.#host.call("loadRemembered", [name], { signal, onProgress: o.onProgress });
    return this.#loaded({ kind: "remembered", name }, dataset);
  }

  /** Loads a session's pictures as they were then: bundled or remembered ones. */
  async restore(source: RestorableSource, edits: Edit[], o: LoadOptions): Promise<DatasetInfo> {
    const signal = this.takePlace(o.signal);
    const how = { signal, onProgress: o.onProgress };
    const { name } = source;
    let dataset =
      source.kind === "bundled"
        ? await this.#host.call("loadBundled", [{ name, limit: source.limit }], how)
        : await this.#host.call("loadRemembered", [name], how);
    // Each is noted with what it leaves, in case the next fails.
    this.#loaded(source, dataset);
    for (const edit of edits) dataset = await this.edit(edit);
    return dataset;
  }

  /** Ends the load of own pictures that is under way; gives the signal for the one that follows. */
  takePlace(signal?: AbortSignal): AbortSignal {
    this.#loading.abort();
    this.#loading = new AbortController();
    return either(this.#loading.signal, signal);
  }

  #loaded(source: Host["memory"]["source"], dataset: DatasetInfo, edits: Edit[] = []): DatasetInfo {
    const remembered = source?.kind === "remembered" ? { name: source.name, edits: 0 } : null;
    Object.assign(this.#host.memory, { source, edits, remembered, dataset });
    return dataset;
  }

  /**
   * The files of a source. Aborting ends the wait only: a drop can be asked once, so what it
   * held is found to its end, for the next call with it.
   */
  #gather(source: FileSource, onProgress: LoadFilesOptions["onProgress"], signal: AbortSignal): Promise<Gathered> {
    let gathered = this.#gathered.get(source);
    if (!gathered) {
      gathered = gather(source, {
        onFound: (done) => {
          if (!signal.aborted) onProgress?.({ done, total: 0, unit: "files" });
        },
      });
      // A list costs nothing to go through again, and its owner may have changed it.
      if (!(Symbol.iterator in source)) this.#gathered.set(source, gathered);
    }
    return unlessAborted(gathered, signal);
  }

  /** Hands files to the worker, unless it has just these. */
  async #send(files: DroppedFile[], signal: AbortSignal): Promise<number> {
    const sent = this.#sent;
    if (sent?.worker === this.#host.worker && sameFiles(sent.files, files)) return sent.drop;
    this.#sent = null;
    const drop = await handOver((...call) => this.#host.call(...call), files, signal);
    this.#sent = { files, drop, worker: this.#host.worker };
    return drop;
  }
}

function sameFiles(these: DroppedFile[], those: DroppedFile[]): boolean {
  return (
    these === those ||
    (these.length === those.length &&
      these.every(({ path, file }, i) => path === those[i]?.path && file === those[i].file))
  );
}

function either(signal: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([signal, other]) : signal;
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortedError());
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** What of the options the worker needs, without those that were given as undefined. */
function readOptions({ signal, onProgress, ...options }: LoadFilesOptions): ReadOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** A picture in a form that can be sent to the worker, which decodes files by itself. */
export async function toPicture(image: Blob | ImageBitmapSource): Promise<Blob | ImageBitmap> {
  if (image instanceof Blob) return image;
  try {
    return await createImageBitmap(image);
  } catch (error) {
    if (error instanceof TypeError) {
      throw optionError("image", "image is a file, an image, a canvas, a video, ImageData or an ImageBitmap.");
    }
    throw new CnnLabError({
      code: "image",
      message: "This picture has no pixels to look at: it is empty, not loaded yet, or of another site.",
    });
  }
}
