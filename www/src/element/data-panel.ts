import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { BundledSet, MissingSet, Progress, Split } from "../api/types";
import "../view/bars";
import "../view/pixels";
import { bytes, count, percent, plural, shape } from "../view/format";
import { gridOf } from "./data-step";
import { define } from "./define";
import { Watch } from "./observable";
import { button, field, typedNumber } from "./parts";
import { styles } from "./style-directive";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";

const splitNames: Record<Split, string> = { train: "Training", validation: "Validation", test: "Test" };

/** The first step, Data. */
@define("cnn-lab-data")
export class DataPanel extends LitElement {
  @property({ attribute: false }) bench!: Workbench;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    panel,
    css`
      section { gap: 8px; }
      fieldset { margin: 0; padding: 0; border: 0; display: grid; gap: 4px; }
      legend { padding: 0; }
      .set { line-height: 18px; display: grid; grid-template-columns: 56px 1fr; gap: 0 8px; align-items: center; padding: 5px; border: 1px solid var(--lab-line); border-radius: 6px; cursor: pointer; }
      .set:has(input:checked) { border-color: var(--lab-accent); background: var(--lab-wash); }
      .set:has(input:focus-visible) { outline: 2px solid var(--lab-accent); outline-offset: 2px; }
      .set input { position: absolute; opacity: 0; pointer-events: none; }
      .set .faces { display: grid; grid-template-columns: 28px 28px; width: 56px; height: 56px; overflow: hidden; border-radius: 4px; background: var(--lab-sunk); }
      .set b { font-weight: 600; }
      .about { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .set.missing { grid-template-columns: 1fr; cursor: default; color: var(--lab-muted); }
      .options { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; align-items: start; min-height: 54px; }
      .options.row { display: flex; align-items: center; }
      .options input[type="range"] { height: 32px; }
      @media (pointer: coarse) { .options input[type="range"] { height: 44px; } }
      .pictures { display: grid; grid-template-columns: repeat(var(--columns, 4), 1fr); gap: 4px; min-height: 230px; align-content: start; }
      cnn-lab-bars { --bar-height: 16px; }
      figure { margin: 0; display: grid; grid-template-columns: minmax(0, 1fr); justify-items: center; }
      figure cnn-lab-pixels { min-height: 56px; }
      figcaption { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 12px; line-height: 16px; color: var(--lab-muted); }
      .turn { gap: 4px; min-height: 32px; }
    `,
  ];

  override render(): TemplateResult {
    const { data } = this.bench;
    return html`<section aria-labelledby="title">
      <header><span class="place" aria-hidden="true">1</span><h2 id="title" class="grow">Data</h2>
        ${button({
          id: "load", label: data.upToDate ? "Loaded" : "Load", onClick: () => void data.load(),
          why: data.upToDate ? "These pictures are loaded." : this.#busy,
        })}
      </header>
      <fieldset>
        <legend class="sr">Pictures to learn from</legend>
        ${data.sets.length === 0 && !this.bench.error ? html`<p class="muted small">Looking which sets there are …</p>` : nothing}
        ${data.sets.map((set) => this.#set(set))}
        ${data.missing.map((set) => this.#missing(set))}
      </fieldset>
      ${data.progress ? this.#progress(data.progress) : this.#options()} ${this.#pictures()} ${this.#counts()}
    </section>`;
  }

  #set({ name, title, description, source, train, test, classes, bytes: size, cached, shape: size3 }: BundledSet): TemplateResult {
    const { data, settings } = this.bench;
    const [heading, ...rest] = title.split(": ");
    const faces = data.previews.get(name)?.slice(0, 4) ?? [];
    return html`<label class="set" title="${description} ${source}">
      <input type="radio" name="set" .checked=${live(settings.dataset === name)} ?disabled=${this.#busy !== undefined}
        @change=${() => data.choose(name)} />
      <span class="faces" aria-hidden="true">
        ${faces.map((picture) => html`<cnn-lab-pixels .picture=${picture} name=""></cnn-lab-pixels>`)}
      </span>
      <span class="about">
        <b>${heading}</b>
        <span class="small">${rest.join(": ")}</span><br />
        <span class="small muted">${plural(train + test, "picture")}, ${plural(classes.length, "class", "classes")}<br />
        ${shape(size3)}, ${cached ? "in this browser" : `${bytes(size)} to load`}</span>
      </span>
    </label>`;
  }

  #missing({ title, reason }: MissingSet): TemplateResult {
    return html`<div class="set missing"><span><b>${title}</b><br /><span class="small">${reason}</span></span></div>`;
  }

  /** Why the data cannot be changed now. */
  get #busy(): string | undefined {
    if (this.bench.training.active) {
      return "Stop the run first: it is learning from the present pictures.";
    }
    return this.bench.data.loading ? "Loading is under way; cancel it first." : undefined;
  }

  #options(): TemplateResult {
    const { data, settings } = this.bench;
    const busy = this.#busy;
    const most = data.chosen?.train;
    return html`<div class="options" title=${busy ?? nothing}>
      ${field({
        id: "limit",
        label: "Pictures",
        help: "How many pictures of each split to take. Fewer load and train faster, and teach less. Empty takes all.",
        control: html`<input id="limit" type="number" min="10" step="1" inputmode="numeric" placeholder=${most ? `all ${count(most)}` : "all"}
          .value=${settings.limit === null ? "" : String(settings.limit)} ?disabled=${busy !== undefined}
          @change=${(event: Event) => {
            const input = event.target as HTMLInputElement;
            data.setLimit(typedNumber(input));
            input.value = settings.limit === null ? "" : String(settings.limit);
          }} />`,
      })}
      ${field({
        id: "validation",
        label: "Validation",
        value: percent(settings.validation, 0),
        help: "The share of the training pictures kept aside to see, after each epoch, how well the network does on pictures it has not learned from.",
        control: html`<input id="validation" type="range" min="0" max="50" step="5" ?disabled=${busy !== undefined}
          aria-valuetext=${percent(settings.validation, 0)} .value=${live(String(settings.validation * 100))}
          @input=${(event: Event) => {
            settings.validation = (event.target as HTMLInputElement).valueAsNumber / 100;
            this.bench.changed();
          }}
          @change=${() => void data.divide()} />`,
      })}
    </div>`;
  }

  /** Stands in for the options while they are at work, and is as high. */
  #progress({ done, total }: Progress): TemplateResult {
    return html`<div class="options row">
      <div class="grow">
        <div class="small">Loading: ${bytes(done)} of ${bytes(total)}</div>
        <progress max="1" .value=${total > 0 ? done / total : 0} aria-label="Loading pictures"></progress>
      </div>
      ${button({ id: "cancel-load", label: "Cancel", onClick: () => this.bench.data.cancel() })}
    </div>`;
  }

  #pictures(): TemplateResult {
    const { data } = this.bench;
    const { info, chosen } = data;
    const showLoaded = info !== null && (data.upToDate || info.name === chosen?.name);
    const preview = chosen ? (data.previews.get(chosen.name) ?? []) : [];
    const { columns, size } = gridOf((showLoaded ? info.shape : chosen?.shape) ?? [28, 28, 1]);
    const samples = showLoaded
      ? data.samples
      : preview.slice(0, size).map((picture, i) => ({
          picture,
          label: chosen?.classes[chosen.preview?.labels[i] ?? -1] ?? "",
        }));
    return html`
      <div class="row between turn">
        ${showLoaded ? this.#turnPages(info.splits, size) : html`<h3>A first look</h3>`}
      </div>
      <div class="pictures" ${styles({ "--columns": String(columns) })}>
        ${samples.map(
          ({ picture, label }) => html`<figure>
            <cnn-lab-pixels .picture=${picture} zoom=${picture.width <= 32 ? 2 : 1} name=${label}></cnn-lab-pixels>
            <figcaption>${label}</figcaption>
          </figure>`,
        )}
      </div>
    `;
  }

  #turnPages(splits: Record<Split, number>, size: number): TemplateResult {
    const { data } = this.bench;
    const total = splits[data.split];
    return html`
      <label class="sr" for="split">Split</label>
      <select id="split" @change=${(event: Event) => void data.show((event.target as HTMLSelectElement).value as Split, 0)}>
        ${(["train", "validation", "test"] as const).map(
          (split) => html`<option value=${split} .selected=${live(split === data.split)}>${splitNames[split]}, ${count(splits[split])}</option>`,
        )}
      </select>
      ${button({
        id: "back", label: "←", name: "Pictures before", kind: "square",
        why: data.first === 0 ? "These are the first." : undefined,
        onClick: () => void data.show(data.split, data.first - size),
      })}
      ${button({
        id: "on", label: "→", name: "Next pictures", kind: "square",
        why: data.first + size >= total ? "These are the last." : undefined,
        onClick: () => void data.show(data.split, data.first + size),
      })}
    `;
  }

  #counts(): TemplateResult {
    const { info, split } = this.bench.data;
    if (!info) {
      return html`<p class="small muted">Once loaded, you see here how many pictures there are of each class.</p>`;
    }
    const counts = info.counts[split];
    const most = Math.max(1, ...counts);
    const bars = info.classes.map((label, i) => {
      const n = counts[i] ?? 0;
      return { label, share: n / most, text: count(n) };
    });
    return html`<h3>${splitNames[split]} pictures of each class</h3>
      <cnn-lab-bars name="${splitNames[split]} pictures of each class" .bars=${bars}></cnn-lab-bars>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-data": DataPanel;
  }
}
