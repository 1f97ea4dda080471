import type { CnnLab } from "../api/cnn-lab";
import type { BundledSet, DatasetEdit, DatasetInfo, MissingSet, Progress, RestoredSession, SessionData, Shape, Split } from "../api/types";
import { previewPictures } from "../view/sprite";
import { TimeLeft } from "../view/time-left";
import type { Workbench } from "./workbench";

/** One picture of the grid. */
export type Sample = { picture: ImageData; label: string };

/** How many pictures the grid has across, at a zoom of two, and at once. */
export function gridOf([, width]: Shape): { columns: number; size: number } {
  return width <= 28 ? { columns: 4, size: 8 } : { columns: 3, size: 6 };
}

/** A change to a set, which any lab that has the set can make. */
type Change = (lab: CnnLab) => Promise<unknown>;

/** A set, and how any lab gets it as it is now. */
export type SetSource = {
  /** Equal keys mean the same pictures. */
  readonly key: string;
  readonly load: (
    lab: CnnLab,
    o: { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ) => Promise<DatasetInfo>;
  /** What was changed since, in order: it is done again wherever the set is loaded again. */
  readonly edits: Change[];
  /** What it is called and how large it is; null before it was loaded. */
  info: DatasetInfo | null;
};

function bundledSource(name: string, limit: number | undefined): SetSource {
  return { key: `bundled:${name}:${limit ?? "all"}`, load: (lab, o) => lab.loadBundled(name, { limit, ...o }), edits: [], info: null };
}

/** How any lab gets the pictures of a kept training; null where they are not kept. */
function sourceOf(id: string, { source, edits }: SessionData, info: DatasetInfo): SetSource | null {
  if (source.kind === "own") {
    return null;
  }
  const { name } = source;
  const set: SetSource =
    source.kind === "bundled" ? bundledSource(name, source.limit) : { key: `own:session:${id}`, load: (lab, o) => lab.loadRemembered(name, o), edits: [], info };
  return { ...set, edits: edits.map(changeOf), info };
}

function changeOf(edit: DatasetEdit): Change {
  switch (edit.kind) {
    case "split":
      return (lab) => lab.split(edit.options);
    case "rename":
      return (lab) => lab.renameClass(edit.label, edit.name);
    case "merge":
      return (lab) => lab.mergeClasses(edit.from, edit.into);
    case "drop":
      return (lab) => lab.dropClass(edit.label);
    case "exclude":
      return (lab) => lab.exclude(edit.split, edit.index);
    case "relabel":
      return (lab) => lab.relabel(edit.split, edit.index, edit.label);
  }
}

/** The first step: which pictures to learn from. */
export class DataStep {
  sets: BundledSet[] = [];
  missing: readonly MissingSet[] = [];
  /** Pictures of each set's preview, by the set's name. */
  previews = new Map<string, ImageData[]>();
  /** The person's own set, loaded or not; null before the first. */
  own: SetSource | null = null;
  /** The person's own set is chosen, not a bundled one. */
  useOwn = false;
  /** How far loading is; null when nothing is being loaded. */
  progress: Progress | null = null;
  samples: Sample[] = [];
  /** What the grid shows of the loaded set. */
  split: Split = "train";
  first = 0;
  /** What a screen reader is told of loading. */
  spoken = "";
  /** Two pictures of the person's own set. */
  ownFaces: ImageData[] = [];
  /** Counts the changes to the loaded set: what was drawn of an earlier one is old. */
  revision = 0;
  #loaded: SetSource | null = null;
  #cancel: AbortController | null = null;
  #timeLeft = new TimeLeft();
  /** The last division of the loaded set; it replaces the one before. */
  #division: Change | null = null;

  constructor(private readonly bench: Workbench) {}

  /** Asks which sets there are, and shows them. */
  async list(lab: CnnLab): Promise<void> {
    this.sets = await lab.bundled();
    this.missing = lab.missing;
    const { settings } = this.bench;
    const named = this.sets.find(({ name }) => name === settings.dataset);
    const missing = this.missing.find(({ name }) => name === settings.dataset);
    if (!named && this.sets[0]) {
      const all = this.sets.map(({ name }) => name).join(", ");
      this.bench.fail({
        code: "data-missing",
        field: "dataset",
        message: missing?.reason ?? this.bench.text.data.noSuchSet(settings.dataset, all),
      });
      settings.dataset = this.sets[0].name;
    }
    void this.#drawPreviews();
  }

  async #drawPreviews(): Promise<void> {
    for (const { name, preview, shape } of this.sets) {
      // Without its preview a set still has its name and numbers.
      const pictures = preview ? await previewPictures(preview, shape).catch(() => []) : [];
      this.previews.set(name, pictures);
      this.bench.changedSoon();
    }
  }

  get info(): DatasetInfo | null {
    return this.bench.lab?.dataset ?? null;
  }

  /** The bundled set that is chosen; undefined where the person's own is. */
  get chosen(): BundledSet | undefined {
    return this.useOwn ? undefined : this.sets.find(({ name }) => name === this.bench.settings.dataset);
  }

  get loading(): boolean {
    return this.#cancel !== null;
  }

  /** Seconds until loading is done, as far as its speed tells. */
  get secondsLeft(): number | null {
    return this.#timeLeft.seconds;
  }

  /** What is chosen. */
  get #wanted(): SetSource {
    if (this.useOwn && this.own) {
      return this.own;
    }
    const { dataset: name, limit } = this.bench.settings;
    return bundledSource(name, limit ?? undefined);
  }

  /** Whether what is chosen is what is loaded. */
  get upToDate(): boolean {
    return this.#loaded !== null && this.#loaded.key === this.#wanted.key;
  }

  /** Whether the loaded set is the person's own. */
  get ownLoaded(): boolean {
    return this.#loaded !== null && this.#loaded === this.own;
  }

  choose(name: string): void {
    this.useOwn = false;
    this.bench.settings.dataset = name;
    this.bench.changed();
  }

  chooseOwn(): void {
    this.useOwn = this.own !== null;
    this.bench.changed();
  }

  setLimit(limit: number | null): void {
    this.bench.settings.limit = limit;
    this.bench.changed();
  }

  /** Divides the loaded pictures as the settings say, unless a run is using them. */
  async divide(): Promise<void> {
    const { lab } = this.bench;
    if (!lab?.dataset || this.bench.training.active) {
      return;
    }
    await this.bench.try(() => this.#divide(lab));
    await this.#refresh();
  }

  /** What the set came with stays as it is. */
  async #divide(lab: CnnLab): Promise<void> {
    const { validation, test, splitSeed: seed } = this.bench.settings;
    const { given } = lab.dataset ?? {};
    const shares = { ...(given?.validation ? {} : { validation }), ...(given?.test ? {} : { test }) };
    // Where both were given there is nothing to draw.
    if (Object.keys(shares).length === 0) {
      return;
    }
    const change: Change = (other) => other.split({ ...shares, seed });
    await change(lab);
    const edits = this.#loaded?.edits ?? [];
    if (this.#division && edits.at(-1) === this.#division) {
      edits.pop();
    }
    this.#division = change;
    edits.push(change);
  }

  /**
   * Loads what is chosen, unless it is loaded already. Resolves to whether it is there now.
   * What was loaded before stays where this fails.
   */
  async load(): Promise<boolean> {
    await this.bench.ready;
    return this.upToDate || this.take(this.#wanted);
  }

  /** Loads a set in place of the present one; a load under way is cancelled. */
  async take(source: SetSource): Promise<boolean> {
    const t = this.bench.text;
    const lab = await this.bench.ready;
    const loading = this.#beginLoading(source.key.startsWith("bundled:") ? "bytes" : "pictures");
    let [done, failed] = [false, false];
    try {
      const before = lab.dataset;
      const info = await source.load(lab, loading.options);
      this.#loaded = source;
      this.#division = null;
      if (!source.key.startsWith("bundled:")) {
        this.own = source;
        this.useOwn = true;
      }
      done = true;
      this.#tellWarnings(info);
      for (const change of source.edits) {
        await change(lab);
      }
      await this.#divide(lab);
      source.info = lab.dataset;
      await this.#fitNetwork(lab, before);
      this.split = "train";
      this.first = 0;
      const { name, classes, splits } = lab.dataset ?? info;
      this.spoken = t.data.loadedSet(name, splits.train + splits.validation + splits.test, classes.length);
      await this.#refresh();
    } catch (error) {
      failed = true;
      this.spoken = done ? t.data.networkMissing : t.data.nothingLoaded;
      this.bench.fail(error);
    } finally {
      loading.end();
      void this.#askCache(lab);
    }
    if (done) {
      this.bench.sessions.loaded();
    }
    return !failed && this.upToDate;
  }

  /** Shows that something is being loaded; what was being loaded is cancelled. */
  #beginLoading(unit: Progress["unit"]): { options: { signal: AbortSignal; onProgress: (progress: Progress) => void }; end: () => void } {
    this.#cancel?.abort();
    const cancel = (this.#cancel = new AbortController());
    this.#timeLeft = new TimeLeft();
    this.progress = { done: 0, total: 0, unit };
    this.bench.changed();
    return {
      options: {
        signal: cancel.signal,
        onProgress: (progress) => {
          this.progress = progress;
          this.#timeLeft.add(progress.done, progress.total, performance.now());
          this.bench.changedSoon();
        },
      },
      end: () => {
        // Another load may have taken this one's place.
        if (this.#cancel === cancel) {
          this.#cancel = null;
          this.progress = null;
        }
        this.bench.changed();
      },
    };
  }

  /** Restores a kept training, and shows the pictures that came with it. */
  async restore(restore: (o: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<RestoredSession>): Promise<RestoredSession> {
    const loading = this.#beginLoading("pictures");
    try {
      const restored = await restore(loading.options);
      const { dataset, session } = restored;
      const source = dataset && session.data && sourceOf(session.id, session.data, dataset);
      if (source) {
        this.#loaded = source;
        this.#division = session.data?.edits.at(-1)?.kind === "split" ? (source.edits.at(-1) ?? null) : null;
        this.useOwn = session.data?.source.kind !== "bundled";
        this.own = this.useOwn ? source : this.own;
        this.split = "train";
        this.first = 0;
        await this.#refresh();
      }
      return restored;
    } finally {
      loading.end();
    }
  }

  /** A few are told each, many as a number: all of them are in the list of the set. */
  #tellWarnings({ warnings }: DatasetInfo): void {
    const t = this.bench.text;
    if (warnings.length > 3) {
      this.bench.warn({ message: t.data.passedOver(warnings.length) });
    } else {
      warnings.forEach((warning) => this.bench.warn(warning));
    }
  }

  cancel(): void {
    this.#cancel?.abort();
  }

  /**
   * Changes the loaded set, and shows it. Resolves to whether that was done. A class that is
   * only called otherwise leaves the network its weights.
   */
  async edit(change: Change, { renames = false } = {}): Promise<boolean> {
    const { lab } = this.bench;
    const before = lab?.dataset;
    if (!lab || !before) {
      return false;
    }
    let done = false;
    await this.bench.try(async () => {
      await change(lab);
      this.#loaded?.edits.push(change);
      done = true;
      if (this.#loaded) {
        this.#loaded.info = lab.dataset;
      }
      await this.#fitNetwork(lab, renames ? null : before);
      await this.#refresh();
    });
    return done;
  }

  /** After another set or other classes: a network that does not fit is made anew. */
  async #fitNetwork(lab: CnnLab, before: DatasetInfo | null): Promise<void> {
    const info = lab.dataset;
    // Nothing can be learned from one class; more will follow.
    if (info && info.classes.length > 1) {
      await this.bench.network.fitTo(info, before);
    }
  }

  /** Shows the set as it is now, everywhere. */
  async #refresh(): Promise<void> {
    this.revision += 1;
    await this.show(this.split, this.first);
    // Who loads in order to train need not wait for what is shown of the network.
    void this.bench.inside.start();
    this.bench.changed();
  }

  /** What has been downloaded is in the browser's cache now. */
  async #askCache(lab: CnnLab): Promise<void> {
    this.sets = await lab.bundled().catch(() => this.sets);
    this.bench.changed();
  }

  /** Loads the same data, with all changes, into another lab. */
  async bringTo(lab: CnnLab): Promise<void> {
    await lab.bundled();
    if (this.#loaded) {
      await this.#loaded.load(lab, {});
      for (const change of this.#loaded.edits) {
        await change(lab);
      }
    }
  }

  /** Fills the grid with pictures of a split, from `first` on. */
  async show(split: Split, first: number): Promise<void> {
    const { lab } = this.bench;
    const info = lab?.dataset;
    if (!lab || !info) {
      return;
    }
    const total = info.splits[split];
    this.split = split;
    this.first = total === 0 ? 0 : Math.max(0, Math.min(first, total - 1));
    const shown = Math.min(gridOf(info.shape).size, total - this.first);
    await this.bench.try(async () => {
      const { pictures } = shown > 0 ? await lab.gallery({ split, offset: this.first, count: shown }) : { pictures: [] };
      this.samples = pictures.map(({ pixels, label }) => ({ picture: pixels, label: info.classes[label] ?? String(label) }));
      if (this.ownLoaded && pictures.length > 0) {
        this.ownFaces = pictures.slice(0, 2).map(({ pixels }) => pixels);
      }
    });
  }
}
