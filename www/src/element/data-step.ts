import type { CnnLab } from "../api/cnn-lab";
import type { BundledSet, DatasetInfo, MissingSet, Progress, Shape, Split } from "../api/types";
import { previewPictures } from "../view/sprite";
import type { Workbench } from "./workbench";

/** One picture of the grid. */
export type Sample = { picture: ImageData; label: string };

/** How many pictures the grid has across, at a zoom of two, and at once. */
export function gridOf([, width]: Shape): { columns: number; size: number } {
  return width <= 28 ? { columns: 4, size: 12 } : { columns: 3, size: 9 };
}

/** The first step: which pictures to learn from. */
export class DataStep {
  sets: BundledSet[] = [];
  missing: readonly MissingSet[] = [];
  /** Pictures of each set's preview, by the set's name. */
  previews = new Map<string, ImageData[]>();
  /** How far loading is; null when nothing is being loaded. */
  progress: Progress | null = null;
  samples: Sample[] = [];
  /** What the grid shows of the loaded set. */
  split: Split = "train";
  first = 0;
  /** How the present set was asked for. */
  #loaded: { name: string; limit: number | null } | null = null;
  #cancel: AbortController | null = null;

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
        message: missing?.reason ?? `There is no data set "${settings.dataset}" here. There is ${all}.`,
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
      this.bench.changed();
    }
  }

  get info(): DatasetInfo | null {
    return this.bench.lab?.dataset ?? null;
  }

  get chosen(): BundledSet | undefined {
    return this.sets.find(({ name }) => name === this.bench.settings.dataset);
  }

  get loading(): boolean {
    return this.#cancel !== null;
  }

  /** Whether what is chosen is what is loaded. */
  get upToDate(): boolean {
    const { dataset, limit } = this.bench.settings;
    return this.#loaded !== null && this.#loaded.name === dataset && this.#loaded.limit === limit;
  }

  choose(name: string): void {
    this.bench.settings.dataset = name;
    this.bench.changed();
  }

  setLimit(limit: number | null): void {
    this.bench.settings.limit = limit;
    this.bench.changed();
  }

  /** The validation share; where data is loaded, it is divided anew at once. */
  async setValidation(share: number): Promise<void> {
    this.bench.settings.validation = share;
    this.bench.changed();
    await this.divide();
  }

  /** Divides the loaded pictures as the settings say, unless a run is using them. */
  async divide(): Promise<void> {
    const { lab, settings } = this.bench;
    if (!lab?.dataset || this.bench.training.active) {
      return;
    }
    await this.bench.try(() => lab.split({ validation: settings.validation, seed: settings.seed }));
    await this.show(this.split, this.first);
  }

  /**
   * Loads what is chosen, unless it is loaded already. Resolves to whether it is there now.
   * What was loaded before stays where this fails.
   */
  async load(): Promise<boolean> {
    const lab = await this.bench.ready;
    if (this.upToDate) {
      return true;
    }
    const { dataset: name, limit } = this.bench.settings;
    const cancel = (this.#cancel = new AbortController());
    this.progress = { done: 0, total: 0, unit: "bytes" };
    this.bench.changed();
    try {
      const before = lab.dataset;
      const info = await lab.loadBundled(name, {
        limit: limit ?? undefined,
        signal: cancel.signal,
        onProgress: (progress) => {
          this.progress = progress;
          this.bench.changedSoon();
        },
      });
      this.#loaded = { name, limit };
      info.warnings.forEach((warning) => this.bench.warn(warning));
      await lab.split({ validation: this.bench.settings.validation, seed: this.bench.settings.seed });
      await this.bench.network.fitTo(info, before);
      await this.show("train", 0);
      await this.bench.inside.start();
    } catch (error) {
      this.bench.fail(error);
    } finally {
      this.#cancel = null;
      this.progress = null;
      this.bench.changed();
      void this.#askCache(lab);
    }
    return this.upToDate;
  }

  cancel(): void {
    this.#cancel?.abort();
  }

  /** What has been downloaded is in the browser's cache now. */
  async #askCache(lab: CnnLab): Promise<void> {
    this.sets = await lab.bundled().catch(() => this.sets);
    this.bench.changed();
  }

  /** Loads the same data into another lab. */
  async bringTo(lab: CnnLab): Promise<void> {
    await lab.bundled();
    if (this.#loaded) {
      const { name, limit } = this.#loaded;
      await lab.loadBundled(name, { limit: limit ?? undefined });
      await lab.split({ validation: this.bench.settings.validation, seed: this.bench.settings.seed });
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
    const indices = Array.from({ length: Math.min(gridOf(info.shape).size, total - this.first) }, (_, i) => this.first + i);
    await this.bench.try(async () => {
      const pictures = await Promise.all(indices.map((index) => lab.image(split, index)));
      this.samples = pictures.map(({ pixels, label }) => ({ picture: pixels, label: info.classes[label] ?? String(label) }));
    });
  }
}
