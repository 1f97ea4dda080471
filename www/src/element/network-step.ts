import type { CnnLab } from "../api/cnn-lab";
import type { DatasetInfo, ModelSpec, Preset, Summary } from "../api/types";
import { isAbort, type Notice, noticeOf } from "./notices";
import { optionsOf } from "./train-step";
import type { Workbench } from "./workbench";

/** Stands in the list of presets for a network that is none of them. */
export const own = "own";

/** The second step: which network learns. */
export class NetworkStep {
  presets: Preset[] = [];
  /** The preset in use, or `own`. */
  chosen = "";
  /** The spec being edited, as JSON text. */
  text = "";
  /** What is wrong with the text, or null. */
  problem: Notice | null = null;
  /** What the text would be, once it has been checked. */
  draft: Summary | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checks = 0;
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
      this.bench.training.adoptUnchosen(preset);
    } else if (first) {
      await this.take(lab, first.spec, first.name);
      await this.#takeNamed(lab, model);
    }
  }

  /** What the settings say is no preset's name: a spec, or a mistake. */
  async #takeNamed(lab: CnnLab, model: string): Promise<void> {
    if (model.startsWith("{")) {
      await this.bench.try(() => this.take(lab, model, own));
    } else {
      const names = this.presets.map(({ name }) => name).join(", ");
      this.bench.fail({
        code: "option",
        field: "model",
        message: `There is no network "${model}" here. Give one of ${names}, or a spec as JSON.`,
      });
    }
  }

  /** Makes a network with fresh weights the present one. */
  async take(lab: CnnLab, spec: ModelSpec | string, name: string): Promise<void> {
    await lab.setModel(spec);
    this.chosen = name;
    this.#wanted = null;
    this.#showSpec(spec);
    this.bench.training.forget();
    this.bench.inside.refresh();
    this.bench.changed();
  }

  #showSpec(spec: ModelSpec | string | null): void {
    this.text = typeof spec === "string" ? spec : specText(spec);
    this.problem = null;
    this.draft = null;
  }

  /** Notes that the lab has another network now, from a checkpoint. */
  loaded(lab: CnnLab): void {
    this.chosen = own;
    this.#showSpec(lab.spec);
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

  /** Takes what was typed, and checks it when the typing pauses. */
  edit(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), 250);
    this.bench.changed();
  }

  async #check(): Promise<void> {
    const check = (this.#checks += 1);
    const lab = await this.bench.ready;
    let [draft, problem]: [Summary | null, Notice | null] = [null, null];
    try {
      draft = await lab.summarize(this.text);
    } catch (error) {
      problem = isAbort(error) ? null : noticeOf(error);
    }
    // Another letter may have been typed meanwhile.
    if (check === this.#checks) {
      this.draft = draft;
      this.problem = problem;
      this.bench.changed();
    }
  }

  /** Makes the edited spec the present network. */
  async apply(): Promise<void> {
    const lab = await this.bench.ready;
    try {
      await this.take(lab, this.text, own);
    } catch (error) {
      this.problem = noticeOf(error);
    }
    this.bench.changed();
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
      this.bench.training.adoptUnchosen(taken, optionsOf(old));
      return;
    }
    const sameShape = String(info.shape) === String(this.inputShape);
    const units = this.summary?.layers.at(-1)?.outputShape.at(-1);
    const sameClasses = before === null || String(before.classes) === String(info.classes);
    const preset = this.presets.find(({ name }) => name === chosen);
    if (preset && !(sameShape && units === info.classes.length && sameClasses)) {
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

/** JSON with a line for each layer: short enough to read, long enough to edit. */
export function specText(spec: ModelSpec | null): string {
  if (!spec) {
    return "";
  }
  // Line breaks in strings are escaped, so those that are left only lay out the text.
  const line = (value: unknown): string => JSON.stringify(value, null, 1).replace(/\n */g, " ");
  const { input_shape, layers, ...rest } = spec;
  const lines = layers.map(({ layer, ...options }) => `    ${line({ layer, ...options })}`);
  const entries = [
    `  "input_shape": ${line(input_shape)}`,
    `  "layers": [\n${lines.join(",\n")}\n  ]`,
    ...Object.entries(rest).map(([key, value]) => `  ${JSON.stringify(key)}: ${line(value)}`),
  ];
  return `{\n${entries.join(",\n")}\n}`;
}
