import type { CnnLab } from "../../api/cnn-lab";
import { sizeOf, sourcesOf } from "../../api/costs";
import type { LayerCost, LayerSpec, ModelSpec, Preset, Summary } from "../../api/types";
import { isAbort, type Notice, noticeOf } from "../notices";
import { own } from "../network-step";
import { optimizerSettings, settingsOfOptions } from "../settings";
import type { Workbench } from "../workbench";
import { type Checked, compare, type Comparison } from "./changes";
import { type Draft, draftOf, equal, layerNames, placeNamed, placeOf, type Said, type Source, specOf } from "./draft";
import * as edits from "./edits";
import { misfit } from "./fit";
import { fold, type Row, titleOf } from "../pretrained/fold";
import { TextStep } from "./text-step";
import { begin, redo, type Steps, step, undo } from "./undo";
import type { Texts } from "../../text/texts";

/** A layer, the picture at the beginning, or what the network is judged by at its end. */
export type Selected = Source | "output";

/** What the core says against the draft, and where. */
export type Problem = Notice & { at: Selected | null; field: string | null; /** The message at its place, which needs no name. */ here: string };

/** What is known of a layer that the core has checked. */
export type Facts = {
  row: Summary["layers"][number];
  cost: LayerCost;
  /** With every default written out. */
  spec: LayerSpec;
  inputs: number[][];
  output: number[];
};

const empty: Draft = { inputShape: [28, 28, 1], compile: {}, layers: [], nextKey: 0 };

/** A network that is being built beside the one in use. */
export class BuilderStep {
  steps: Steps<Draft> = begin(empty);
  selected: Selected = "input";
  /** The layers to choose from are shown, to put one behind the selected one. */
  adding = false;
  /** The last draft that the core found right. */
  checked: Checked | null = null;
  /** The network in use. */
  used: Checked | null = null;
  problem: Problem | null = null;
  /** What the person is asked before it is done. */
  asking: "use" | "discard" | null = null;
  /** What is shown of the whole when it opens. */
  shows: "summary" | "text" = "summary";
  /** The same network as text. */
  readonly text: TextStep;
  /** The layers of a pretrained network are shown one by one, not as one. */
  unfolded = false;
  /** What a screen reader is told. */
  spoken = "";
  /** Counts the drafts that did not come from a field: what is being typed there is old. */
  turn = 0;
  #checking = false;

  constructor(private readonly bench: Workbench) {
    this.text = new TextStep(bench, this);
  }

  get draft(): Draft {
    return this.steps.present;
  }

  /** Whether the draft makes another network than the one in use, or trains it otherwise. */
  get changed(): boolean {
    return this.used !== null && (this.draft.said !== undefined || !equal(this.used.draft, this.draft));
  }

  get comparison(): Comparison | null {
    return this.checked && compare(this.bench.text, this.checked, this.used);
  }

  /** Opens the builder with the network in use; `name`: at that layer; `shows`: with this side of the whole. */
  async open(name?: string, shows: "summary" | "text" = "summary"): Promise<void> {
    const lab = await this.bench.ready;
    const { spec } = lab;
    if (!spec) {
      return;
    }
    await this.bench.try(async () => {
      const info = await lab.inspectModel(spec);
      const draft = draftOf(info.spec);
      this.steps = begin(draft);
      this.used = this.checked = { draft, info };
      this.problem = null;
      this.asking = null;
      this.adding = false;
      this.text.forget();
      this.spoken = "";
      const at = info.summary.layers.findIndex((layer) => layer.name === name);
      this.selected = draft.layers[Math.max(0, at)]?.key ?? "input";
      this.unfolded = info.summary.layers[at]?.base !== undefined;
      this.shows = shows;
      this.bench.open("builder");
    });
  }

  /** Opens the builder with what a pasted or dropped text says. */
  async openText(text: string): Promise<void> {
    if (this.bench.dialog !== "builder") {
      await this.open(undefined, "text");
    }
    this.text.type(text);
  }

  select(selected: Selected): void {
    this.selected = selected;
    this.adding = false;
    // What is selected is shown.
    this.unfolded ||= typeof selected === "number" && !this.rows.some(({ first }) => this.draft.layers[first]?.key === selected);
    this.bench.changed();
  }

  /** Shows the layers of pretrained networks one by one, or as one. */
  unfold(unfolded: boolean): void {
    const at = this.place;
    this.unfolded = unfolded;
    const row = at === undefined ? undefined : this.rows.find(({ first, last }) => first <= at && at <= last);
    this.select(row ? (this.draft.layers[row.first]?.key ?? "input") : this.selected);
  }

  /** The rows of the list. */
  get rows(): Row[] {
    return fold(this.draft.layers.map(({ options: { base } }) => (this.unfolded || typeof base !== "string" ? null : base)));
  }

  /** The pretrained network that is selected as one; null: something else is. */
  get whole(): Row | null {
    const { place } = this;
    return this.rows.find(({ first, base }) => first === place && base !== null) ?? null;
  }

