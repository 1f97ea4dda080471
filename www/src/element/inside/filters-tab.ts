import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { modelInput, sourcesOf } from "../../api/costs";
import type { Exciting, FeatureMaps, Maximized, ModelSpec, Split } from "../../api/types";
import "../../view/colour-bar";
import { signedOnce } from "../../view/colormap";
import "../../view/maps";
import "../../view/value-grid";
import { define } from "../define";
import { Watch } from "../observable";
import { button, field, typedNumber } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { Follow } from "./follow";
import { Job } from "./job";
import { kernelPictures } from "./kernels";
import { tabBase } from "./tab-styles";
import { convolutions, type LayerInfo, layerTitle, placeOf } from "./words";
import "../../text/en/deep";
import type { Phrase } from "../../text/texts";

/** Of larger kernels only those of one filter are drawn at a time. */
const mostChannels = 4;
/** Kernels with more values are not fetched again while training runs. */
const mostFollowed = 300_000;

const splits: readonly { split: Split; title: Phrase }[] = [
  { split: "test", title: (t) => t.deep.amongTest },
  { split: "train", title: (t) => t.deep.amongTraining },
  { split: "validation", title: (t) => t.deep.amongValidation },
];

type Thumb = { pixels: ImageData; truth: string; index: number; excitement: number };

