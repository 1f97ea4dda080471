import { gather } from "../api/dropped";
import type { FilesInfo, FileSource, FileWarning, LoadFilesOptions, RememberedSet } from "../api/types";
import type { SetSource } from "./data-step";
import { isAbort, type Notice, noticeOf } from "./notices";
import type { Workbench } from "./workbench";

const pictureNames = /\.(jpe?g|png|gif|bmp|webp|tiff?|p[bgpn]m)$/i;

/** Whether a file looks like a picture, by what the browser or its name says. */
export function isPicture({ type, name }: { type: string; name: string }): boolean {
  return type.startsWith("image/") || pictureNames.test(name);
}

/** What is chosen for pictures that are picked out one by one, when they begin a set. */
export type Beginning = { className: string; size?: [number, number]; color?: "rgb" | "grayscale" };

/** The person's own pictures, on their way to being the loaded set. */
export class OwnStep {
  /** What was dropped or chosen; null: nothing. */
  files: File[] | null = null;
  /** How many files were found, while they are looked for. */
  finding: number | null = null;
  /** What could not even be listed. */
  passedOver: FileWarning[] = [];
  /** What loading would give, as far as that is known. */
  found: FilesInfo | null = null;
  /** It is being looked at, for the first time or with other options. */
  looking = false;
  /** Why it cannot be loaded. */
  problem: Notice | null = null;
  /** How it is to be read. */
  options: LoadFilesOptions = {};
  /** The sets that this browser remembers; null where it cannot. */
  remembered: RememberedSet[] = [];
  /** The present set is being remembered. */
  remembering = false;
  #looks = 0;
  #cancel = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Numbers the sets, so that two drops of one folder are two sets. */
  #count = 0;

  constructor(private readonly bench: Workbench) {}

  /** Pictures that lie in no folder: a person has to say what they show. */
  get loose(): boolean {
    return this.files?.every((file) => isPicture(file) && !file.webkitRelativePath.includes("/")) ?? false;
  }

  /** Only pictures, so that they can become one class where they make no set. */
  get onlyPictures(): boolean {
    return this.files?.every(isPicture) ?? false;
  }

  /** Whether a table is among the files, whose label column can be chosen. */
  get hasTable(): boolean {
    // Where looking failed, the column may be what it failed at.
    return this.found?.table ?? this.files?.some(({ name }) => /\.(csv|tsv)$/i.test(name)) ?? false;
  }

  /** Why nothing can be loaded now. */
  get busy(): string | undefined {
    return this.bench.fixed ?? this.running;
  }

  /** Why other pictures cannot take the place of the present ones now. */
  get running(): string | undefined {
    return this.bench.training.active ? this.bench.text.data.stopFirstLearning : this.bench.held;
  }

