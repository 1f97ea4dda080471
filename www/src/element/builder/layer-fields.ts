import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { LossSpec } from "../../api/types";
import { define } from "../define";
import "../help";
import { Watch } from "../observable";
import { button } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { known, merges, type Option } from "./catalogue";
import { initializers, losses } from "./catalogue-layers";
import { type DraftLayer, layerNames, placeOf, type Source, sourcesAt } from "./draft";
import * as edits from "./edits";
import { initializerName, initializerOptions, read, regularizerOf, shown, withShare } from "./values";
import "../../text/en/builder";
import "../../text/en/layers";

/** A control of a field; `id` is its own, `wrong` whether the error is about it. */
type Control = (id: string, wrong: boolean) => TemplateResult;

/** The selected layer's options, each with its default, its unit and what it does; the core's error under the one that it names. */
@define("cnn-lab-layer-fields")
export class LayerFields extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** What is being typed, as it was typed, and in which field. */
  @state() private typing: { id: string; text: string } | null = null;
  #turn = 0;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: grid; gap: 12px; align-content: start; }
      .options { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 8px 16px; align-items: start; }
      .options > .wide { grid-column: 1 / -1; }
      .field label { font: 12px/20px var(--lab-mono); color: var(--lab-text); }
      .field label.plain { font: inherit; }
      .caption .rest { margin-left: auto; color: var(--lab-muted); white-space: nowrap; }
      .control { display: flex; align-items: center; gap: 8px; }
      .control + .control, .control + div { margin-top: 4px; }
      .control > :is(input, select) { flex: 1; }
      .unit { flex: none; font-size: 12px; color: var(--lab-muted); }
      .check { display: flex; align-items: center; gap: 2px; min-height: 32px; font-size: 12px; }
      .check input { margin-right: 6px; }
      .error { font-size: 12px; line-height: 16px; color: var(--lab-bad); overflow-wrap: anywhere; }
      .problem { padding: 8px 12px; border: 1px solid var(--lab-bad); border-radius: 6px; background: var(--lab-bad-wash); overflow-wrap: anywhere; }
      select[aria-invalid="true"] { border-color: var(--lab-bad); }
      details > .options { margin-top: 8px; }
      summary { font-size: 12px; color: var(--lab-muted); }
    `,
  ];

  override willUpdate(): void {
    const { turn } = this.bench.builder;
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.typing = null;
    }
  }

  override render(): TemplateResult {
    const { builder } = this.bench;
    const { selected, draft } = builder;
    if (selected === "input") {
      return this.#input();
    }
    if (selected === "output") {
      return this.#output();
    }
    const place = placeOf(draft, selected);
    const layer = draft.layers[place];
    return layer ? this.#layer(layer, place) : html`${nothing}`;
  }

  /** The core's error where it is about this field; the rest of them stands above. */
  #errorOf(field: string): string | null {
    const { problem, selected } = this.bench.builder;
    return problem?.at === selected && problem.field === field ? this.bench.says(problem.here) : null;
  }

  #field(key: string, { help, rest, plain, wide, shares }: { help: string; rest?: string | undefined; plain?: string; wide?: boolean; shares?: boolean }, control: Control): TemplateResult {
    const id = `option-${key}`;
    const error = this.#errorOf(key);
    return html`<div class="field ${wide ? "wide" : ""}">
      <div class="caption"><label class=${plain ? "plain" : ""} for=${shares ? `${id}-l1` : id}>${plain ?? key}</label><cnn-lab-help .text=${this.bench.text} about=${plain ?? key}>${help}</cnn-lab-help>
        ${rest === undefined ? nothing : html`<span class="rest">${rest}</span>`}</div>
      ${control(id, error !== null)}
      ${error === null ? nothing : html`<p class="error" id="${id}-error">${error}</p>`}
    </div>`;
  }

  /** An input for a value as text; what is typed stays as it is typed until the field is left. */
  #typed(id: string, wrong: boolean, value: string, o: { placeholder?: string; name?: string; text?: boolean }, take: (text: string) => void): TemplateResult {
    const { typing } = this;
    return html`<input id=${id} type="text" inputmode=${o.text ? "text" : "decimal"} autocomplete="off" spellcheck="false" placeholder=${o.placeholder ?? ""}
      aria-label=${o.name ?? nothing} aria-invalid=${wrong ? "true" : "false"} aria-describedby=${wrong ? `${id.replace(/-l[12]$/, "")}-error` : nothing}
      .value=${live(typing?.id === id ? typing.text : value)}
      @input=${(event: Event) => {
        const text = (event.target as HTMLInputElement).value;
        this.typing = { id, text };
        take(text);
      }}
      @blur=${() => (this.typing = null)} />`;
  }

  #layer(layer: DraftLayer, place: number): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { problem } = builder;
    const entry = known(layer.layer);
    const fields = new Set(["name", "inputs", ...(entry?.options ?? []).map(({ key }) => key)]);
    const elsewhere = problem?.at === layer.key && !(problem.field !== null && fields.has(problem.field));
    const often = entry?.options.filter(({ rare }) => !rare) ?? [];
    const seldom = entry?.options.filter(({ rare }) => rare) ?? [];
    const open = seldom.some(({ key }) => key in layer.options || this.#errorOf(key) !== null);
    return html`<p class="muted">${entry?.about(t) ?? t.builder.unknownOptions}</p>
      ${elsewhere ? html`<div class="problem" role="alert">${this.bench.says(problem.here)}</div>` : nothing}
      <div class="options">
        ${this.#inputs(layer, place)}
        ${often.map((option) => this.#option(layer, option))}
        ${this.#name(layer, place)}
      </div>
      ${seldom.length === 0
        ? nothing
        : html`<details ?open=${open}><summary>${t.builder.moreOptions}</summary><div class="options">${seldom.map((option) => this.#option(layer, option))}</div></details>`}`;
  }

  #name(layer: DraftLayer, place: number): TemplateResult {
    const { builder } = this.bench;
    return this.#field("name", { help: this.bench.text.builder.nameHelp }, (id, wrong) =>
      this.#typed(id, wrong, layer.name ?? "", { placeholder: layerNames(builder.draft)[place] ?? "", text: true }, (text) =>
        builder.edit(edits.rename(builder.draft, layer.key, text.trim()), `name-${layer.key}`)));
  }

  /** What the layer takes: one, or for layers that merge a list. */
  #inputs(layer: DraftLayer, place: number): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { draft } = builder;
    const names = layerNames(draft);
    const sources = sourcesAt(draft, place);
    const several = merges(layer.layer) || sources.length > 1;
    const take = (inputs: readonly Source[]): void => builder.edit(edits.setInputs(draft, layer.key, inputs));
    const named = (source: Source): string => {
      const size = builder.sizeOf(source);
      const at = placeOf(draft, source);
      return `${source === "input" ? t.builder.inputPictures : (names[at] ?? t.builder.goneLayer)}${size ? ` (${t.shape(size)})` : ""}`;
    };
    const choice = (id: string, wrong: boolean, at: number): TemplateResult => {
      const now = sources[at] ?? "input";
      const all: Source[] = ["input", ...draft.layers.slice(0, place).map(({ key }) => key)];
      const options = all.includes(now) ? all : [...all, now];
      return html`<div class="control"><select id=${id} aria-label=${at > 0 ? t.builder.inputNumber(at + 1) : nothing} aria-invalid=${wrong ? "true" : "false"} aria-describedby=${wrong ? "option-inputs-error" : nothing}
        @change=${(event: Event) => {
          const chosen = options[(event.target as HTMLSelectElement).selectedIndex] ?? "input";
          take(sources.map((source, i) => (i === at ? chosen : source)));
        }}>
        ${options.map((source) => html`<option .selected=${live(source === now)}>${named(source)}</option>`)}
      </select>
      ${several && sources.length > 1 ? button({ id: `drop-input-${at}`, label: "×", name: t.builder.takeInputAway(at + 1), kind: "square", onClick: () => take(sources.filter((_, i) => i !== at)) }) : nothing}</div>`;
    };
    const help = several ? t.builder.inputsHelp : t.builder.inputHelp;
    return this.#field("inputs", { help, wide: true, rest: layer.inputs === null ? t.builder.layerBefore : undefined }, (id, wrong) => html`
      ${sources.map((_, at) => choice(at === 0 ? id : `${id}-${at}`, wrong, at))}
      ${several ? html`<div>${button({ id: "more-inputs", label: t.builder.anotherInput, onClick: () => take([...sources, draft.layers[place - 1]?.key ?? "input"]) })}</div>` : nothing}`);
  }

  #option(layer: DraftLayer, option: Option): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { key, unit } = option;
    const help = option.help(t);
    const value = layer.options[key];
    const by = `${layer.key}-${key}`;
    const set = (to: unknown, step: string | null = null): void => builder.edit(edits.setOption(builder.draft, layer.key, key, to), step);
    switch (option.kind) {
      case "flag": {
        const error = this.#errorOf(key);
        return html`<div class="field"><div class="check"><input type="checkbox" id="option-${key}" .checked=${live(typeof value === "boolean" ? value : option.rest)}
            @change=${(event: Event) => {
              const { checked } = event.target as HTMLInputElement;
              set(checked === option.rest ? undefined : checked);
            }} />
          <label for="option-${key}">${key}</label><cnn-lab-help .text=${t} about=${key}>${help}</cnn-lab-help></div>
          ${error === null ? nothing : html`<p class="error">${error}</p>`}</div>`;
      }
      case "choice":
        return this.#field(key, { help }, (id, wrong) => this.#choice(id, wrong, option.values, shown(value ?? option.rest), (to) => set(to === option.rest ? undefined : to)));
      case "initializer": {
        const name = initializerName(value ?? option.rest) ?? shown(value);
        const extra = initializerOptions(value);
        return this.#field(key, { help: extra ? t.builder.ownOptionsText(help) : help, rest: extra || undefined }, (id, wrong) =>
          this.#choice(id, wrong, initializers, name, (to) => set(to === option.rest ? undefined : to)));
      }
      case "regularizer": {
        const shares = regularizerOf(value);
        const one = (share: "l1" | "l2", wrong: boolean): TemplateResult => html`<span class="unit">${share}</span>
          ${this.#typed(`option-${key}-${share}`, wrong, shares[share] === 0 ? "" : shown(shares[share]), { placeholder: "0", name: `${key} ${share}` }, (text) => set(withShare(value, share, text), `${by}-${share}`))}`;
        return this.#field(key, { help, shares: true, wide: true }, (_, wrong) => html`<div class="control">${one("l1", wrong)}${one("l2", wrong)}</div>`);
      }
      default: {
        const instead = option.kind === "pair" || option.kind === "number" ? option.instead : undefined;
        const rest = option.rest ?? null;
        const said = instead?.(t) ?? (rest === null ? "" : String(rest));
        return this.#field(key, { help, rest: said === "" || value === undefined ? undefined : t.builder.defaultIs(said) }, (id, wrong) => html`<div class="control">
          ${this.#typed(id, wrong, shown(value), { placeholder: said || t.builder.hasToBeGiven }, (text) => set(read(option, text), by))}
          ${unit ? html`<span class="unit">${unit(t)}</span>` : nothing}</div>`);
      }
    }
  }

  #choice(id: string, wrong: boolean, values: readonly string[], now: string, take: (to: string) => void): TemplateResult {
    // What stands in the spec is shown even where it is none of the known.
    const all = values.includes(now) ? values : [...values, now];
    return html`<select id=${id} aria-invalid=${wrong ? "true" : "false"} aria-describedby=${wrong ? `${id}-error` : nothing}
      @change=${(event: Event) => take((event.target as HTMLSelectElement).value)}>
      ${all.map((name) => html`<option value=${name} .selected=${live(name === now)}>${name}</option>`)}
    </select>`;
  }

  /** The pictures that the network takes. */
  #input(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { builder, data } = bench;
    const { inputShape } = builder.draft;
    const pictures = data.useOwn ? data.info?.shape : (data.chosen ?? data.info)?.shape;
    const error = this.#errorOf("input_shape");
    const sides = [t.common.height, t.common.width, t.builder.channels].map((name, at) => {
      const id = `side-${at}`;
      return html`<div class="field"><div class="caption"><label class="plain" for=${id}>${name}</label></div>
        <div class="control">${this.#typed(id, error !== null, shown(inputShape[at]), {}, (text) => {
          const next = [0, 1, 2].map((i) => (i === at ? (read({ kind: "whole" }, text) ?? null) : (inputShape[i] ?? null)));
          builder.edit(edits.setInputShape(builder.draft, next), id);
        })}<span class="unit">${at < 2 ? "px" : t.builder.channelsHint}</span></div></div>`;
    });
    const other = pictures !== undefined && String(pictures) !== String(inputShape);
    return html`<p class="muted">${t.builder.inputShapeHelp}</p>
      <div class="options">${sides}</div>
      ${error === null ? nothing : html`<p class="error">${error}</p>`}
      ${other ? html`<div>${button({ id: "take-shape", label: t.builder.asInData(pictures.join(" × ")), onClick: () => builder.edit(edits.setInputShape(builder.draft, pictures)) })}</div>` : nothing}`;
  }

  /** What the network is judged by. */
  #output(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { compile } = builder.draft;
    const loss = (compile.loss ?? "sparse_categorical_crossentropy") as unknown;
    const { label_smoothing: smoothing, ...named } = (typeof loss === "string" ? { name: loss } : loss) as { name: string; label_smoothing?: unknown };
    const set = (name: string, smooth: unknown, by: string | null = null): void => {
      const whole = smooth === undefined || smooth === 0 ? name : { name, label_smoothing: smooth };
      builder.edit(edits.setCompile(builder.draft, { loss: whole as LossSpec | string }), by);
    };
    const { problem } = builder;
    const elsewhere = problem?.at === "output" && problem.field !== "loss" && problem.field !== "label_smoothing";
    const { name: optimizer } = (typeof compile.optimizer === "string" ? { name: compile.optimizer } : (compile.optimizer ?? { name: "rmsprop" }));
    return html`<p class="muted">${t.builder.lossHelp(optimizer)}</p>
      ${elsewhere ? html`<div class="problem" role="alert">${this.bench.says(problem.here)}</div>` : nothing}
      <div class="options">
        ${this.#field("loss", { wide: true, help: losses.map(({ name, about }) => `${name}: ${about(t)}`).join(" ") }, (id, wrong) =>
          this.#choice(id, wrong, losses.map(({ name }) => name), named.name, (to) => set(to, smoothing)))}
        ${this.#field("label_smoothing", { help: t.builder.smoothingHelp, rest: smoothing === undefined ? undefined : t.builder.defaultZero }, (id, wrong) =>
          this.#typed(id, wrong, shown(smoothing), { placeholder: "0" }, (text) => set(named.name, read({ kind: "number" }, text), "label-smoothing")))}
      </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-layer-fields": LayerFields;
  }
}