  /** The layer that is selected, and its place; undefined where it is the beginning or the end. */
  get place(): number | undefined {
    const { selected } = this;
    const place = typeof selected === "number" ? placeOf(this.draft, selected) : -1;
    return place < 0 ? undefined : place;
  }

  /** What the core found for a layer when it last found the draft right. */
  facts(key: Source): Facts | null {
    const { checked } = this;
    const place = checked ? placeOf(checked.draft, key) : -1;
    const row = checked?.info.summary.layers[place];
    const spec = checked?.info.spec.layers[place];
    const cost = checked?.info.costs[place];
    if (!checked || !row || !spec || !cost) {
      return null;
    }
    const { layers } = checked.info.summary;
    const from = sourcesOf(checked.info.spec.layers)[place] ?? [];
    const inputs = from.map((at) => (at < 0 ? [...checked.info.spec.input_shape] : sizeOf(layers[at]?.outputShape ?? [])));
    return { row, spec, cost, inputs, output: sizeOf(row.outputShape) };
  }

  /** The shape that a layer gives, or the picture has, without the batch; undefined where it is not known. */
  sizeOf(source: Source): number[] | undefined {
    return source === "input" ? this.checked?.info.spec.input_shape.map(Number) : this.facts(source)?.output;
  }

  /** Goes on to another draft; the same `by` again, such as typing on in a field, is one step to undo. */
  edit(draft: Draft, by: string | null = null): void {
    this.steps = step(this.steps, draft, by);
    this.text.forget();
    this.asking = null;
    this.#checkSoon();
  }

  undo(): void {
    this.#go(undo(this.steps), this.bench.text.network.undone);
  }

  redo(): void {
    this.#go(redo(this.steps), this.bench.text.network.redone);
  }

