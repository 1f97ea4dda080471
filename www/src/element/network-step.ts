import type { CnnLab } from "../api/cnn-lab";
import type { DatasetInfo, ModelSpec, Preset, Summary } from "../api/types";
import { misfit } from "./builder/fit";
import { optimizerSettings, settingsOfOptions } from "./settings";
import { optionsOf } from "./train-step";
import type { Workbench } from "./workbench";

/** Stands in the list of presets for a network that is none of them. */
export const own = "own";

/** The second step: which network learns. */
export class NetworkStep {
  presets: Preset[] = [];
  /** The preset in use, or `own`. */
  chosen = "";
  /** The preset that was wanted, while another stands in because the pictures are too small for it. */
  #wanted: string | null = null;

  constructor(private readonly bench: Workbench) {}

  get summary(): Summary | null {
    return this.bench.lab?.summary ?? null;
  }

  /** The convolutions, whose feature maps can be looked at. */
  get convolutions(): Summary["layers"] {
    return this.summary?.layers.filter(({ layer }) => layer === "Conv2D") ?? [];
  }

  /** Height, width and channels of what the network takes. */
  get inputShape(): readonly number[] {
    return this.bench.lab?.spec?.input_shape ?? [];
  }

  /** Asks for the networks of the lessons, and takes the one that the settings name. */
  async list(lab: CnnLab): Promise<void> {
    this.presets = await lab.presets();
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
        message: `There is no network "${model}" here. Give one of ${names}, a spec as JSON, or Keras code.`,
      });
    }
  }

  /** Makes a network with fresh weights the present one. */
  async take(lab: CnnLab, spec: ModelSpec | string, name: string): Promise<void> {
    const summary = await lab.setModel(spec);
    this.chosen = name;
    this.#wanted = null;
    this.bench.tell({ name: "model", detail: summary });
    this.bench.training.forget();
    this.bench.inside.refresh();
    this.bench.changed();
  }

  /** Notes that the lab has another network now, from a checkpoint. */
  loaded(): void {
    this.chosen = own;
    this.bench.inside.refresh();
  }

  /** Notes that the lab has the network of a kept training now, under the name that it went by. */
  async restored(lab: CnnLab, name: string): Promise<void> {
    this.presets = await lab.presets();
    this.chosen = this.presets.some((preset) => preset.name === name) ? name : own;
    this.#wanted = null;
    this.bench.inside.refresh();
  }

  /** Takes a preset, with the options that its lesson trains it with. */
  async choose(name: string): Promise<void> {
    const lab = await this.bench.ready;
    const preset = this.presets.find((known) => known.name === name);
    if (!preset) {
      return;
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
    this.presets = await lab.presets();
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
    const fits = misfit(this.inputShape, output, { shape: info.shape, classes: info.classes.length }) === "";
    const sameClasses = before === null || String(before.classes) === String(info.classes);
    const preset = this.presets.find(({ name }) => name === chosen);
    if (preset && !(fits && sameClasses)) {
      await this.#takeFitting(lab, preset);
    }
  }

  /** Takes a preset; where the pictures are too small for its windows, the first other one that fits. */
  async #takeFitting(lab: CnnLab, wanted: Preset): Promise<Preset> {
    for (const preset of [wanted, ...this.presets.filter((other) => other !== wanted)]) {
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
