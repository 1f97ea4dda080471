import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { Watch } from "../observable";
import { button } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { type Row, titleOf } from "../pretrained/fold";
import { type Draft, type DraftLayer, layerNames } from "./draft";
import { setTrainable } from "./edits";
import "./layer-facts";
import "./layer-fields";
import "./layer-list";
import "./layer-menu";
import "./net-diagram";
import "./net-summary";
import "./net-text";
import "../../text/en/builder";
import type { Phrase, Texts } from "../../text/texts";

/** What the code that it was read from says of training, in a sentence. */
function takenOver(t: Texts, { said, compile: { optimizer } }: Draft): string {
  if (!said) {
    return "";
  }
  const { epochs, batchSize, augmentation, classWeight, earlyStopping, reduceOnPlateau, shuffle } = said.fit;
  const words = [
    ...(optimizer ? [t.builder.theOptimizer] : []),
    ...(epochs === undefined ? [] : [t.common.count.epochs(epochs)]),
    ...(batchSize === undefined ? [] : [t.builder.batches(batchSize)]),
    ...(said.validation === null ? [] : [t.builder.shareToValidate(said.validation)]),
    ...(augmentation ? [t.builder.theAugmentation] : []),
    ...(classWeight ? [t.builder.theClassWeights] : []),
    ...(earlyStopping ? [t.common.earlyStopping] : []),
    ...(reduceOnPlateau ? [t.builder.thePlateau] : []),
    ...(shuffle === undefined ? [] : [shuffle ? "shuffling" : t.builder.noShuffling]),
  ];
  return words.length === 0 ? "" : t.builder.takesOver(words.join(", "));
}

const tabs = { summary: (t) => t.builder.summary, diagram: (t) => t.builder.diagram, text: (t) => t.builder.editAsText } satisfies Record<string, Phrase>;
type Tab = keyof typeof tabs;
const tabNames = Object.keys(tabs) as Tab[];