  #go(steps: Steps<Draft>, spoken: string): void {
    if (steps !== this.steps) {
      this.steps = steps;
      this.text.forget();
      this.asking = null;
      this.#keepSelected();
      this.spoken = spoken;
      this.#checkSoon();
    }
  }

  /** Where the selected layer is gone, the first one is selected. */
  #keepSelected(): void {
    this.turn += 1;
    if (typeof this.selected === "number" && this.place === undefined) {
      this.selected = this.draft.layers[0]?.key ?? "input";
    }
  }

  /** Takes a draft that the core has checked already, from text. */
  takeChecked(checked: Checked, by: string): void {
    this.steps = step(this.steps, checked.draft, by);
    this.#note(checked);
    this.asking = null;
    this.#keepSelected();
    this.bench.changed();
  }

  /** Notes what the core found; a network that can be counted may still not be one to train. */
  #note(checked: Checked): void {
    const { untrainable } = checked.info;
    this.checked = checked;
    this.problem = untrainable && problemOf(this.bench.text, untrainable, checked.draft);
  }

  add(layer: string): void {
    const { draft, selected } = this;
    const { whole } = this;
    const after = selected === "output" ? (draft.layers.at(-1)?.key ?? "input") : whole ? (draft.layers[whole.last]?.key ?? selected) : selected;
    const added = edits.add(draft, layer, after, (source) => this.sizeOf(source)?.join());
    this.selected = added.key;
    this.adding = false;
    this.edit(added.draft);
    this.#say(this.bench.text.network.added, added.key);
  }

  duplicate(): void {
    if (typeof this.selected === "number" && !this.whole) {
      const copied = edits.duplicate(this.draft, this.selected);
      this.selected = copied.key;
      this.edit(copied.draft);
      this.#say(this.bench.text.network.added, copied.key);
    }
  }

  remove(): void {
    const { place, selected, draft, whole } = this;
    if (place !== undefined && typeof selected === "number") {
      const name = whole?.base ? titleOf(whole.base) : (layerNames(draft)[place] ?? "");
      const last = whole?.last ?? place;
      const gone = draft.layers.slice(place, last + 1);
      this.selected = (draft.layers[last + 1] ?? draft.layers[place - 1])?.key ?? "input";
      this.edit(gone.reduce((rest, { key }) => edits.remove(rest, key), draft));
      this.spoken = this.bench.text.network.removed(name);
    }
  }

  /** Moves the selected layer to a place of the list. */
  moveTo(to: number): void {
    const t = this.bench.text;
    const { selected, draft } = this;
    if (typeof selected === "number" && !this.whole) {
      // Not into what is shown as one, but past it.
      const row = this.rows.find(({ first, last }) => first <= to && to <= last);
      const past = row === undefined ? to : to < (this.place ?? 0) ? row.first : row.last;
      const moved = edits.move(draft, selected, past);
      if (moved === draft) {
        this.spoken = to < 0 ? t.network.firstAlready : to >= draft.layers.length ? t.network.lastAlready : "";
        this.bench.changed();
      } else {
        this.edit(moved);
        this.#say(this.bench.text.network.moved, selected);
      }
    }
  }

  #say(what: string, key: number): void {
    const place = placeOf(this.draft, key);
    this.spoken = this.bench.text.network.movedTo(layerNames(this.draft)[place] ?? "", what, place + 1, this.draft.layers.length);
  }

  /** Begins anew from a network of the lessons. */
  async takePreset(preset: Preset): Promise<void> {
    await this.bench.try(async () => {
      const { spec } = await (await this.bench.ready).inspectModel(preset.spec);
      this.edit(draftOf(spec, this.draft));
      this.#keepSelected();
      this.adding = false;
      this.spoken = this.bench.text.network.presetOpened(this.bench.text.core.says(preset.title), this.draft.layers.length);
    });
  }

  #checkSoon(): void {
    this.bench.changed();
    void this.#check();
  }

  /** One check at a time: while it is under way the person goes on, and the next is of where that led. */
  async #check(): Promise<void> {
    if (this.#checking) {
      return;
    }
    this.#checking = true;
    const lab = await this.bench.ready;
    for (let asked: Draft | null = null; asked !== this.draft; ) {
      asked = this.draft;
      try {
        const info = await lab.inspectModel(specOf(asked));
        this.#note({ draft: asked, info });
      } catch (error) {
        if (!isAbort(error)) {
          this.problem = problemOf(this.bench.text, error, asked);
        }
      }
      this.bench.changed();
    }
    this.#checking = false;
  }

  /** The draft is right as far as it is known: nothing stands against using it. */
  get fine(): boolean {
    return this.problem === null && this.text.settled && this.checked?.draft === this.draft;
  }

  /** What does not fit the chosen pictures, in a sentence. */
  get misfit(): string {
    const { data } = this.bench;
    const pictures = data.useOwn ? data.info : (data.chosen ?? data.info);
    const { checked } = this;
    return checked
      ? misfit(this.bench.text, checked.info.spec.input_shape, checked.info.summary.layers.at(-1)?.outputShape ?? [], pictures && { shape: pictures.shape, classes: pictures.classes.length })
      : "";
  }

  /** Makes the draft the network in use, with fresh weights. Asks first where something was trained. */
  async use(sure = false): Promise<void> {
    const { bench, draft, checked } = this;
    if (!this.fine || !checked) {
      return;
    }
    if (bench.training.learned && !sure) {
      this.asking = "use";
      bench.changed();
      return;
    }
    const lab = await bench.ready;
    const preset = await this.#presetOf(draft, lab);
    await bench.try(async () => {
      await bench.network.take(lab, specOf(draft), preset?.name ?? own);
      if (preset) {
        bench.training.adopt(preset);
      }
      if (draft.said) {
        await this.#adoptSaid(draft.said, draft.compile.optimizer);
      } else if (!preset) {
        this.#adoptOptimizer(draft.compile.optimizer);
      }
      bench.close();
      this.asking = null;
    });
  }

  /** The preset that makes the same network. */
  async #presetOf(draft: Draft, lab: CnnLab): Promise<Preset | undefined> {
    for (const preset of this.bench.network.presets) {
      // Small pictures are not enough for every preset: one that does not fit is none of these.
      const info = await lab.inspectModel(preset.spec).catch(() => null);
      if (info && equal(draftOf(info.spec), draft)) {
        return preset;
      }
    }
    return undefined;
  }

  /** Another optimizer than the network in use had, such as one that was pasted, is chosen in Train too. */
  #adoptOptimizer(optimizer: NonNullable<ModelSpec["compile"]>["optimizer"]): void {
    const before = this.used?.draft.compile.optimizer;
    if (optimizer === undefined || typeof optimizer === "string" || JSON.stringify(before) === JSON.stringify(optimizer)) {
      return;
    }
    Object.assign(this.bench.settings, optimizerSettings(optimizer));
  }

  /** What the code says of training is chosen in Train too, whatever is chosen there. */
  async #adoptSaid({ fit, validation }: Said, optimizer: NonNullable<ModelSpec["compile"]>["optimizer"]): Promise<void> {
    const { settings, data } = this.bench;
    Object.assign(settings, optimizerSettings(optimizer), settingsOfOptions(fit));
    if (validation !== null && validation !== settings.validation) {
      settings.validation = validation;
      await data.divide();
    }
  }

  /** Leaves the network in use as it is. Asks first where something was built. */
  cancel(sure = false): void {
    // A text with a mistake has changed nothing yet, and was typed all the same.
    if ((this.changed || !this.text.settled) && !sure) {
      this.asking = "discard";
      this.bench.changed();
    } else {
      this.asking = null;
      this.bench.close();
    }
  }

  /** Neither, for now. */
  goOn(): void {
    this.asking = null;
    this.bench.changed();
  }
}

/** An error of the core, still in English, led back to the layer of the draft that it names. */
function problemOf(t: Texts, error: unknown, draft: Draft): Problem {
  const notice = noticeOf(t, error);
  const { layer, field } = error as { layer?: string; field?: string };
  const key = layer === undefined ? undefined : draft.layers[placeNamed(layer, draft.layers)]?.key;
  const end = ["loss", "label_smoothing", "metrics", "optimizer", "compile"].includes(field ?? "");
  return { ...notice, at: key ?? (field === "input_shape" ? "input" : end ? "output" : null), field: field ?? null, here: notice.message.replace(`Layer ${layer ?? ""}: `, "") };
}
