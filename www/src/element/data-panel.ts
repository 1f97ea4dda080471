import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { BundledSet, DatasetInfo, MissingSet, Progress, Split } from "../api/types";
import "../view/bars";
import "../view/pixels";
import { bytes, count, duration, percent, plural, shape } from "../view/format";
import { gridOf } from "./data-step";
import { define } from "./define";
import { imbalance } from "./imbalance";
import { Watch } from "./observable";
import { button, field, typedNumber } from "./parts";
import { styles } from "./style-directive";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";

const splitNames: Record<Split, string> = { train: "Training", validation: "Validation", test: "Test" };
/** So many classes have their bars here; “Look through” has all. */
const mostBars = 10;

/** The first step, Data. */
@define("cnn-lab-data")
export class DataPanel extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** Files are held over the place for one's own. */
  @state() private over = false;

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
      .set { line-height: 16px; display: grid; grid-template-columns: 56px minmax(0, 1fr); gap: 0 8px; align-items: center; min-height: 42px; padding: 4px 5px; border: 1px solid var(--lab-line); border-radius: 6px; cursor: pointer; }
      .set:has(input:checked) { border-color: var(--lab-accent); background: var(--lab-wash); }
      .set:has(input:focus-visible) { outline: 2px solid var(--lab-accent); outline-offset: 2px; }
      .set input { position: absolute; opacity: 0; pointer-events: none; }
      .set .faces { display: grid; grid-template-columns: 28px 28px; width: 56px; height: 28px; overflow: hidden; border-radius: 4px; background: var(--lab-sunk); }
      .set b { font-weight: 600; }
      .about { min-width: 0; }
      .about > span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .set.missing { grid-template-columns: 1fr; cursor: default; color: var(--lab-muted); }
      .own { display: grid; gap: 4px; min-height: 110px; align-content: space-between; padding: 7px; border: 1px dashed var(--lab-edge); border-radius: 6px; }
      .own.over { border-color: var(--lab-accent); background: var(--lab-wash); }
      .own h3 { display: flex; align-items: center; font-size: 14px; line-height: 20px; color: var(--lab-text); }
      .ways { display: flex; gap: 4px; }
      .ways .button { position: relative; flex: 1 1 auto; height: 28px; padding: 0 8px; font-size: 12px; }
      .ways .button:has(input:focus-visible) { outline: 2px solid var(--lab-accent); outline-offset: 2px; }
      .ways .button.off { border-color: var(--lab-line); background: var(--lab-sunk); color: var(--lab-muted); cursor: not-allowed; }
      .kept { font-size: 12px; line-height: 16px; }
      .kept p { margin-top: 4px; }
      .kept ul { display: grid; grid-template-columns: minmax(0, 1fr); gap: 4px; margin: 8px 0 0; padding: 0; list-style: none; }
      .kept li { display: flex; align-items: center; gap: 4px; }
      .kept .button { height: 28px; padding: 0 8px; font-size: 12px; }
      .kept > .button { margin-top: 8px; }
      @media (pointer: coarse) { .ways .button, .kept .button { height: 44px; font-size: 14px; } }
      .options { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px; align-items: start; min-height: 58px; }
      .options.row { display: flex; align-items: center; }
      .options input[type="range"] { height: 32px; }
      @media (pointer: coarse) { .options input[type="range"] { height: 44px; } }
      .nowrap { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
      .given { display: flex; align-items: center; min-height: 32px; }
      .pictures { display: grid; grid-template-columns: repeat(var(--columns, 4), 1fr); gap: 4px; min-height: 148px; align-content: start; }
      .pictures.loaded figure { cursor: zoom-in; }
      cnn-lab-bars { --bar-height: 15px; }
      figure { margin: 0; display: grid; grid-template-columns: minmax(0, 1fr); justify-items: center; overflow: hidden; }
      figure cnn-lab-pixels { min-height: 56px; }
      figcaption { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 12px; line-height: 16px; color: var(--lab-muted); }
      .turn { gap: 4px; min-height: 32px; }
      .turn .button { flex: none; padding: 0 8px; }
      .turn select { padding: 0 2px; font-size: 12px; }
    `,
  ];

  override render(): TemplateResult {
    const { data, fixed } = this.bench;
    return html`<section aria-labelledby="title">
      <header><span class="place" aria-hidden="true">1</span><h2 id="title" class="grow">Data</h2>
        ${button({
          id: "load", label: data.upToDate ? "Loaded" : "Load", onClick: () => void data.load(),
          why: data.upToDate ? "These pictures are loaded." : this.bench.own.running ?? this.#loading,
        })}
      </header>
      <slot></slot>
      <fieldset>
        <legend class="sr">Pictures to learn from</legend>
        ${data.sets.length === 0 && !this.bench.error ? html`<p class="muted small">Looking which sets there are …</p>` : nothing}
        ${data.sets.filter((set) => !fixed || set === data.chosen).map((set) => this.#set(set))}
        ${fixed ? nothing : html`${data.missing.map((set) => this.#missing(set))} ${this.#own()}`}
      </fieldset>
      ${fixed ? nothing : this.#kept()}
      ${data.progress ? this.#progress(data.progress) : this.#options()} ${this.#pictures()} ${this.#counts()}
      <p class="sr" aria-live="polite">${data.spoken}</p>
    </section>`;
  }

  #set({ name, title, description, source, train, test, classes, bytes: size, cached, shape: size3 }: BundledSet): TemplateResult {
    const { data, settings } = this.bench;
    const [heading, ...rest] = title.split(": ");
    const faces = data.previews.get(name)?.slice(0, 2) ?? [];
    return html`<label class="set" title="${description} ${plural(classes.length, "class", "classes")}, ${shape(size3)}. ${source}">
      <input type="radio" name="set" .checked=${live(!data.useOwn && settings.dataset === name)} ?disabled=${this.#busy !== undefined}
        @change=${() => data.choose(name)} />
      <span class="faces" aria-hidden="true">
        ${faces.map((picture) => html`<cnn-lab-pixels .picture=${picture} name=""></cnn-lab-pixels>`)}
      </span>
      <span class="about">
        <span><b>${heading}</b> <span class="small">${rest.join(": ")}</span></span>
        <span class="small muted">${plural(train + test, "picture")}, ${cached ? "in browser" : bytes(size)}</span>
      </span>
    </label>`;
  }

  #missing({ title, reason }: MissingSet): TemplateResult {
    return html`<div class="set missing"><span><b>${title}</b><br /><span class="small">${reason}</span></span></div>`;
  }

  /** Why the data cannot be changed now. */
  get #busy(): string | undefined {
    return this.bench.own.busy ?? this.#loading;
  }

  get #loading(): string | undefined {
    return this.bench.data.loading ? "Loading is under way; cancel it first." : undefined;
  }

  /** The person's own set, or how to get one. */
  #own(): TemplateResult {
    const { data, own } = this.bench;
    const info = data.own?.info;
    const why = own.busy;
    return html`<div class="own ${this.over ? "over" : ""}" id="own"
      @dragover=${() => (this.over = true)} @dragleave=${() => (this.over = false)} @drop=${() => (this.over = false)}>
      ${info ? this.#ownSet(info) : this.#invitation()}
      <div class="ways">
        ${this.#pick("own-files", "Files", "Choose files", false)} ${this.#pick("own-folder", "Folder", "Choose a folder", true)}
        ${button({ id: "own-camera", label: "Camera", name: "Film classes with the camera", why, onClick: () => this.bench.open("camera") })}
      </div>
    </div>`;
  }

  #invitation(): TemplateResult {
    return html`<div>
      <h3>Your own pictures<cnn-lab-help about="Your own pictures">Folders named train, validation and test with a folder for each class in them, or class folders alone, at any depth. Or a zip or tar of these, a CSV table of pixels or of file names with labels, IDX or CIFAR files. They stay in this tab.</cnn-lab-help></h3>
      <p class="small muted">Drop a folder with a folder for each class, a zip of it, or a CSV table.</p>
    </div>`;
  }

  #ownSet({ name, splits, shape: [height, width], paged }: DatasetInfo): TemplateResult {
    const { data } = this.bench;
    return html`<label class="set" title="Your own pictures, ${count(width)} × ${count(height)}${paged ? ", kept in this browser's storage" : ""}">
      <input type="radio" name="set" .checked=${live(data.useOwn)} ?disabled=${this.#busy !== undefined} @change=${() => data.chooseOwn()} />
      <span class="faces" aria-hidden="true">
        ${data.ownFaces.map((picture) => html`<cnn-lab-pixels .picture=${picture} zoom=${28 / Math.max(picture.width, picture.height)} name=""></cnn-lab-pixels>`)}
      </span>
      <span class="about">
        <span><b>${name}</b></span>
        <span class="small muted">${plural(splits.train + splits.validation + splits.test, "picture")}${paged ? ", from disk" : ""}</span>
      </span>
    </label>
    <p class="small muted">Drop others to take their place.</p>`;
  }

  #pick(id: string, label: string, name: string, folder: boolean): TemplateResult {
    const { own } = this.bench;
    const why = own.busy;
    return html`<label id=${id} class="button ${why ? "off" : ""}" title=${why ?? name}>${label}<input
      type="file" class="sr" multiple ?webkitdirectory=${folder} ?disabled=${why !== undefined} aria-label=${name}
      @change=${(event: Event) => {
        const input = event.target as HTMLInputElement;
        const files = [...(input.files ?? [])];
        // The same files can be chosen again.
        input.value = "";
        if (files.length > 0) void own.take(files);
      }} /></label>`;
  }

  /** What this browser remembers. */
  #kept(): TemplateResult {
    const { data, own } = this.bench;
    const why = !data.ownLoaded ? "Load pictures of your own first." : own.remembering ? "They are being kept." : undefined;
    return html`<details class="kept" id="remembered">
      <summary>Remembered in this browser: ${own.remembered.length === 0 ? "none" : plural(own.remembered.length, "set")}</summary>
      <p class="muted">Sets stay in this browser until you forget them. Nothing is sent anywhere.</p>
      ${own.remembered.length > 0
        ? html`<ul>${own.remembered.map(({ name, pictures, bytes: size, classes }, i) => html`<li>
            <span class="grow about" title="${name}: ${classes.slice(0, 20).join(", ")}"><span><b>${name}</b></span><span class="muted">${plural(pictures, "picture")}, ${bytes(size)}</span></span>
            ${button({ id: `open-${i}`, label: "Open", name: `Open ${name}`, why: this.#busy, onClick: () => void own.open(name) })}
            ${button({ id: `forget-${i}`, label: "Forget", name: `Forget ${name}`, onClick: () => void own.forget(name) })}
          </li>`)}</ul>`
        : nothing}
      ${button({ id: "remember", label: own.remembering ? "Keeping …" : "Remember the present set", why, onClick: () => void own.remember() })}
    </details>`;
  }

  #options(): TemplateResult {
    const { data } = this.bench;
    const given = data.useOwn ? data.own?.info?.given : { validation: false, test: true };
    return html`<div class="options" title=${this.#busy ?? nothing}>
      ${!data.useOwn
        ? this.#limit()
        : given?.test
          ? this.#given("Test", "The test pictures came with the set and stay as they are.")
          : this.#share("test", "Test", "The share of the pictures kept aside to measure the network with at the end. “Look through”, Numbers, has the seed of the draw.")}
      ${given?.validation
        ? this.#given("Validation", "The validation pictures came with the set and stay as they are.")
        : this.#share("validation", "Validation", "The share of the training pictures kept aside to see, after each epoch, how well the network does on pictures it has not learned from.")}
    </div>`;
  }

  #limit(): TemplateResult {
    const { data, settings } = this.bench;
    const most = data.chosen?.train;
    return field({
      id: "limit",
      label: "Pictures",
      help: "How many pictures of each split to take. Fewer load and train faster, and teach less. Empty takes all.",
      control: html`<input id="limit" type="number" min="10" step="1" inputmode="numeric" placeholder=${most ? `all ${count(most)}` : "all"}
        .value=${settings.limit === null ? "" : String(settings.limit)} ?disabled=${this.#busy !== undefined}
        @change=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          data.setLimit(typedNumber(input));
          input.value = settings.limit === null ? "" : String(settings.limit);
        }} />`,
    });
  }

  /** A split that the set came with. */
  #given(label: string, help: string): TemplateResult {
    return html`<div class="field">
      <div class="caption"><span>${label}</span><cnn-lab-help about=${label}>${help}</cnn-lab-help></div>
      <span class="small given">came with the set</span>
    </div>`;
  }

  #share(key: "validation" | "test", label: string, help: string): TemplateResult {
    const { data, settings } = this.bench;
    return field({
      id: `${key}-share`,
      label,
      value: percent(settings[key], 0),
      help,
      control: html`<input id="${key}-share" type="range" min="0" max=${key === "test" ? 40 : 50} step="5" ?disabled=${this.#busy !== undefined}
        aria-valuetext=${percent(settings[key], 0)} .value=${live(String(Math.round(settings[key] * 100)))}
        @input=${(event: Event) => {
          settings[key] = (event.target as HTMLInputElement).valueAsNumber / 100;
          this.bench.changed();
        }}
        @change=${() => void data.divide()} />`,
    });
  }

  /** Stands in for the options while they are at work, and is as high. */
  #progress({ done, total, unit }: Progress): TemplateResult {
    const { data } = this.bench;
    const amount = unit === "bytes" ? bytes : count;
    const noun = unit === "bytes" ? "" : ` ${unit}`;
    const words = total > 0 ? `${amount(done)} of ${amount(total)}${noun}` : done > 0 ? `${amount(done)}${noun}` : "Loading …";
    const left = data.secondsLeft;
    return html`<div class="options row">
      <div class="grow">
        <div class="small nowrap" id="load-progress">${words}</div>
        <progress max="1" .value=${total > 0 ? done / total : 0} aria-label="Loading pictures"></progress>
        <div class="small muted">${left === null ? "\u00a0" : `${duration(left)} left`}</div>
      </div>
      ${button({ id: "cancel-load", label: "Cancel", onClick: () => data.cancel() })}
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
        ${showLoaded ? this.#choosing(info.splits) : html`<h3>${chosen ? "A first look" : "Load shows your pictures here"}</h3>`}
      </div>
      <div class="pictures ${showLoaded ? "loaded" : ""}" ${styles({ "--columns": String(columns) })}
        @click=${() => {
          if (showLoaded) this.bench.open("look");
        }}>
        ${samples.map(
          ({ picture, label }) => html`<figure>
            <cnn-lab-pixels .picture=${picture} zoom=${zoomOf(picture)} name=${label}></cnn-lab-pixels>
            <figcaption>${label}</figcaption>
          </figure>`,
        )}
      </div>
    `;
  }

  #choosing(splits: Record<Split, number>): TemplateResult {
    const { data } = this.bench;
    return html`
      <label class="sr" for="split">Split</label>
      <select id="split" @change=${(event: Event) => void data.show((event.target as HTMLSelectElement).value as Split, 0)}>
        ${(["train", "validation", "test"] as const).map(
          (split) => html`<option value=${split} .selected=${live(split === data.split)}>${splitNames[split]}, ${count(splits[split])}</option>`,
        )}
      </select>
      ${button({ id: "look", label: "Look through", name: "Look through all pictures, classes, numbers and warnings", onClick: () => this.bench.open("look") })}
    `;
  }

  #counts(): TemplateResult {
    const { info, split } = this.bench.data;
    if (!info) {
      return html`<p class="small muted">Once loaded, you see here how many pictures there are of each class.</p>`;
    }
    const counts = info.counts[split];
    const most = counts.reduce((top, n) => Math.max(top, n), 1);
    const bars = info.classes.slice(0, mostBars).map((label, i) => {
      const n = counts[i] ?? 0;
      return { label, share: n / most, text: count(n) };
    });
    const more = info.classes.length - bars.length;
    const uneven = split === "train" ? imbalance(counts) : null;
    return html`<h3>${splitNames[split]} pictures of each class</h3>
      <cnn-lab-bars name="${splitNames[split]} pictures of each class" .bars=${bars}></cnn-lab-bars>
      ${more > 0 ? html`<p class="small muted">… and ${plural(more, "more class", "more classes")}, in “Look through”.</p>` : nothing}
      ${info.classes.length === 1 ? html`<p class="small muted">One class so far: add pictures of another to train.</p>` : nothing}
      ${uneven ? html`<p class="small muted" id="imbalance">${uneven} “Balance classes” in Train makes up for it.</p>` : nothing}`;
  }
}

/** Small pictures at twice their size, large ones as far as the grid has room. */
function zoomOf({ width, height }: ImageData): number {
  const long = Math.max(width, height);
  return long <= 32 ? 2 : Math.min(1, 72 / long);
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-data": DataPanel;
  }
}