/** Where a network is built: its layers, the one that is selected, and the whole beside it. */
@define("cnn-lab-builder")
export class BuilderDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private tab: Tab = "summary";
  #shown: Workbench["builder"]["shows"] | null = null;
  #asked: Workbench["builder"]["asking"] = null;
  readonly #modal = new Modal(this, () => this.bench, "builder", undefined, () => this.bench.builder.cancel());

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 1400px; height: calc(100dvh - 24px); }
      dialog > .body { display: grid; grid-template-columns: 320px minmax(0, 1fr) minmax(0, 1.15fr); gap: 0; padding: 0; border-top: 1px solid var(--lab-line); overflow: hidden; }
      .body > * { min-width: 0; min-height: 0; padding: 12px 16px; }
      .body > * + * { border-left: 1px solid var(--lab-line); }
      .middle, .pane { display: flex; flex-direction: column; gap: 12px; overflow: hidden auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; }
      .middle.adding { overflow: hidden; }
      .middle > cnn-lab-layer-menu { flex: 1; }
      .whole { display: flex; flex-direction: column; }
      .whole > .pane { flex: 1; min-height: 0; padding-top: 12px; overflow: auto; }
      .pane > cnn-lab-net-text { flex: 1; }
      .tabs { flex: none; display: flex; gap: 4px; margin: -12px -16px 0; padding: 0 16px; border-bottom: 1px solid var(--lab-line); overflow-x: auto; scrollbar-width: none; }
      .tabs button { height: 36px; padding: 0 12px; border: 0; border-bottom: 2px solid transparent; background: none; white-space: nowrap; cursor: pointer; color: var(--lab-muted); }
      .tabs button[aria-selected="true"] { border-color: var(--lab-accent); color: var(--lab-text); font-weight: 650; }
      .tabs button:focus-visible { outline-offset: -2px; }
      header label { white-space: nowrap; }
      header select { width: auto; max-width: 240px; }
      footer .bad { color: var(--lab-bad); }
      footer .grow { flex-basis: 240px; overflow-wrap: anywhere; }
      @media (max-width: 1000px) {
        dialog > header { flex-wrap: wrap; }
        dialog > header > h2 { flex: 1 0 auto; }
        dialog > header > #close { order: 1; }
        dialog > header > .row { order: 2; flex-basis: 100%; }
        dialog > .body { display: block; overflow: hidden auto; }
        .body > * + * { border-left: 0; border-top: 1px solid var(--lab-line); }
        cnn-lab-layer-list { max-height: 40vh; }
        .middle, .whole > .pane { overflow: visible; }
        .middle.adding { max-height: 70vh; overflow: hidden; }
        .whole > .pane { overflow-x: auto; }
        header select { flex: 1; max-width: none; }
        footer .grow { flex-basis: 100%; }
      }
    `,
  ];

  /** Opened to paste a text, it begins with the field for it. */
  override willUpdate(): void {
    const shows = this.#modal.open ? this.bench.builder.shows : null;
    if (shows && shows !== this.#shown) {
      this.tab = shows;
    }
    this.#shown = shows;
  }

  /** A question takes the place of the button that asked it, and the focus. */
  override updated(): void {
    const { asking } = this.bench.builder;
    // With the question the button goes that had the focus; who types meanwhile keeps it.
    if (asking !== this.#asked && this.#modal.open && (asking || !this.shadowRoot?.activeElement)) {
      this.renderRoot.querySelector<HTMLElement>(asking ? "#go-on" : "#cancel")?.focus();
    }
    this.#asked = asking;
  }

  override render(): TemplateResult {
    return html`<dialog id="builder-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed} @cancel=${this.#cancel} @keydown=${this.#key}>
      ${this.#modal.open ? html`${this.#modal.head(this.bench.text.builder.build, this.#head())}${this.#body()}${this.#foot()}` : nothing}
    </dialog>`;
  }

  #head(): TemplateResult {
    const t = this.bench.text;
    const { network, builder } = this.bench;
    const { past, future } = builder.steps;
    return html`<div class="row wrap">
      ${button({ id: "undo", label: t.builder.undo, name: t.builder.undoKeys, why: past.length === 0 ? t.builder.nothingToUndo : undefined, onClick: () => builder.undo() })}
      ${button({ id: "redo", label: t.builder.redo, name: t.builder.redoKeys, why: future.length === 0 ? t.builder.nothingToRedo : undefined, onClick: () => builder.redo() })}
      <label class="sr" for="begin-from">${t.builder.beginFromHelp}</label>
      <select id="begin-from" @change=${(event: Event) => {
        const select = event.target as HTMLSelectElement;
        const preset = network.presets.find(({ name }) => name === select.value);
        select.value = "";
        if (preset) void builder.takePreset(preset);
      }}>
        <option value="" .selected=${live(true)}>${t.builder.beginFrom}</option>
        ${network.presets.map((preset) => html`<option value=${preset.name}>${network.titleOf(preset)}</option>`)}
      </select></div>`;
  }

  #body(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { builder } = bench;
    const { adding, draft, place, selected, whole } = builder;
    const title = whole?.base ? titleOf(whole.base) : selected === "input" ? t.builder.input : selected === "output" ? t.common.loss : (draft.layers[place ?? -1]?.layer ?? "");
    return html`<div class="body">
      <cnn-lab-layer-list .bench=${bench} role="region" aria-label=${t.common.layers}></cnn-lab-layer-list>
      <div class="middle ${adding ? "adding" : ""}" role="region" aria-label=${adding ? t.builder.layersToAdd : t.builder.selectedLayer} tabindex=${adding ? nothing : "0"}>
        ${adding
          ? html`<cnn-lab-layer-menu .bench=${bench}></cnn-lab-layer-menu>`
          : whole
            ? this.#whole(whole, title)
            : html`<h2 id="selected-title">${title} <span class="small muted">${place === undefined ? "" : layerNames(draft)[place]}</span></h2>
              ${this.#part(draft.layers[place ?? -1])}
              <cnn-lab-layer-fields .bench=${bench}></cnn-lab-layer-fields>
              <cnn-lab-layer-facts .bench=${bench}></cnn-lab-layer-facts>`}
      </div>
      <div class="whole">${this.#tabs()}
        <div class="pane" role="tabpanel" id="panel" aria-labelledby="tab-${this.tab}" tabindex="0">${this.#pane()}</div></div>
    </div>`;
  }

  /** A pretrained network as one. */
  #whole({ first, last }: Row, title: string): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const layers = builder.draft.layers.slice(first, last + 1);
    const keys = layers.map(({ key }) => key);
    return html`<h2 id="selected-title">${title} <span class="small muted">${t.common.count.layers(layers.length)}</span></h2>
      <p class="muted">${t.builder.baseHelp}</p>
      <div class="row"><input type="checkbox" id="frozen" .checked=${live(layers.every(({ options }) => options["trainable"] === false))}
        @change=${(event: Event) => builder.edit(setTrainable(builder.draft, keys, !(event.target as HTMLInputElement).checked))} />
        <label for="frozen">${t.common.frozen}</label></div>
      <div class="row">${button({ id: "unfold", label: t.builder.showItsLayers(layers.length), onClick: () => builder.unfold(true) })}</div>`;
  }

  /** What belongs to a layer of a pretrained network. */
  #part(layer: DraftLayer | undefined): TemplateResult | typeof nothing {
    const t = this.bench.text;
    const { builder } = this.bench;
    const name = layer?.options["base"];
    if (!layer || (typeof name !== "string" && layer.options["trainable"] !== false)) return nothing;
    return html`<div class="row wrap">
      <span class="row grow"><input type="checkbox" id="frozen" .checked=${live(layer.options["trainable"] === false)}
        @change=${(event: Event) => builder.edit(setTrainable(builder.draft, [layer.key], !(event.target as HTMLInputElement).checked))} />
        <label for="frozen">${t.common.frozen}</label></span>
      ${typeof name === "string" ? button({ id: "fold", label: t.builder.showAsOne(titleOf(name)), onClick: () => builder.unfold(false) }) : nothing}
    </div>`;
  }

  #tabs(): TemplateResult {
    return html`<div class="tabs" role="tablist" aria-label=${this.bench.text.builder.wholeNetwork} @keydown=${this.#onTabKey}>
      ${tabNames.map((tab) => html`<button type="button" role="tab" id="tab-${tab}" aria-selected=${tab === this.tab ? "true" : "false"}
        aria-controls="panel" tabindex=${tab === this.tab ? 0 : -1} @click=${() => (this.tab = tab)}>${tabs[tab](this.bench.text)}</button>`)}
    </div>`;
  }

  #onTabKey(event: KeyboardEvent): void {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      this.tab = tabNames[(tabNames.indexOf(this.tab) + move + tabNames.length) % tabNames.length] ?? this.tab;
      void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${this.tab}`)?.focus());
    }
  }

  #pane(): TemplateResult {
    const { bench } = this;
    switch (this.tab) {
      case "summary":
        return html`<cnn-lab-net-summary class=${bench.builder.problem && !bench.builder.checked?.info.untrainable ? "old" : ""} .bench=${bench}></cnn-lab-net-summary>`;
      case "diagram":
        return html`<cnn-lab-net-diagram .bench=${bench}></cnn-lab-net-diagram>`;
      case "text":
        return html`<cnn-lab-net-text .bench=${bench}></cnn-lab-net-text>`;
    }
  }

  #foot(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    switch (builder.asking) {
      case "use":
        return html`<footer><p class="grow" role="alert">${t.common.learnedLost}</p>
          ${button({ id: "go-on", label: t.builder.goOnBuilding, onClick: () => builder.goOn() })}
          ${button({ id: "use-sure", label: t.builder.useThis, kind: "primary", onClick: () => void builder.use(true) })}</footer>`;
      case "discard":
        return html`<footer><p class="grow" role="alert">${t.builder.wouldBeGone}</p>
          ${button({ id: "go-on", label: t.builder.goOnBuilding, onClick: () => builder.goOn() })}
          ${button({ id: "discard", label: t.builder.discard, kind: "primary", onClick: () => builder.cancel(true) })}</footer>`;
      case null:
        return html`<footer>${this.#verdict()}
          ${button({ id: "cancel", label: t.common.cancel, onClick: () => builder.cancel() })}
          ${button({ id: "use", label: t.builder.useThis, kind: "primary", why: this.#why, onClick: () => void builder.use() })}</footer>`;
    }
  }

  /** Why the draft cannot be used now. */
  get #why(): string | undefined {
    const t = this.bench.text;
    const { builder, training } = this.bench;
    if (training.active) {
      return t.common.stopFirstFresh;
    }
    if (this.bench.held) {
      return this.bench.held;
    }
    if (this.bench.network.download) {
      return t.builder.pretrainedLoading;
    }
    if (builder.text.problem) {
      return t.builder.textMistakeFirst;
    }
    if (builder.problem) {
      return t.builder.mistakeAtLeft;
    }
    if (!builder.changed) {
      return t.common.itIsNetworkInUse;
    }
    return builder.fine ? undefined : t.builder.beingChecked;
  }

  #verdict(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { problem, checked, comparison, misfit } = builder;
    const { download } = this.bench.network;
    if (download) {
      return html`<div class="grow small" id="builder-verdict"><progress max=${download.total} .value=${download.done} aria-label=${t.common.loadingPretrained}></progress>
        ${t.builder.loadedOf(download.done, download.total)}</div>
        ${button({ id: "cancel-download", label: t.builder.stopLoading, onClick: () => this.bench.network.cancel() })}`;
    }
    if (problem) {
      const { at } = problem;
      return html`<p class="grow small bad" id="builder-verdict" role="status">${this.bench.says(problem.message)}${problem.place ? ` (${problem.place})` : ""}
        ${checked?.info.untrainable ? nothing : html`<span class="muted">${t.builder.tableLastRight}</span>`}</p>
        ${at === null || at === builder.selected ? nothing : button({ id: "show-problem", label: t.builder.showMe, onClick: () => builder.select(at) })}`;
    }
    if (builder.text.problem) {
      return html`<p class="grow small bad" id="builder-verdict" role="status">${t.builder.textMistake}</p>`;
    }
    const params = comparison?.params ?? 0;
    const onBase = checked?.info.summary.layers.some(({ base: from }) => from !== undefined);
    const more = params === 0 ? "" : t.builder.thanInUse(Math.abs(params), params > 0 ? t.builder.more : t.builder.fewer);
    return html`<p class="grow small muted" id="builder-verdict" role="status">${checked ? t.builder.fine(checked.info.summary.totalParams, more, onBase ? t.builder.butPretrained : "", takenOver(t, builder.draft)) : t.builder.checking}
      ${misfit ? html`<span class="bad">${misfit}</span>` : nothing}</p>`;
  }

  /** The Escape key, where it would lose something. */
  readonly #cancel = (event: Event): void => {
    const { builder } = this.bench;
    if (event.target === event.currentTarget && (builder.changed || !builder.text.settled)) {
      event.preventDefault();
      builder.cancel();
    }
  };

  /** Undo and redo, but for text, which the browser undoes letter by letter. */
  readonly #key = (event: KeyboardEvent): void => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y") || event.composedPath()[0] instanceof HTMLTextAreaElement) {
      return;
    }
    event.preventDefault();
    if (key === "y" || event.shiftKey) {
      this.bench.builder.redo();
    } else {
      this.bench.builder.undo();
    }
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-builder": BuilderDialog;
  }
}
