import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { BundledSet, DatasetInfo, MissingSet, Progress, Split } from "../api/types";
import "../view/bars";
import "../view/pixels";
import { gridOf } from "./data-step";
import { define } from "./define";
import { imbalance } from "./imbalance";
import { Watch } from "./observable";
import { button, field, typedNumber } from "./parts";
import { styles } from "./style-directive";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";

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
    new Watch(this, () => this.bench, true);
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
    const t = this.bench.text;
    const { data, fixed } = this.bench;
    return html`<section aria-labelledby="title">
      <header><span class="place" aria-hidden="true">1</span><h2 id="title" class="grow">${t.data.title}</h2>
        ${button({
          id: "load", label: data.upToDate ? t.data.loaded : t.data.load, onClick: () => void data.load(),
          why: data.upToDate ? t.data.areLoaded : this.bench.own.running ?? this.#loading,
        })}
      </header>
      <slot></slot>
      <fieldset>
        <legend class="sr">${t.data.toLearnFrom}</legend>
        ${data.sets.length === 0 && !this.bench.error ? html`<p class="muted small">${t.data.lookingSets}</p>` : nothing}
        ${data.sets.filter((set) => !fixed || set === data.chosen).map((set) => this.#set(set))}
        ${fixed ? nothing : html`${data.missing.map((set) => this.#missing(set))} ${this.#own()}`}
      </fieldset>
      ${fixed ? nothing : this.#kept()}
      ${data.progress ? this.#progress(data.progress) : this.#options()} ${this.#pictures()} ${this.#counts()}
      <p class="sr" aria-live="polite">${data.spoken}</p>
    </section>`;
  }

  #set({ name, title, description, source, train, test, classes, bytes: size, cached, shape: size3 }: BundledSet): TemplateResult {
    const t = this.bench.text;
    const { data, settings } = this.bench;
    const [heading, ...rest] = t.core.says(title).split(": ");
    const faces = data.previews.get(name)?.slice(0, 2) ?? [];
    return html`<label class="set" title="${t.core.says(description)} ${t.common.count.classes(classes.length)}, ${t.shape(size3)}. ${source}">
      <input type="radio" name="set" .checked=${live(!data.useOwn && settings.dataset === name)} ?disabled=${this.#busy !== undefined}
        @change=${() => data.choose(name)} />
      <span class="faces" aria-hidden="true">
        ${faces.map((picture) => html`<cnn-lab-pixels .picture=${picture} name=""></cnn-lab-pixels>`)}
      </span>
      <span class="about">
        <span><b>${heading}</b> <span class="small">${rest.join(": ")}</span></span>
        <span class="small muted">${t.common.count.pictures(train + test)}, ${cached ? t.data.inBrowser : t.bytes(size)}</span>
      </span>
    </label>`;
  }

  #missing({ title, reason }: MissingSet): TemplateResult {
    return html`<div class="set missing"><span><b>${title}</b><br /><span class="small">${this.bench.says(reason)}</span></span></div>`;
  }

  /** Why the data cannot be changed now. */
  get #busy(): string | undefined {
    return this.bench.own.busy ?? this.#loading;
  }

  get #loading(): string | undefined {
    return this.bench.data.loading ? this.bench.text.data.loadingCancel : undefined;
  }

  /** The person's own set, or how to get one. */
  #own(): TemplateResult {
    const t = this.bench.text;
    const { data, own } = this.bench;
    const info = data.own?.info;
    const why = own.busy;
    return html`<div class="own ${this.over ? "over" : ""}" id="own"
      @dragover=${() => (this.over = true)} @dragleave=${() => (this.over = false)} @drop=${() => (this.over = false)}>
      ${info ? this.#ownSet(info) : this.#invitation()}
      <div class="ways">
        ${this.#pick("own-files", t.data.files, t.data.chooseFiles, false)} ${this.#pick("own-folder", t.data.folder, t.data.chooseFolder, true)}
        ${button({ id: "own-camera", label: t.data.camera, name: t.data.film, why, onClick: () => this.bench.open("camera") })}
      </div>
    </div>`;
  }

  #invitation(): TemplateResult {
    const t = this.bench.text;
    return html`<div>
      <h3>${t.common.yourOwnPictures}<cnn-lab-help .text=${t} about=${t.common.yourOwnPictures}>${t.data.ownHelp}</cnn-lab-help></h3>
      <p class="small muted">${t.data.dropHere}</p>
    </div>`;
  }

  #ownSet({ name, splits, shape: [height, width], paged }: DatasetInfo): TemplateResult {
    const t = this.bench.text;
    const { data } = this.bench;
    return html`<label class="set" title=${t.data.ownTitle(width, height, paged ? t.data.inStorage : "")}>
      <input type="radio" name="set" .checked=${live(data.useOwn)} ?disabled=${this.#busy !== undefined} @change=${() => data.chooseOwn()} />
      <span class="faces" aria-hidden="true">
        ${data.ownFaces.map((picture) => html`<cnn-lab-pixels .picture=${picture} zoom=${28 / Math.max(picture.width, picture.height)} name=""></cnn-lab-pixels>`)}
      </span>
      <span class="about">
        <span><b>${name}</b></span>
        <span class="small muted">${t.common.count.pictures(splits.train + splits.validation + splits.test)}${paged ? t.data.fromDisk : ""}</span>
      </span>
    </label>
    <p class="small muted">${t.data.dropOthers}</p>`;
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
    const t = this.bench.text;
    const { data, own } = this.bench;
    const why = !data.ownLoaded ? t.data.loadOwnFirst : own.remembering ? t.data.beingKept : undefined;
    return html`<details class="kept" id="remembered">
      <summary>${t.data.remembered(own.remembered.length === 0 ? t.data.noneKept : t.common.count.sets(own.remembered.length))}</summary>
      <p class="muted">${t.data.rememberedHelp}</p>
      ${own.remembered.length > 0
        ? html`<ul>${own.remembered.map(({ name, pictures, bytes: size, classes }, i) => html`<li>
            <span class="grow about" title="${name}: ${classes.slice(0, 20).join(", ")}"><span><b>${name}</b></span><span class="muted">${t.common.count.pictures(pictures)}, ${t.bytes(size)}</span></span>
            ${button({ id: `open-${i}`, label: t.data.open, name: t.data.openName(name), why: this.#busy, onClick: () => void own.open(name) })}
            ${button({ id: `forget-${i}`, label: t.data.forget, name: t.data.forgetName(name), onClick: () => void own.forget(name) })}
          </li>`)}</ul>`
        : nothing}
      ${button({ id: "remember", label: own.remembering ? t.data.keeping : t.data.remember, why, onClick: () => void own.remember() })}
    </details>`;
  }

  #options(): TemplateResult {
    const t = this.bench.text;
    const { data } = this.bench;
    const given = data.useOwn ? data.own?.info?.given : { validation: false, test: true };
    return html`<div class="options" title=${this.#busy ?? nothing}>
      ${!data.useOwn
        ? this.#limit()
        : given?.test
          ? this.#given(t.common.test, t.data.testGiven)
          : this.#share("test", t.common.test, t.data.testHelp)}
      ${given?.validation
        ? this.#given(t.data.validationLabel, t.data.validationGiven)
        : this.#share("validation", t.data.validationLabel, t.data.validationHelp)}
    </div>`;
  }

  #limit(): TemplateResult {
    const t = this.bench.text;
    const { data, settings } = this.bench;
    const most = data.chosen?.train;
    return field(t, {
      id: "limit",
      label: t.common.pictures,
      help: t.data.limitHelp,
      control: html`<input id="limit" type="number" min="10" step="1" inputmode="numeric" placeholder=${most ? t.common.allOf(most) : t.data.all}
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
    const t = this.bench.text;
    return html`<div class="field">
      <div class="caption"><span>${label}</span><cnn-lab-help .text=${t} about=${label}>${help}</cnn-lab-help></div>
      <span class="small given">${t.data.cameWithSet}</span>
    </div>`;
  }

  #share(key: "validation" | "test", label: string, help: string): TemplateResult {
    const t = this.bench.text;
    const { data, settings } = this.bench;
    return field(t, {
      id: `${key}-share`,
      label,
      value: t.percent(settings[key], 0),
      help,
      control: html`<input id="${key}-share" type="range" min="0" max=${key === "test" ? 40 : 50} step="5" ?disabled=${this.#busy !== undefined}
        aria-valuetext=${t.percent(settings[key], 0)} .value=${live(String(Math.round(settings[key] * 100)))}
        @input=${(event: Event) => {
          settings[key] = (event.target as HTMLInputElement).valueAsNumber / 100;
          this.bench.changed();
        }}
        @change=${() => void data.divide()} />`,
    });
  }

  /** Stands in for the options while they are at work, and is as high. */
  #progress({ done, total, unit }: Progress): TemplateResult {
    const t = this.bench.text;
    const { data } = this.bench;
    const amount = unit === "bytes" ? t.bytes : t.count;
    const noun = unit === "bytes" ? "" : ` ${t.data.units[unit]}`;
    const words = total > 0 ? t.data.amountOf(amount(done), amount(total), noun) : done > 0 ? `${amount(done)}${noun}` : t.common.loadingDots;
    const left = data.secondsLeft;
    return html`<div class="options row">
      <div class="grow">
        <div class="small nowrap" id="load-progress">${words}</div>
        <progress max="1" .value=${total > 0 ? done / total : 0} aria-label=${t.data.loadingPictures}></progress>
        <div class="small muted">${left === null ? "\u00a0" : t.data.left(left)}</div>
      </div>
      ${button({ id: "cancel-load", label: t.common.cancel, onClick: () => data.cancel() })}
    </div>`;
  }

  #pictures(): TemplateResult {
    const t = this.bench.text;
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
        ${showLoaded ? this.#choosing(info.splits) : html`<h3>${chosen ? t.data.firstLook : t.data.loadShows}</h3>`}
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
    const t = this.bench.text;
    const { data } = this.bench;
    return html`
      <label class="sr" for="split">${t.common.split}</label>
      <select id="split" @change=${(event: Event) => void data.show((event.target as HTMLSelectElement).value as Split, 0)}>
        ${(["train", "validation", "test"] as const).map(
          (split) => html`<option value=${split} .selected=${live(split === data.split)}>${t.common.splits[split]}, ${t.count(splits[split])}</option>`,
        )}
      </select>
      ${button({ id: "look", label: t.data.lookThrough, name: t.data.lookThroughAll, onClick: () => this.bench.open("look") })}
    `;
  }

  #counts(): TemplateResult {
    const t = this.bench.text;
    const { info, split } = this.bench.data;
    if (!info) {
      return html`<p class="small muted">${t.data.onceLoaded}</p>`;
    }
    const counts = info.counts[split];
    const most = counts.reduce((top, n) => Math.max(top, n), 1);
    const bars = info.classes.slice(0, mostBars).map((label, i) => {
      const n = counts[i] ?? 0;
      return { label, share: n / most, text: t.count(n) };
    });
    const more = info.classes.length - bars.length;
    const uneven = split === "train" ? imbalance(t, counts) : null;
    return html`<h3>${t.data.ofEachClass(t.common.splits[split])}</h3>
      <cnn-lab-bars name=${t.data.ofEachClass(t.common.splits[split])} .bars=${bars}></cnn-lab-bars>
      ${more > 0 ? html`<p class="small muted">${t.data.moreClasses(more)}</p>` : nothing}
      ${info.classes.length === 1 ? html`<p class="small muted">${t.data.oneClass}</p>` : nothing}
      ${uneven ? html`<p class="small muted" id="imbalance">${t.data.balanceHelps(uneven)}</p>` : nothing}`;
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
