import type { CnnLab } from "../api/cnn-lab";
import { withHead } from "../api/pretrained";
import type { Base, DatasetInfo, ModelSpec, Preset, Progress, Summary } from "../api/types";
import { misfit } from "./builder/fit";
import { AttributeError, optimizerSettings, settingsOfOptions } from "./settings";
import { optionsOf } from "./train-step";
import type { Workbench } from "./workbench";

/** Stands in the list of presets for a network that is none of them. */
export const own = "own";
/** Stands there for what the present network has learned, under a new last layer. */
export const asBase = "as-base";

/** A network of the list; one with a head of its own comes as it was trained, for pictures of any set. */
export type Listed = Preset & { head?: Base };

/** Whether a preset begins with a pretrained network. Its name is that network's, where it has no head of its own. */
const isPretrained = ({ spec }: Preset): boolean => spec.layers.some(({ layer }) => layer === "MobileNetV2" || layer === "EfficientNetLite0");

/** What is no preset's name: a spec or code. */
const isText = (model: string): boolean => /^\{|[(\n]/.test(model);

/** The second step: which network learns. */
export class NetworkStep {
  presets: Listed[] = [];
  /** The preset in use, or `own`. */
  chosen = "";
  /** The pretrained networks that presets begin with. */
  bases: readonly Base[] = [];
  /** The preset that was chosen, where its pretrained network would have to be downloaded first. */
  offered: Listed | null = null;
  /** How far the download of a pretrained network is; null: none goes on. */
  download: Progress | null = null;
  #download = new AbortController();
  /** The preset that was wanted, while another stands in because the pictures are too small for it. */
  #wanted: string | null = null;
  /** The network's last layer is new, and what comes before it was learned on something else. */
  #rebuilt = false;
  /** It came from a file or a kept training. */
  #loaded = false;

  constructor(private readonly bench: Workbench) {}

  /** The pretrained network that the present one begins with. */
  get base(): string | undefined {
    return this.summary?.layers.find(({ base }) => base)?.base;
  }

  /** The pretrained network that a preset begins with. */
  baseOf(preset: Listed): Base | undefined {
    return this.bases.find(({ name }) => name === (preset.head?.name ?? preset.name));
  }

  /** What a person calls a network of the list. */
  titleOf({ title, head }: Listed): string {
    const t = this.bench.text;
    return head?.classes ? t.network.withClasses(title, head.classes) : t.core.says(title);
  }

  /** Whether there is something to show of layers that learned before: of a pretrained network, or frozen. */
  get hasFrozen(): boolean {
    return this.#rebuilt || this.summary?.layers.some(({ base, trainable, params }) => base !== undefined || (params > 0 && !trainable)) === true;
  }

  /** Whether frozen layers hold what they have learned, and no pretrained network has it: with fresh weights they would be noise. */
  get holdsLearned(): boolean {
    return this.#rebuilt || (this.#loaded && this.summary?.layers.some(({ base, trainable, params }) => base === undefined && params > 0 && !trainable) === true);
  }

  /** Whether what the network has learned can be kept under a new last layer. */
  get canBeBase(): boolean {
    const { training, lab } = this.bench;
    return training.trained && this.summary !== null && this.classes === null && Boolean(lab?.dataset);
  }

  /** Why the network cannot be trained on the pictures, where it is none of the list; empty where it can. */
  get misfit(): string {
    const info = this.bench.lab?.dataset;
    if (this.chosen !== own || !info) return "";
    return misfit(this.bench.text, this.inputShape, this.summary?.layers.at(-1)?.outputShape ?? [], { shape: info.shape, classes: info.classes.length });
  }

  /** The classes that the present network tells apart with a pretrained head of its own; null: it learns those of the pictures. */
  get classes(): readonly string[] | null {
    return this.summary?.layers.at(-1)?.base ? (this.bench.lab?.classes ?? []) : null;
  }

  /** The networks of the lessons; those on a pretrained network where this copy of the lab has it. */
  async #list(lab: CnnLab): Promise<void> {
    const presets = await lab.presets();
    if (presets.some(isPretrained)) {
      this.bases = await lab.bases().catch(() => []);
    }
    this.#show(presets);
  }

  /** Those that can be had; behind them the pretrained ones as they came. */
  #show(presets: readonly Listed[]): void {
    const heads = this.bases.filter(({ classes }) => classes !== null);
    this.presets = [
      ...presets.filter((preset) => !preset.head && (!isPretrained(preset) || this.baseOf(preset))),
      ...heads.map((head): Listed => ({ name: `${head.name}-${head.trainedOn.toLowerCase()}`, title: head.title, description: "", spec: withHead(head), epochs: 1, batchSize: 32, head })),
    ];
  }

  /** Asks what there is besides the lessons' networks; where that cannot be had, there is nothing. */
  async #listHeads(lab: CnnLab): Promise<void> {
    this.bases = await lab.bases().catch(() => this.bases);
    this.#show(this.presets);
    this.bench.changed();
  }

  get summary(): Summary | null {
    return this.bench.lab?.summary ?? null;
  }

  /** The convolutions, whose feature maps can be looked at. */
  get convolutions(): Summary["layers"] {
    const all = this.summary?.layers.filter(({ layer }) => layer === "Conv2D") ?? [];
    // Of very deep networks only some, evenly: all would take too long to draw.
    const every = Math.ceil(all.length / 16);
    return all.filter((_, at) => at % every === 0);
  }

  /** Height, width and channels of what the network takes. */
  get inputShape(): readonly number[] {
    return this.bench.lab?.spec?.input_shape ?? [];
  }

  /** Asks for the networks of the lessons, and takes the one that the settings name. */
  async list(lab: CnnLab): Promise<void> {
    await this.#list(lab);
    const { model, steps } = this.bench.settings;
    const named = (): Listed | undefined => this.presets.find(({ name }) => name === model);
    if (!named() && !isText(model)) {
      await this.#listHeads(lab);
    } else if (this.bases.length === 0 && steps.includes("network")) {
      // Nobody waits for it.
      void this.#listHeads(lab);
    }
    const preset = named();
    const first = this.presets[0];
    if (preset?.head && first) {
      // Where its weights cannot be had, there is a network all the same.
      await this.take(lab, first.spec, first.name);
      await this.bench.try(() => this.take(lab, preset.spec, preset.name));
    } else if (preset) {
      await this.take(lab, preset.spec, preset.name);
      this.bench.training.adoptUnchosen(optionsOf(preset));
    } else if (first) {
      await this.take(lab, first.spec, first.name);
      await this.#takeNamed(lab, model);
    }
    await this.bench.try(() => this.takeBase(lab));
  }

  /** Takes what the attribute `base` names, once there are pictures. Resolves to whether it was taken. */
  async takeBase(lab: CnnLab): Promise<boolean> {
    const { base } = this.bench.settings;
    if (base === null) {
      return false;
    }
    const { baseFor } = await import("./pretrained/attribute");
    const found = await baseFor(this.bench.text, lab, base, this.presets).catch((error: unknown) => {
      if (!(error instanceof AttributeError)) {
        throw error;
      }
      // It never can be: what else is chosen is what there is.
      this.bench.settings.base = null;
      this.bench.fail(error);
    });
    if (!found) {
      return false;
    }
    if ("spec" in found) {
      await this.take(lab, found.spec, found.name);
      this.bench.training.adoptUnchosen(optionsOf(found));
    } else {
      this.#took(lab, found, own, true);
    }
    return true;
  }

  /** What the settings say is no preset's name: a spec, Keras code, or a mistake. */
  async #takeNamed(lab: CnnLab, model: string): Promise<void> {
    if (isText(model)) {
      await this.bench.try(async () => {
        await this.take(lab, model, own);
        // Who says which optimizer says all of it; a schedule's absence cannot be said.
        if (!("optimizer" in this.bench.given)) {
          this.bench.training.adoptUnchosen(optimizerSettings(lab.spec?.compile?.optimizer));
        }
        // Of code, what its `fit` says too.
        const said = settingsOfOptions(lab.fit);
        if (Object.keys(said).length > 0) {
          this.bench.training.adoptUnchosen(said);
        }
      });
    } else {
      const names = this.presets.map(({ name }) => name).join(", ");
      this.bench.fail({
        code: "option",
        field: "model",
        message: this.bench.text.network.noSuchNetwork(model, names),
      });
    }
  }

  /** Makes a network with fresh weights the present one. */
  async take(lab: CnnLab, spec: ModelSpec | string, name: string): Promise<void> {
    this.#took(lab, await this.#set(lab, spec), name);
  }

  /** Keeps what the network has learned, frozen, under a new last layer for the classes of the pictures. */
  async useAsBase(): Promise<void> {
    const lab = await this.bench.ready;
    this.cancel();
    await this.bench.try(async () => this.#took(lab, await lab.useAsBase(), own, true));
  }

  #took(lab: CnnLab, summary: Summary, name: string, rebuilt = false): void {
    this.chosen = name;
    this.offered = null;
    this.#wanted = null;
    this.#rebuilt = rebuilt;
    this.#loaded = false;
    if (lab.dataset) {
      this.bench.settings.base = null;
    }
    this.bench.tell({ name: "model", detail: summary });
    this.bench.training.forget();
    this.bench.inside.refresh();
    this.bench.changed();
  }

  /** Shows how far the download of a pretrained network is, where one is needed; another one that is under way is cancelled. */
  async #set(lab: CnnLab, spec: ModelSpec | string): Promise<Summary> {
    this.#download.abort();
    const cancel = (this.#download = new AbortController());
    const onProgress = (progress: Progress): void => {
      this.download = progress;
      this.bench.changedSoon();
    };
    try {
      return await lab.setModel(spec, { signal: cancel.signal, onProgress });
    } finally {
      if (this.download && cancel === this.#download) {
        this.download = null;
        await this.#listHeads(lab);
      }
    }
  }

  /** Leaves the network that is offered or being downloaded. */
  cancel(): void {
    this.offered = null;
    this.#download.abort();
    this.bench.changed();
  }

  /** Notes that the lab has another network now, from a checkpoint. */
  loaded(): void {
    this.chosen = own;
    this.offered = null;
    this.#wanted = null;
    this.#rebuilt = false;
    this.#loaded = true;
    this.bench.inside.refresh();
  }

  /** Notes that the lab has the network of a kept training now, under the name that it went by. */
  async restored(lab: CnnLab, name: string): Promise<void> {
    await this.#list(lab);
    this.chosen = this.presets.some((preset) => preset.name === name) ? name : own;
    this.#wanted = null;
    this.#rebuilt = false;
    this.#loaded = true;
    this.bench.inside.refresh();
  }

  /** Takes a preset, with the options that its lesson trains it with. What costs a download is offered first. */
  async choose(name: string, sure = false): Promise<void> {
    const lab = await this.bench.ready;
    const preset = this.presets.find((known) => known.name === name);
    this.cancel();
    if (!preset) {
      return;
    }
    const base = this.baseOf(preset);
    if (base?.cached === false) {
      this.offered = preset;
      if (!sure) {
        return;
      }
      // Shown from the first moment, so that it can be cancelled while the server thinks.
      this.download = { done: 0, total: base.bytes, unit: "bytes" };
    }
    await this.bench.try(async () => {
      await this.take(lab, preset.spec, name);
      if (!preset.head) this.bench.training.adopt(preset);
    });
  }

  /** The same network with fresh weights, but for frozen layers that hold what they have learned. */
  async startOver(): Promise<void> {
    if (this.holdsLearned) {
      await this.useAsBase();
      return;
    }
    const { lab } = this.bench;
    const spec = lab?.spec;
    if (lab && spec) {
      await this.bench.try(() => this.take(lab, spec, this.chosen));
    }
  }

  /**
   * After a set was loaded: the presets are made for it, and the present one is taken anew
   * where it does not fit or has learned other classes. What a person wrote, and what has
   * learned these classes, stays. Photos and small pictures each have a first preset, which
   * takes the place of the other's.
   */
  async fitTo(info: DatasetInfo, before: DatasetInfo | null): Promise<void> {
    const lab = await this.bench.ready;
    const former = this.presets;
    await this.#list(lab);
    if (await this.takeBase(lab)) {
      return;
    }
    const [first] = this.presets;
    const chosen = this.#wanted ?? this.chosen;
    const old = former.find(({ name }) => name === chosen);
    const gone = old && !this.presets.some(({ name }) => name === old.name);
    if (old && first && first.name !== old.name && (gone || (old === former[0] && first.name !== former[0].name))) {
      const taken = await this.#takeFitting(lab, first);
      this.bench.training.adoptUnchosen(optionsOf(taken), optionsOf(old));
      return;
    }
    if (this.#rebuilt && String(this.inputShape) === String(info.shape) && this.misfit) {
      await this.useAsBase();
      return;
    }
    const output = this.summary?.layers.at(-1)?.outputShape ?? [];
    const fits = misfit(this.bench.text, this.inputShape, output, { shape: info.shape, classes: info.classes.length }) === "";
    const sameClasses = before === null || String(before.classes) === String(info.classes);
    const preset = this.presets.find(({ name }) => name === chosen);
    if (preset && !preset.head && !(fits && sameClasses)) {
      await this.#takeFitting(lab, preset);
    }
  }

  /** Takes a preset; where the pictures are too small for its windows, the first other one that fits. */
  async #takeFitting(lab: CnnLab, wanted: Preset): Promise<Preset> {
    for (const preset of [wanted, ...this.presets.filter((other) => other !== wanted && !isPretrained(other))]) {
      try {
        await this.take(lab, preset.spec, preset.name);
        this.#wanted = preset === wanted ? null : wanted.name;
        return preset;
      } catch (error) {
        if ((error as { code?: unknown }).code !== "spec") {
          throw error;
        }
      }
    }
    await this.take(lab, wanted.spec, wanted.name);
    return wanted;
  }
}
