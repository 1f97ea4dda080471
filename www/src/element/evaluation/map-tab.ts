import { css, html, LitElement, nothing, type PropertyValues, svg, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Embedded, Hidden } from "../../api/types";
import { isDark, onScheme } from "../../view/scheme";
import { define } from "../define";
import { isAbort } from "../notices";
import { dialogStyles } from "../dialog";
import "../help";
import type { Measured } from "../measure-step";
import { button, field } from "../parts";
import { styles } from "../style-directive";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { probability } from "./measures";
import "./scatter";
import type { ScatterPoints } from "./scatter";
import { look, type Shape } from "./scatter-math";
import "../../text/en/evaluation";

const limits = [1000, 2000, 5000, 10_000, 50_000];
/** Entries of the legend that are listed. */
const mostEntries = 100;
const rows = 40;

/** Where the network sees the pictures: those it finds alike lie close together. */
@define("cnn-lab-map")
export class MapTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @property({ attribute: false }) measured!: Measured;
  @state() private limit = 2000;
  @state() private method: "pca" | "tsne" = "pca";
  @state() private hiddenOf: Hidden | null = null;
  @state() private positions: Float32Array | null = null;
  @state() private explained: Embedded["explained"] = null;
  /** What goes on, and how far it is; null: nothing. */
  @state() private work: { text: string; share: number } | null = null;
  @state() private told = "";
  @state() private off: ReadonlySet<number> = new Set();
  @state() private current: number | null = null;
  @state() private rings = true;
  #cancel = new AbortController();
  #points: ScatterPoints | null = null;
  #places: Partial<Record<"pca" | "tsne", Embedded>> = {};

  static override styles = [
    base,
    dialogStyles,
    css`
      :host { display: flex; flex-direction: column; gap: 8px; }
      .tools { align-items: end; }
      .tools .field { width: 152px; }
      .tools .check { min-height: 32px; }
      .tools p { flex-basis: 200px; padding-bottom: 8px; }
      .work { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 4px 12px; min-height: 32px; }
      .empty { display: grid; place-items: center; height: 460px; border: 1px solid var(--lab-line); border-radius: 6px; color: var(--lab-muted); }
      .legend { display: flex; flex-wrap: wrap; gap: 4px; max-height: 128px; overflow: auto; margin: 0; padding: 2px; list-style: none; }
      .legend button { display: flex; align-items: center; gap: 4px; min-height: 28px; padding: 0 8px 0 4px; border: 1px solid var(--lab-line); border-radius: 14px; background: none; font-size: 12px; cursor: pointer; }
      .legend button[aria-pressed="false"] { text-decoration: line-through; color: var(--lab-muted); }
      .legend button[aria-pressed="false"] svg { opacity: 0.3; }
      .legend path { fill: var(--colour); }
      .reading { min-height: 20px; overflow-wrap: anywhere; }
      .scroll { max-height: 240px; }
      @media (max-width: 700px) { .reading { min-height: 40px; } }
    `,
  ];

  constructor() {
    super();
    // The legend's marks.
    onScheme(this, () => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#cancel.abort();
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("measured") || changed.has("limit")) {
      void this.#look();
    }
    if (changed.has("positions") || changed.has("hiddenOf") || changed.has("rings")) {
      const { hiddenOf, positions } = this;
      const { predictions } = this.measured.evaluation;
      this.#points = hiddenOf && positions
        ? { positions, labels: hiddenOf.labels, wrong: Array.from(hiddenOf.indices, (index) => predictions.labels[index] !== predictions.predicted[index] && this.rings) }
        : null;
    }
  }

  /** What the last hidden layer makes of the pictures, then its principal components. */
  async #look(): Promise<void> {
    const t = this.bench.text;
    this.#cancel.abort();
    const cancel = (this.#cancel = new AbortController());
    const { bench, measured, limit } = this;
    Object.assign(this, { hiddenOf: null, positions: null, explained: null, current: null, method: "pca", told: "", work: { text: t.evaluation.lookingAt, share: 0 } });
    this.#places = {};
    try {
      const lab = await bench.ready;
      const found = await lab.hidden(measured.split, {
        limit, signal: cancel.signal,
        onProgress: ({ done, total }) => (this.work = { text: t.evaluation.lookingAt, share: total > 0 ? done / total : 0 }),
      });
      if (cancel.signal.aborted) return;
      this.hiddenOf = found;
      await this.#embed("pca", cancel);
    } catch (error) {
      this.#ended(error, cancel);
    }
  }

  async #choose(method: "pca" | "tsne"): Promise<void> {
    this.#cancel.abort();
    const cancel = (this.#cancel = new AbortController());
    try {
      await this.#embed(method, cancel);
    } catch (error) {
      this.#ended(error, cancel);
    }
  }

  async #embed(method: "pca" | "tsne", cancel: AbortController): Promise<void> {
    const t = this.bench.text;
    const { hiddenOf, bench } = this;
    if (!hiddenOf || !bench.lab) return;
    this.method = method;
    let found = this.#places[method];
    if (!found) {
      const text = method === "pca" ? t.evaluation.findingPca : t.evaluation.tsneMoves;
      this.work = { text, share: 0 };
      found = await bench.lab.embed(hiddenOf, {
        method, signal: cancel.signal,
        onProgress: ({ share, positions }) => {
          this.work = { text: positions.length > 0 ? text : t.evaluation.findingNeighbours, share };
          if (positions.length > 0 && method === this.method) this.positions = positions;
        },
      });
      this.#places[method] = found;
    }
    if (cancel.signal.aborted) return;
    this.positions = found.positions;
    this.explained = found.explained;
    this.work = null;
    this.told = t.evaluation.mapOf(method === "pca" ? t.evaluation.principal : "t-SNE", hiddenOf.indices.length);
  }

  #ended(error: unknown, cancel: AbortController): void {
    const t = this.bench.text;
    if (cancel === this.#cancel) {
      this.work = null;
      this.told = isAbort(error) ? t.evaluation.cancelled : "";
      const { pca } = this.#places;
      if (pca && this.method === "tsne") {
        // Half a t-SNE says nothing.
        Object.assign(this, { method: "pca", positions: pca.positions, explained: pca.explained });
        this.told += t.evaluation.thesePca;
      }
      void this.updateComplete.then(() => {
        // Cancel had the focus, and is gone.
        if (!this.shadowRoot?.activeElement) this.renderRoot.querySelector<HTMLElement>("#map-again, #map-method")?.focus();
      });
    }
    this.bench.fail(error);
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { work, hiddenOf, method, measured } = this;
    const all = measured.evaluation.count;
    const known = hiddenOf ? undefined : t.evaluation.notLookedYet;
    return html`<div class="row wrap tools">
        ${field(t, {
          id: "map-method", label: t.evaluation.method,
          help: t.evaluation.methodHelp,
          control: html`<select id="map-method" ?disabled=${known !== undefined} title=${known ?? nothing} @change=${(event: Event) => void this.#choose((event.target as HTMLSelectElement).value as "pca" | "tsne")}>
            <option value="pca" .selected=${live(method === "pca")}>${t.evaluation.pca}</option><option value="tsne" .selected=${live(method === "tsne")}>t-SNE</option>
          </select>`,
        })}
        ${field(t, {
          id: "map-limit", label: t.common.pictures, help: t.evaluation.mapPicturesHelp,
          control: html`<select id="map-limit" @change=${(event: Event) => (this.limit = Number((event.target as HTMLSelectElement).value))}>
            ${limits.filter((_n, i) => i === 0 || (limits[i - 1] ?? 0) < all).map((n) => html`<option value=${n} .selected=${live(n === this.limit)}>${n < all ? t.common.shareOf(n, all) : t.common.allOf(all)}</option>`)}
          </select>`,
        })}
        <label class="check"><input type="checkbox" id="rings" .checked=${live(this.rings)} @change=${(event: Event) => (this.rings = (event.target as HTMLInputElement).checked)} />${t.evaluation.ring}</label>
        <p class="small muted grow">${hiddenOf ? (hiddenOf.layer === null ? t.evaluation.noHidden : t.evaluation.hiddenOf(hiddenOf.layer, hiddenOf.length)) : nothing}</p>
      </div>
      <div class="work small">${work
        ? html`<span>${work.text} ${t.percent(work.share, 0)}<progress max="1" .value=${work.share} aria-label=${work.text}></progress></span>${button({ id: "cancel-map", label: t.common.cancel, onClick: () => this.#cancel.abort() })}`
        : html`<span role="status">${this.told}</span>${hiddenOf ? nothing : button({ id: "map-again", label: t.evaluation.drawMap, onClick: () => void this.#look() })}`}</div>
      ${this.#map()} ${this.#legend()} ${this.#table()}`;
  }

  #name(label: number): string {
    return this.measured.evaluation.perClass[label]?.label ?? String(label);
  }

  /** What is known of a point, in words. */
  #words(point: number): string {
    const t = this.bench.text;
    const index = this.hiddenOf?.indices[point] ?? 0;
    const { predictions } = this.measured.evaluation;
    const [actual, said] = [predictions.labels[index] ?? 0, predictions.predicted[index] ?? 0];
    const sure = probability(predictions, index, said);
    return t.evaluation.pointInWords(this.#name(actual), index, this.#name(said), sure === null ? "" : t.evaluation.sureOf(sure), actual === said ? "" : t.evaluation.whichIsWrong);
  }

  #map(): TemplateResult {
    const t = this.bench.text;
    const points = this.#points;
    if (!points) {
      return html`<div class="empty">${this.work ? t.evaluation.mapComes : t.evaluation.noMapYet}</div>`;
    }
    const { explained, method, current } = this;
    const axis = (name: string, i: 0 | 1): string => (method === "tsne" ? t.evaluation.tsneAxis(name.toLowerCase()) : t.evaluation.component(name, explained ? t.evaluation.ofVariance(explained[i]) : ""));
    const said = current === null ? "" : this.#words(current);
    return html`<cnn-lab-scatter .text=${t} id="scatter" .points=${points} .hiddenLabels=${this.off} across=${axis(t.evaluation.first, 0)} up=${axis(t.evaluation.second, 1)} said=${said}
        name=${t.evaluation.mapName(points.labels.length, method === "pca" ? t.evaluation.byPca : t.evaluation.byTsne)}
        @point=${(event: CustomEvent<number | null>) => (this.current = event.detail)}
        @pick-point=${(event: CustomEvent<number>) => this.dispatchEvent(new CustomEvent("pick", { detail: this.hiddenOf?.indices[event.detail] ?? 0, bubbles: true, composed: true }))}></cnn-lab-scatter>
      <p class="small reading" id="reading">${said || html`<span class="muted">${t.evaluation.mapHelp(this.rings ? t.evaluation.redRings : "", method === "tsne" ? t.evaluation.tsneNoUnit : "")}</span>`}</p>`;
  }

  #legend(): TemplateResult | typeof nothing {
    const t = this.bench.text;
    const { perClass } = this.measured.evaluation;
    if (!this.#points) return nothing;
    const dark = isDark(this);
    return html`<ul class="legend" aria-label=${t.evaluation.pressClass}>${perClass.slice(0, mostEntries).map(({ label: name }, label) => {
      const { colour, shape } = look(label, dark);
      return html`<li><button type="button" aria-pressed=${this.off.has(label) ? "false" : "true"} @click=${() => {
        const off = new Set(this.off);
        if (!off.delete(label)) off.add(label);
        this.off = off;
      }}><svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true">${sign(shape, colour)}</svg>${name}</button></li>`;
    })}</ul>${perClass.length > mostEntries ? html`<p class="small muted">${t.evaluation.firstClasses(mostEntries, perClass.length)}</p>` : nothing}`;
  }

  #table(): TemplateResult | typeof nothing {
    const t = this.bench.text;
    const { hiddenOf, positions } = this;
    if (!hiddenOf || !positions || this.work) return nothing;
    const { predictions } = this.measured.evaluation;
    const n = Math.min(rows, hiddenOf.indices.length);
    return html`<details><summary>${t.evaluation.pointsTable}</summary><div class="scroll" tabindex="0" role="region" aria-label=${t.evaluation.pointsOfMap}><table class="list">
      <thead><tr><th scope="col">${t.evaluation.picture}</th><th scope="col">${t.evaluation.columnIs}</th><th scope="col">${t.evaluation.columnSaid}</th><th scope="col" class="number">${t.evaluation.first}</th><th scope="col" class="number">${t.evaluation.second}</th></tr></thead>
      <tbody>${Array.from({ length: n }, (_, i) => {
        const index = hiddenOf.indices[i] ?? 0;
        return html`<tr><th scope="row">${t.count(index)}</th><td>${this.#name(predictions.labels[index] ?? 0)}</td><td>${this.#name(predictions.predicted[index] ?? 0)}</td>
          <td class="number">${t.decimal(positions[2 * i] ?? 0, 3)}</td><td class="number">${t.decimal(positions[2 * i + 1] ?? 0, 3)}</td></tr>`;
      })}</tbody></table></div>${hiddenOf.indices.length > n ? html`<p class="small muted">${t.evaluation.firstOf(n, hiddenOf.indices.length)}</p>` : nothing}</details>`;
  }
}

/** A class's mark in the legend: the same outline as on the canvas. */
function sign(shape: Shape, colour: string): TemplateResult {
  return svg`<path d=${outlines[shape]} ${styles({ "--colour": colour })} />`;
}

const outlines: Record<Shape, string> = {
  circle: "M5 0A5 5 0 1 1 -5 0A5 5 0 1 1 5 0Z",
  square: "M-4.2 -4.2H4.2V4.2H-4.2Z",
  triangle: "M0 -5.8L5.5 4L-5.5 4Z",
  wedge: "M0 5.8L5.5 -4L-5.5 -4Z",
  diamond: "M0 -6.2L5 0L0 6.2L-5 0Z",
  plus: "M-2 -5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2Z",
  cross: "M-5 -2.5L-2.5 -5L0 -2.5L2.5 -5L5 -2.5L2.5 0L5 2.5L2.5 5L0 2.5L-2.5 5L-5 2.5L-2.5 0Z",
  bar: "M-6 -2.5H6V2.5H-6Z",
};

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-map": MapTab;
  }
}
