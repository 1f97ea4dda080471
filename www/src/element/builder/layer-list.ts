import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { define } from "../define";
import { Watch } from "../observable";
import { button } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import type { Selected } from "./builder-step";
import { type Row, titleOf } from "../pretrained/fold";
import { brief, type DraftLayer, layerNames, placeOf, sourcesAt } from "./draft";
import "../../text/en/builder";
import type { Texts } from "../../text/texts";

/** A mouse that moves so far, in pixels, drags. */
const dragFrom = 5;

type Drag = { key: number; pointer: number; from: number; moving: boolean; /** The place that it would get. */ to: number };

/** The layers in order: chosen, moved, copied and removed here, by pointer and by keyboard. */
@define("cnn-lab-layer-list")
export class LayerList extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private drag: Drag | null = null;
  @query("[role=listbox]") private list!: HTMLElement;
  #seen: Selected | null = null;
  /** The menu was shown when this was drawn last. */
  #added = false;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: flex; flex-direction: column; gap: 8px; min-height: 0; }
      .tools { display: flex; gap: 4px; }
      #add-layer { flex: 1; }
      .tools .button { height: 32px; }
      ul { flex: 1; min-height: 0; margin: 0; padding: 2px; list-style: none; overflow: hidden auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; border-radius: 6px; }
      li { position: relative; display: grid; grid-template-columns: 20px minmax(0, 1fr) auto; align-items: center; gap: 0 6px; min-height: 44px; padding: 2px 8px 2px 2px; border: 1px solid var(--lab-line); border-radius: 6px; background: var(--lab-panel); cursor: pointer; }
      li + li { margin-top: 4px; }
      li.end { border-style: dashed; background: none; }
      li[aria-selected="true"] { border-color: var(--lab-accent); background: var(--lab-wash); }
      ul:focus-visible li[aria-selected="true"] { outline: 2px solid var(--lab-accent); outline-offset: -1px; }
      li.wrong { border-color: var(--lab-bad); }
      li.moving { opacity: 0.5; }
      li.before::before, li.after::after { content: ""; position: absolute; inset: -4px 0 auto; height: 3px; border-radius: 2px; background: var(--lab-accent); }
      li.after::after { inset: auto 0 -4px; }
      .grip { align-self: stretch; display: grid; place-items: center; color: var(--lab-edge); cursor: grab; touch-action: none; }
      .text { min-width: 0; display: grid; }
      .text > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .side { text-align: right; font-size: 12px; line-height: 16px; color: var(--lab-muted); white-space: nowrap; }
      b { font-weight: 600; }
      .mark { color: var(--lab-bad); font-weight: 700; }
      .hint { flex: none; }
      @media (max-width: 1000px) { .hint { display: none; } }
      @media (pointer: coarse) { .hint { display: none; } .grip { width: 28px; } li { grid-template-columns: 28px minmax(0, 1fr) auto; } }
    `,
  ];

  override render(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { draft, selected, problem } = builder;
    const names = layerNames(draft);
    const [height, width, channels] = draft.inputShape;
    return html`<div class="tools" role="group" aria-label=${t.builder.changeLayers}>${this.#tools()}</div>
      <ul role="listbox" tabindex="0" aria-label=${t.common.layers} aria-describedby="list-hint" aria-activedescendant=${idOf(selected)}
        @keydown=${this.#key} @pointerdown=${this.#down} @pointermove=${this.#move} @pointerup=${this.#up} @pointercancel=${() => (this.drag = null)}>
        ${this.#end("input", t.builder.input, [height, width, channels].join(" × "), t.builder.thePictures)}
        ${builder.rows.map((row) => this.#row(row, names))}
        ${this.#end("output", t.common.loss, "", lossOf(draft.compile))}
      </ul>
      <p id="list-hint" class="hint small muted">${t.builder.keysHelp}</p>
      <p class="sr" role="status">${builder.spoken}</p>
      ${problem?.at === null ? html`<p class="sr">${this.bench.says(problem.message)}</p>` : nothing}`;
  }

  #tools(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { place, draft, adding, whole } = builder;
    const last = draft.layers.length - 1;
    const missing = place === undefined ? t.builder.chooseLayerFirst : undefined;
    const none = missing ?? (whole ? t.builder.shownAsOne : undefined);
    return html`${button({ id: "add-layer", label: adding ? t.common.back : t.builder.addLayer, kind: adding ? "plain" : "primary", onClick: () => {
        builder.adding = !adding;
        this.bench.changed();
      } })}
      ${button({ id: "move-up", label: "↑", name: t.builder.moveUp, kind: "square", why: none ?? (place === 0 ? t.builder.isFirst : undefined), onClick: () => builder.moveTo((place ?? 0) - 1) })}
      ${button({ id: "move-down", label: "↓", name: t.builder.moveDown, kind: "square", why: none ?? (place === last ? t.builder.isLast : undefined), onClick: () => builder.moveTo((place ?? 0) + 1) })}
      ${button({ id: "duplicate", label: copyIcon, name: t.builder.duplicate, kind: "square", why: none, onClick: () => builder.duplicate() })}
      ${button({ id: "remove", label: "×", name: t.builder.removeLayer, kind: "square", why: missing ?? ((whole ? whole.last - whole.first : 0) === last ? t.builder.oneAtLeast : undefined), onClick: () => builder.remove() })}`;
  }

  /** The beginning or the end, which stay where they are. */
  #end(at: "input" | "output", title: string, side: string, text: string): TemplateResult {
    const { builder } = this.bench;
    const wrong = builder.problem?.at === at;
    return html`<li id=${idOf(at)} role="option" aria-selected=${builder.selected === at ? "true" : "false"} class="end ${wrong ? "wrong" : ""}" @click=${() => builder.select(at)}>
      <span></span><span class="text"><b>${title}${wrong ? mark(this.bench.text) : nothing}</b><span class="small muted">${text}</span></span><span class="side">${side}</span></li>`;
  }

  #row({ first, last, base: name }: Row, names: readonly string[]): TemplateResult | typeof nothing {
    const t = this.bench.text;
    const { builder } = this.bench;
    const layer = builder.draft.layers[first];
    if (!layer) return nothing;
    if (name === null) return this.#layer(layer, first, names);
    const within = builder.draft.layers.slice(first, last + 1);
    const facts = within.map(({ key }) => builder.facts(key));
    const output = facts.at(-1)?.output;
    const wrong = within.some(({ key }) => key === builder.problem?.at);
    const frozen = within.every(({ options }) => options["trainable"] === false);
    return html`<li id=${idOf(layer.key)} role="option" data-key=${layer.key} aria-selected=${builder.selected === layer.key ? "true" : "false"} class=${wrong ? "wrong" : ""}
      @click=${() => builder.select(layer.key)} @dblclick=${() => builder.unfold(true)}>
      <span></span><span class="text"><b>${titleOf(name)}${wrong ? mark(t) : nothing}</b><span class="small muted">${t.common.count.layers(within.length)}${frozen ? t.builder.commaFrozen : ""}</span></span>
      <span class="side">${output ? html`${t.shape(output)}<br />${t.count(facts.reduce((sum, one) => sum + (one?.row.params ?? 0), 0))}` : t.builder.isNew}</span>
    </li>`;
  }

  #layer(layer: DraftLayer, place: number, names: readonly string[]): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { drag } = this;
    const facts = builder.facts(layer.key);
    const wrong = builder.problem?.at === layer.key;
    const over = drag?.moving && drag.to === place && drag.key !== layer.key;
    const down = drag && place > builder.draft.layers.findIndex(({ key }) => key === drag.key);
    const said = brief(t, layer);
    const sources = layer.inputs && sourcesAt(builder.draft, place).map((source) => (source === "input" ? "input" : (names[builder.draft.layers.findIndex(({ key }) => key === source)] ?? "?")));
    return html`<li id=${idOf(layer.key)} role="option" data-key=${layer.key} aria-selected=${builder.selected === layer.key ? "true" : "false"}
      class="${wrong ? "wrong" : ""} ${drag?.moving && drag.key === layer.key ? "moving" : ""} ${over ? (down ? "after" : "before") : ""}"
      @click=${() => builder.select(layer.key)}>
      <span class="grip" aria-hidden="true">⠿</span>
      <span class="text"><b>${layer.layer}${wrong ? mark(t) : nothing}</b>
        <span class="small muted">${sources ? t.builder.ofSources(sources.join(", "), said ? " · " : "") : ""}${said || (sources ? "" : (names[place] ?? ""))}</span></span>
      <span class="side">${facts ? html`${t.shape(facts.output)}<br />${facts.row.params > 0 ? t.count(facts.row.params) : "–"}` : t.builder.isNew}</span>
    </li>`;
  }

  override updated(): void {
    const { selected, adding } = this.bench.builder;
    // The menu is gone, and with it what had the focus: the layer that was added has it now.
    if (this.#added && !adding && (this.getRootNode() as ShadowRoot).activeElement === null) {
      this.list.focus({ preventScroll: true });
    }
    this.#added = adding;
    if (selected !== this.#seen) {
      this.#seen = selected;
      this.renderRoot.querySelector(`#${idOf(selected)}`)?.scrollIntoView({ block: "nearest" });
    }
  }

  /** The keyboard on the list itself. */
  readonly #key = (event: KeyboardEvent): void => {
    const { builder } = this.bench;
    const all: Selected[] = ["input", ...builder.rows.flatMap(({ first }) => builder.draft.layers[first]?.key ?? []), "output"];
    const at = all.indexOf(builder.selected);
    const move = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === this.bench.text.common.remove || event.key === "Backspace") {
      if (builder.draft.layers.length > 1) builder.remove();
    } else if (event.key === "Insert") {
      builder.adding = true;
      this.bench.changed();
    } else if ((event.key === "ArrowRight" && builder.whole) || (event.key === "ArrowLeft" && !builder.whole && builder.unfolded)) {
      builder.unfold(event.key === "ArrowRight");
    } else if (move === undefined || event.ctrlKey || event.metaKey) {
      return;
    } else if (event.altKey) {
      builder.moveTo((builder.place ?? 0) + move);
    } else {
      builder.select(all[Math.max(0, Math.min(at + move, all.length - 1))] ?? "input");
    }
    event.preventDefault();
  };

  /** The layer that stands for a pretrained network, which is not dragged. */
  get #wholeKey(): number | undefined {
    const { rows, draft } = this.bench.builder;
    const row = rows.find(({ base }) => base !== null);
    return row && draft.layers[row.first]?.key;
  }

  /** A finger scrolls the list, but for the grip; a mouse drags the whole row. */
  readonly #down = (event: PointerEvent): void => {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>("li[data-key]");
    if (row && Number(row.dataset["key"]) !== this.#wholeKey && event.button === 0 && (event.pointerType === "mouse" || target.closest(".grip"))) {
      const key = Number(row.dataset["key"]);
      const place = this.bench.builder.draft.layers.findIndex((layer) => layer.key === key);
      this.drag = { key, pointer: event.pointerId, from: event.clientY, moving: false, to: place };
    }
  };

  readonly #move = (event: PointerEvent): void => {
    const { drag } = this;
    if (drag?.pointer !== event.pointerId) {
      return;
    }
    if (!drag.moving && Math.abs(event.clientY - drag.from) >= dragFrom) {
      this.list.setPointerCapture(event.pointerId);
      this.bench.builder.select(drag.key);
      this.drag = { ...drag, moving: true };
    }
    if (this.drag?.moving) {
      const rows = [...this.renderRoot.querySelectorAll<HTMLElement>("li[data-key]")];
      const to = rows.find((row) => event.clientY < row.getBoundingClientRect().bottom) ?? rows.at(-1);
      this.drag = { ...this.drag, to: placeOf(this.bench.builder.draft, Number(to?.dataset["key"])) };
      this.#scroll(event.clientY);
    }
  };

  /** Near its edges the list scrolls along. */
  #scroll(y: number): void {
    const { top, bottom } = this.list.getBoundingClientRect();
    this.list.scrollTop += y < top + 24 ? -12 : y > bottom - 24 ? 12 : 0;
  }

  readonly #up = (event: PointerEvent): void => {
    const { drag } = this;
    this.drag = null;
    if (drag?.moving && drag.pointer === event.pointerId) {
      this.bench.builder.selected = drag.key;
      this.bench.builder.moveTo(drag.to);
    }
  };
}

const copyIcon = html`<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path d="M9.5 4.5V2a1 1 0 0 0-1-1H2a1 1 0 0 0-1 1v6.5a1 1 0 0 0 1 1h2.5M5.5 4.5h6.5a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H5.5a1 1 0 0 1-1-1V5.5a1 1 0 0 1 1-1z" fill="none" stroke="currentColor" stroke-width="1.3"></path></svg>`;
const mark = (t: Texts): TemplateResult => html` <span class="mark" title=${t.builder.somethingWrong}>!</span>`;

function idOf(selected: Selected): string {
  return `row-${selected}`;
}

function lossOf({ loss }: { loss?: unknown }): string {
  const { name } = (typeof loss === "string" ? { name: loss } : (loss ?? {})) as { name?: string };
  return name ?? "sparse_categorical_crossentropy";
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-layer-list": LayerList;
  }
}