  /** Takes what was dropped, pasted or chosen, and shows what it is; nothing is loaded yet. */
  async take(source: FileSource): Promise<void> {
    this.#cancel.abort();
    const cancel = (this.#cancel = new AbortController());
    Object.assign(this, { files: null, found: null, problem: null, passedOver: [], options: {}, finding: 0, looking: true });
    this.bench.open("import");
    try {
      // Asked before anything is waited for: a drop is empty once its event is over.
      const { files, warnings } = await gather(source, {
        signal: cancel.signal,
        onFound: (found) => {
          this.finding = found;
          this.bench.changedSoon();
        },
      });
      if (cancel.signal.aborted) {
        return;
      }
      this.passedOver = warnings;
      this.files = files.map(({ path, file }) => withPath(file as File, path));
      this.finding = null;
      await this.#look();
    } catch (error) {
      if (!isAbort(error) && this.#cancel === cancel) {
        this.problem = noticeOf(this.bench.text, error);
        this.finding = null;
        this.looking = false;
        this.bench.changed();
      }
    }
  }

  /** Other options: what loading would give is looked up again, when the typing pauses. */
  choose(options: LoadFilesOptions): void {
    this.options = { ...this.options, ...options };
    this.looking = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), 250);
    this.bench.changed();
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const { files } = this;
    const look = (this.#looks += 1);
    if (!files || this.loose) {
      this.looking = false;
      this.bench.changed();
      return;
    }
    this.looking = true;
    this.bench.changed();
    let [found, problem]: [FilesInfo | null, Notice | null] = [null, null];
    try {
      const lab = await this.bench.ready;
      found = await lab.inspectFiles(files, { ...this.options, signal: this.#cancel.signal });
    } catch (error) {
      if (isAbort(error)) {
        return;
      }
      problem = noticeOf(this.bench.text, error);
    }
    // Other options may have been chosen meanwhile, or other files dropped.
    if (look === this.#looks && files === this.files) {
      // With options that do not work, what was found stays, to choose others from.
      this.found = found ?? this.found;
      this.problem = problem;
      this.looking = false;
      this.bench.changed();
    }
  }

  /** Puts what was dropped away again. */
  drop(): void {
    this.#cancel.abort();
    clearTimeout(this.#timer);
    this.#looks += 1;
    Object.assign(this, { files: null, found: null, problem: null, finding: null, looking: false });
    if (this.bench.dialog === "import") {
      this.bench.close();
    }
  }

  /** Loads what was dropped, in place of the present set. */
  async load(): Promise<void> {
    const { files, options, found, passedOver } = this;
    if (!files || this.busy) {
      return;
    }
    this.drop();
    this.bench.dismiss();
    const done = await this.bench.data.take(this.#source((lab, o) => lab.loadFiles(files, { ...options, ...o })));
    // What failed may work with other options; what was cancelled is put away.
    if (!done && this.bench.error && !this.bench.dialog) {
      Object.assign(this, { files, options, found, passedOver });
      this.bench.open("import");
    }
  }

  #source(load: SetSource["load"]): SetSource {
    this.#count += 1;
    return { key: `own:${this.#count}`, load, edits: [], info: null };
  }

  /**
   * Pictures of one class, picked out or filmed: they begin a set, or are added to the present
   * one. Resolves to whether they were.
   */
  async add(pictures: Blob[], beginning: Beginning, begin: boolean): Promise<boolean> {
    const { data } = this.bench;
    if (begin || !this.bench.lab?.dataset) {
      return data.take(this.#source((lab, o) => lab.addPictures(pictures, { ...beginning, begin: true, ...o })));
    }
    const { className } = beginning;
    return data.edit((lab) => lab.addPictures(pictures, { className }));
  }

  /** Loose pictures become a class. */
  async addLoose(className: string, begin: boolean): Promise<void> {
    const { files, options } = this;
    if (!files || this.busy) {
      return;
    }
    const { size, color } = options;
    this.drop();
    if (await this.add(files, { className, ...(size && { size }), ...(color && { color }) }, begin)) {
      await this.bench.data.divide();
    }
  }

  async listRemembered(): Promise<void> {
    const lab = await this.bench.ready;
    // Without storage there is nothing to list; asking for it says so.
    this.remembered = await lab.remembered().catch(() => []);
    this.bench.changed();
  }

  /** Keeps the present set in this browser until it is forgotten. */
  async remember(): Promise<void> {
    const { lab } = this.bench;
    this.remembering = true;
    this.bench.changed();
    await this.bench.try(async () => {
      await lab?.remember();
    });
    this.remembering = false;
    await this.listRemembered();
  }

  async open(name: string): Promise<void> {
    if (!this.busy) {
      await this.bench.data.take(this.#source((lab, o) => lab.loadRemembered(name, o)));
    }
  }

  async forget(name: string): Promise<void> {
    await this.bench.try(async () => {
      await (await this.bench.ready).forget(name);
    });
    await this.listRemembered();
  }
}

/** The file with the path that it lay at, which a dropped one does not say by itself. */
function withPath(file: File, path: string): File {
  if (path !== (file.webkitRelativePath || file.name)) {
    Object.defineProperty(file, "webkitRelativePath", { value: path });
  }
  return file;
}