/** What a convolution's filters look like, what excites them, and the pictures made for them or for a class. */
@define("cnn-lab-inside-filters")
export class FiltersTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private layer: string | null = null;
  @state() private filter = 0;
  @state() private split: Split = "test";
  /** What a picture is made for; null: the filter. */
  @state() private label: number | null = null;
  @state() private kernels: FeatureMaps | null = null;
  @state() private thumbs: readonly Thumb[] = [];
  /** By layer and split, with the steps that the weights had taken. */
  readonly #exciting = new Map<string, { found: Exciting; step: number }>();
  readonly #made = new Map<string, { found: Maximized; step: number }>();
  #spec: ModelSpec | null = null;
  /** The kernels that are drawn, the same object until others are. */
  #part: { of: FeatureMaps; filter: number; maps: FeatureMaps } | null = null;

  readonly #search = new Job(this, () => this.bench, "exciting");
  readonly #dream = new Job(this, () => this.bench, "make");

  constructor() {
    super();
    new Watch(this, () => this.bench);
    new Follow(this, () => this.bench, () => {
      const info = this.#info;
      const large = (info?.params ?? 0) > mostFollowed && this.bench.training.active;
      return info ? [info, large ? null : this.bench.inside.prediction] : null;
    }, async () => {
      const info = this.#info;
      if (info) this.kernels = (await this.bench.lab?.filters(info.name)) ?? null;
    });
    new Follow(this, () => this.bench, () => [this.#excited?.found, this.#filter, this.split], () => this.#show());
  }

  static override styles = [
    base,
    tabBase,
    css`
      .halves { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px 32px; }
      .half { display: flex; flex-direction: column; gap: 8px; min-width: 0; }
      .number { display: flex; gap: 4px; }
      .number input { min-width: 64px; }
      .thumbs { display: grid; grid-template-columns: repeat(3, 88px); gap: 8px; min-height: 120px; align-content: start; }
      @media (max-width: 700px) { .halves { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  override willUpdate(): void {
    const spec = this.bench.lab?.spec ?? null;
    if (spec !== this.#spec) {
      // Another network: nothing that was found is of it.
      this.#spec = spec;
      this.#exciting.clear();
      this.#made.clear();
      this.kernels = null;
      this.filter = 0;
    }
    if (this.bench.data.info?.splits[this.split] === 0) {
      this.split = "train";
    }
  }

  get #info(): LayerInfo | undefined {
    const all = convolutions(this.bench.network.summary);
    return all.find(({ name }) => name === this.layer) ?? all[0];
  }

  get #filters(): number {
    return this.#info?.outputShape.at(-1) ?? 1;
  }

  get #filter(): number {
    return Math.min(this.filter, this.#filters - 1);
  }

  get #excited(): { found: Exciting; step: number } | undefined {
    return this.#exciting.get(`${this.#info?.name}:${this.split}`);
  }

  get #step(): number {
    return this.bench.lab?.history.steps.length ?? 0;
  }

  async #show(): Promise<void> {
    const { lab } = this.bench;
    const found = this.#excited?.found;
    const [filter, split] = [this.#filter, this.split];
    if (!lab || !found) {
      this.thumbs = [];
      return;
    }
    const classes = lab.dataset?.classes ?? [];
    const from = filter * found.kept;
    const thumbs = await Promise.all(
      Array.from(found.indices.slice(from, from + found.kept), async (index, i): Promise<Thumb> => {
        const { pixels, label } = await lab.image(split, index);
        return { pixels, truth: classes[label] ?? String(label), index, excitement: found.values[from + i] ?? NaN };
      }),
    );
    this.thumbs = thumbs;
  }

  override render(): TemplateResult {
    const info = this.#info;
    return html`${info
      ? html`${this.#choose(info)} ${this.#kernels(info)}`
      : html`<p class="note" id="no-filters">${this.bench.text.deep.noConvolution}</p>`}
      <div class="halves">${info ? this.#excites(info) : nothing} ${this.#makes(info)}</div>`;
  }

  #choose(info: LayerInfo): TemplateResult {
    const t = this.bench.text;
    const to = (filter: number) => (): void => {
      this.filter = (filter + this.#filters) % this.#filters;
    };
    return html`<div class="fields">
      ${field(t, {
        id: "filters-layer", label: t.deep.convolution, help: t.deep.convolutionHelp,
        control: html`<select id="filters-layer" @change=${(event: Event) => {
          this.layer = (event.target as HTMLSelectElement).value;
          this.filter = 0;
        }}>${convolutions(this.bench.network.summary).map((layer) => html`<option value=${layer.name} .selected=${live(layer.name === info.name)}>${layerTitle(layer)}: ${t.common.count.filters(layer.outputShape.at(-1) ?? 0)}</option>`)}</select>`,
      })}
      ${field(t, {
        id: "filter", label: t.common.filter, help: t.deep.filterHelp, value: t.deep.ofFilters(this.#filters),
        control: html`<div class="number">
          ${button({ id: "filter-before", label: "←", name: t.deep.filterBefore, kind: "square", onClick: to(this.#filter - 1) })}
          <input id="filter" type="number" min="1" max=${this.#filters} step="1" .value=${live(String(this.#filter + 1))} @change=${(event: Event) => {
            const input = event.target as HTMLInputElement;
            this.filter = (typedNumber(input) ?? this.#filter + 1) - 1;
            input.value = String(this.#filter + 1);
          }} />
          ${button({ id: "filter-next", label: "→", name: t.deep.nextFilter, kind: "square", onClick: to(this.#filter + 1) })}
        </div>`,
      })}
    </div>`;
  }

  #kernels(info: LayerInfo): TemplateResult {
    const t = this.bench.text;
    const { kernels } = this;
    if (kernels?.layer !== info.name) {
      return html`<p class="small muted">${t.common.looking}</p>`;
    }
    const { height, width, data } = kernels;
    const scale = signedOnce(data);
    // The kernels of a separable convolution belong to its first step, not to one filter each.
    const separable = info.layer === "SeparableConv2D";
    const channels = separable ? 1 : Math.max(1, Math.round(kernels.count / this.#filters));
    const whole = channels <= mostChannels;
    const area = height * width;
    const filter = this.#filter;
    if (this.#part?.of !== kernels || this.#part.filter !== filter) {
      const from = filter * channels * area;
      const maps = whole ? kernels : { ...kernels, count: channels, data: data.slice(from, from + channels * area) };
      this.#part = { of: kernels, filter, maps };
    }
    const part = this.#part.maps;
    const bias = kernels.bias?.[filter];
    return html`
      <p class="small muted">${separable
        ? t.deep.kernelsSeparable
        : whole
          ? t.deep.kernelsAll(this.#filters, [height, width], channels > 1 ? t.deep.toAFilter(channels) : "")
          : t.deep.kernelsOf(filter + 1, channels)}
        ${bias === undefined ? "" : t.deep.biasIs(bias)}</p>
      <cnn-lab-maps .text=${t} layer=${whole ? info.name : t.deep.nameFilter(info.name, filter + 1)} what=${t.deep.kernels} unit="kernel" tall="240" most="14" gap="6" .size=${[part.count, height, width]} .maps=${part} .scale=${scale}
        .marked=${whole && !separable ? filter * channels : null} @choose=${(event: CustomEvent<number>) => (this.filter = Math.floor(event.detail / channels))}></cnn-lab-maps>
      <cnn-lab-colour-bar .text=${t} .scale=${scale}></cnn-lab-colour-bar>
      ${this.#inColour(info, kernels, channels)}`;
  }

  /** Filters that look at red, green and blue are colour pictures themselves. */
  #inColour(info: LayerInfo, kernels: FeatureMaps, channels: number): TemplateResult | typeof nothing {
    const t = this.bench.text;
    const spec = this.bench.lab?.spec;
    const from = spec && sourcesOf(spec.layers)[placeOf(spec, info.name)]?.[0];
    if (from !== modelInput || channels !== 3 || this.bench.inside.size.channels !== 3) {
      return nothing;
    }
    return html`<figure><cnn-lab-value-grid .text=${t} .picture=${kernelPictures(kernels)} room="320" most="8" name=${t.deep.inColour}></cnn-lab-value-grid>
      <figcaption>${t.deep.inColourHelp}</figcaption></figure>`;
  }

  #learnedOn(step: number): TemplateResult | typeof nothing {
    return step === this.#step ? nothing : html`<p class="small"><b>${this.bench.text.common.learnedOn}</b></p>`;
  }

  #excites(info: LayerInfo): TemplateResult {
    const t = this.bench.text;
    const excited = this.#excited;
    const splitsHere = splits.filter(({ split }) => (this.bench.data.info?.splits[split] ?? 0) > 0);
    const why = splitsHere.length === 0 ? t.common.loadFirst : this.#search.running ? t.deep.underWay : undefined;
    return html`<section class="half" aria-labelledby="excites-title">
      <h3 id="excites-title">${t.deep.whatExcites(this.#filter + 1, info.name)}</h3>
      <div class="row wrap">
        <label class="sr" for="exciting-split">${t.deep.picturesAmong}</label>
        <select id="exciting-split" class="grow" ?disabled=${splitsHere.length === 0} @change=${(event: Event) => (this.split = (event.target as HTMLSelectElement).value as Split)}>
          ${splitsHere.map(({ split, title }) => html`<option value=${split} .selected=${live(split === this.split)}>${t.deep.among(title(t))}</option>`)}</select>
        ${this.#search.running ? nothing : button({ id: "exciting", label: excited ? t.deep.lookAgain : t.deep.lookFor, why, onClick: () => void this.#look(info) })}
      </div>
      ${this.#search.show(t.deep.lookingExciting)}
      ${excited
        ? html`${this.#learnedOn(excited.step)}
            <div class="thumbs" id="exciting-pictures">${this.thumbs.map(({ pixels, truth, index, excitement }) => html`<figure>
              <cnn-lab-value-grid .text=${t} .picture=${pixels} room="84" name=${t.deep.excitingPicture(index, truth, excitement)}></cnn-lab-value-grid>
              <figcaption>${truth}: ${t.value(excitement)}</figcaption></figure>`)}</div>
            <p class="small muted">${t.deep.largestValue}</p>`
        : html`<p class="small muted">${t.deep.onceThrough}</p>`}
    </section>`;
  }

  async #look(info: LayerInfo): Promise<void> {
    const { split } = this;
    const step = this.#step;
    const found = await this.#search.run((o) => this.bench.lab?.exciting(info.name, { split, ...o }) ?? Promise.resolve(null));
    if (found) {
      this.#exciting.set(`${info.name}:${split}`, { found, step });
      this.requestUpdate();
    }
  }

  #makes(info: LayerInfo | undefined): TemplateResult {
    const t = this.bench.text;
    const classes = this.bench.classes;
    const label = this.label ?? (info ? null : 0);
    const key = label === null ? `${info?.name}:${this.#filter}` : `class:${label}`;
    const made = this.#made.get(key);
    const of = label === null ? t.deep.filterOf(this.#filter + 1, info?.name ?? "") : (classes[label] ?? t.deep.classOf(label));
    return html`<section class="half" aria-labelledby="makes-title">
      <h3 id="makes-title">${t.deep.madeForTitle(of)}</h3>
      <div class="row wrap">
        <label class="sr" for="made-of">${t.deep.whatFor}</label>
        <select id="made-of" class="grow" @change=${(event: Event) => {
          const { value: chosen } = event.target as HTMLSelectElement;
          this.label = chosen === "" ? null : Number(chosen);
        }}>
          ${info ? html`<option value="" .selected=${live(label === null)}>${t.deep.forFilter(this.#filter + 1)}</option>` : nothing}
          ${classes.map((name, i) => html`<option value=${i} .selected=${live(label === i)}>${t.deep.forClass(name)}</option>`)}</select>
        ${this.#dream.running ? nothing : button({ id: "make", label: made ? t.deep.makeAgain : t.deep.make, why: this.bench.lab?.spec ? undefined : t.common.networkNotReady, onClick: () => void this.#make(info, label, key) })}
      </div>
      ${this.#dream.show(t.deep.making)}
      ${made
        ? html`${this.#learnedOn(made.step)}
            <cnn-lab-value-grid .text=${t} id="made-picture" .picture=${made.found.pixels} room="224" name=${t.deep.madeFor(of)}></cnn-lab-value-grid>
            <p class="small" id="made-says">${t.deep.scoreFromTo(made.found.scores[0], made.found.scores[1])} <span class="muted">${t.deep.scoreIs(label === null ? t.deep.meanOfMap : t.deep.classScore)}</span></p>`
        : html`<p class="small muted">${t.deep.beginsWithNoise(label === null ? t.deep.filterAnswers : t.deep.classScores)}</p>`}
    </section>`;
  }

  async #make(info: LayerInfo | undefined, label: number | null, key: string): Promise<void> {
    const { lab } = this.bench;
    const step = this.#step;
    const of = label !== null ? { label } : info ? { layer: info.name, filter: this.#filter } : null;
    const found = lab && of ? await this.#dream.run((o) => lab.maximizeActivation({ ...of, ...o })) : null;
    if (found) {
      this.#made.set(key, { found, step });
      this.requestUpdate();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside-filters": FiltersTab;
  }
}
