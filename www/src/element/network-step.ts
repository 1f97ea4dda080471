import type { CnnLab } from "../api/cnn-lab";
import type { Base, DatasetInfo, ModelSpec, Preset, Progress, Summary } from "../api/types";
import { misfit } from "./builder/fit";
import { AttributeError, optimizerSettings, settingsOfOptions } from "./settings";
import { optionsOf } from "./train-step";
import type { Workbench } from "./workbench";

/** Stands in the list of presets for a network that is none of them. */
export const own = "own";

/** Whether a preset begins with a pretrained network. Its name is that network's. */
const isPretrained = ({ spec }: Preset): boolean => spec.layers.some(({ layer }) => layer === "MobileNetV2");

/** The second step: which network learns. */
export class NetworkStep {
  presets: Preset[] = [];
  /** The preset in use, or `own`. */
  chosen = "";
  /** The pretrained networks that presets begin with. */
  bases: readonly Base[] = [];
  /** The preset that was chosen, where its pretrained network would have to be downloaded first. */
  offered: Preset | null = null;
  /** How far the download of a pretrained network is; null: none goes on. */
  download: Progress | null = null;
  #download = new AbortController();
  /** The preset that was wanted, while another stands in because the pictures are too small for it. */
  #wanted: string | null = null;

  constructor(private readonly bench: Workbench) {}

  /** The pretrained network that the present one begins with. */
  get base(): string | undefined {
    return this.summary?.layers.find(({ base }) => base)?.base;
  }

  /** The pretrained network that a preset begins with. */
  baseOf(preset: Preset): Base | undefined {
    return this.bases.find(({ name }) => name === preset.name);
  }

  /** The networks of the lessons; those on a pretrained network where this copy of the lab has it. */
  async #list(lab: CnnLab): Promise<void> {
    const presets = await lab.presets();
    if (presets.some(isPretrained)) {
      this.bases = await lab.bases().catch(() => []);
    }
    this.presets = presets.filter((preset) => !isPretrained(preset) || this.baseOf(preset));
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
    const { model } = this.bench.settings;
    const preset = this.presets.find(({ name }) => name === model);
    const first = this.presets[0];
    if (preset) {
      await this.take(lab, preset.spec, preset.name);
      this.bench.training.adoptUnchosen(optionsOf(preset));
    } else if (first) {
      await this.take(lab, first.spec, first.name);
      await this.#takeNamed(lab, model);
    }
    await this.bench.try(() => this.takeBase(lab));
  }

  /** Takes the preset on the pretrained network that the attribute names, once there are pictures. Resolves to whether it was taken. */
  async takeBase(lab: CnnLab): Promise<boolean> {
    const { base } = this.bench.settings;
    if (base === null) {
      return false;
    }
    const preset = await (await import("./pretrained/attribute")).presetOn(this.bench.text, lab, base, this.presets).catch((error: unknown) => {
      if (!(error instanceof AttributeError)) {
        throw error;
      }
      // It never can be: what else is chosen is what there is.
      this.bench.settings.base = null;
      this.bench.fail(error);
    });
    if (!preset) {
      return false;
    }
    await this.take(lab, preset.spec, preset.name);
    this.bench.training.adoptUnchosen(optionsOf(preset));
    return true;
  }

  /** What the settings say is no preset's name: a spec, Keras code, or a mistake. */
  async #takeNamed(lab: CnnLab, model: string): Promise<void> {
    if (/^\{|[(\n]/.test(model)) {
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
    const summary = await this.#set(lab, spec);
    this.chosen = name;
    this.offered = null;
    this.#wanted = null;
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
        this.bases = await lab.bases().catch(() => this.bases);
        this.bench.changed();
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
    this.bench.inside.refresh();
  }

  /** Notes that the lab has the network of a kept training now, under the name that it went by. */
  async restored(lab: CnnLab, name: string): Promise<void> {
    await this.#list(lab);
    this.chosen = this.presets.some((preset) => preset.name === name) ? name : own;
    this.#wanted = null;
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
      this.bench.training.adopt(preset);
    });
  }

  /** The same network with fresh weights. */
  async startOver(): Promise<void> {
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
    const output = this.summary?.layers.at(-1)?.outputShape ?? [];
    const fits = misfit(this.bench.text, this.inputShape, output, { shape: info.shape, classes: info.classes.length }) === "";
    const sameClasses = before === null || String(before.classes) === String(info.classes);
    const preset = this.presets.find(({ name }) => name === chosen);
    if (preset && !(fits && sameClasses)) {
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
