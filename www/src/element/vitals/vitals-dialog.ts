import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { live } from "lit/directives/live.js";
import type { Distribution, LayerVitals } from "../../api/types";
import "../../view/distribution";
import { inTurn } from "../../view/in-turn";
import "../../view/over-steps";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { mainButton } from "../main-button";
import { Watch } from "../observable";
import { button, download, field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import type { Finding } from "./diagnose";
import { courseOf, deadShare, layersOf, type Sign, signs, vitalsCsv } from "./words";
import "../../text/en/vitals";
import type { Phrase, Texts } from "../../text/texts";

/** Rows of the table: thousands of cells would hold up the page. The CSV has all. */
const mostRows = 50;
/** What the ratio of update to weight usually is. */
const usual = [1e-4, 1e-2] as const;

type Snapshots = Workbench["vitals"]["snapshots"];

const titles: Record<Sign, Phrase> = { weights: (t) => t.vitals.weights, gradients: (t) => t.vitals.gradients, activations: (t) => t.vitals.activations };
/** Those of the signs, of dead units and of the updates. */
const chartsALayer = 5;
const severities: Record<Finding["severity"], Phrase> = { bad: (t) => t.common.vitalsProblem, watch: (t) => t.common.watchOut, good: (t) => t.vitals.good };

/** Training's vital signs over time, and what to try where something is wrong. */
@define("cnn-lab-vitals")
export class VitalsDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** The layer shown; null: all. */
  @state() private layer: string | null = null;
  @state() private table = false;
  /** The snapshots that each chart is drawn from, layer by layer: the charts come in turn, since all at once would hold up the page. */
  #drawnFrom: Snapshots[] = [];
  /** The chart whose turn it is next, where it is not drawn from the present snapshots. */
  #next = 0;
  #shown = false;
  /** What was said before it was opened. */
  #said = "";
  readonly #modal = new Modal(this, () => this.bench, "vitals");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 1240px; height: calc(100dvh - 24px); }
      .body > * { flex: none; }
      .findings { display: grid; gap: 8px; margin: 0; padding: 0; list-style: none; }
      .findings li { display: grid; grid-template-columns: 80px minmax(0, 1fr); gap: 0 12px; padding: 8px 12px; border: 1px solid var(--lab-line); border-left-width: 4px; border-radius: 6px; overflow-wrap: anywhere; }
      .findings .bad { border-color: var(--lab-bad); background: var(--lab-bad-wash); }
      .findings .watch { border-color: var(--lab-validation); }
      .findings .good { border-color: var(--lab-accent); background: var(--lab-wash); }
      .findings p { grid-column: 2; }
      .findings b + p { grid-row: 1; }
      .tools { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: end; }
      .tools .field { width: 200px; }
      .tools > .row { flex-wrap: wrap; min-height: 32px; gap: 0 4px; }
      .tools > .row .small { white-space: nowrap; }
      .tools > .small { flex: 1 1 240px; }
      .legend { display: inline-block; width: 72px; height: 8px; border-radius: 2px; vertical-align: middle; background: linear-gradient(90deg, #440154, #3b518b, #21908d, #5cc863, #fde725); }
      .one { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 16px 24px; }
      .many { display: grid; grid-template-columns: minmax(0, 104px) repeat(5, minmax(0, 1fr)); gap: 4px 12px; padding-top: 8px; border-top: 1px solid var(--lab-line); }
      .name button { max-width: 100%; min-height: 24px; padding: 0; border: 0; background: none; color: inherit; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: left; cursor: pointer; font-weight: 650; text-decoration: underline; text-decoration-color: var(--lab-edge); text-underline-offset: 3px; }
      table.list { white-space: nowrap; }
      .scroll { max-height: 320px; }
      details > summary { min-height: 32px; padding: 6px 0; }
      footer .grow { flex-basis: 200px; }
      footer .primary { min-width: 112px; }
      @media (max-width: 900px) {
        .one { grid-template-columns: minmax(0, 1fr); }
        .many { grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
        .many .name { grid-column: 1 / -1; }
        .findings li { grid-template-columns: minmax(0, 1fr); }
        .findings p { grid-column: 1; }
        .findings b + p { grid-row: auto; }
      }
    `,
  ];

  override willUpdate(): void {
    if (this.#modal.open !== this.#shown) {
      this.#shown = this.#modal.open;
      if (this.#shown) {
        this.#said = this.bench.vitals.spoken;
        this.#forget();
        this.bench.vitals.opened();
      }
    }
    if (this.bench.vitals.snapshots.length === 0) {
      this.#forget();
    }
    if (this.layer !== null && !layersOf(this.bench.vitals.snapshots).includes(this.layer)) {
      this.layer = null;
    }
  }

  override updated(changed: PropertyValues): void {
    if (this.#modal.open && this.layer === null && this.#stale() !== null) {
      inTurn(this.#drawNext);
    }
    // Who chose a layer by its name finds the focus where it can be changed back.
    if (changed.has("layer") && this.#modal.open && !this.shadowRoot?.activeElement) {
      this.renderRoot.querySelector<HTMLElement>("#layer")?.focus();
    }
  }

  #forget(): void {
    this.#drawnFrom = [];
    this.#next = 0;
  }

  /** The next chart that is not drawn from the present snapshots; null: all are. */
  #stale(): number | null {
    const { snapshots } = this.bench.vitals;
    const all = chartsALayer * layersOf(snapshots).length;
    for (let i = 0; i < all; i += 1) {
      const chart = (this.#next + i) % all;
      if (this.#drawnFrom[chart] !== snapshots) return chart;
    }
    return null;
  }

  readonly #drawNext = (): Promise<unknown> | null => {
    const chart = this.#stale();
    if (chart === null) return null;
    this.#drawnFrom[chart] = this.bench.vitals.snapshots;
    this.#next = chart + 1;
    this.requestUpdate();
    return this.updateComplete;
  };

  override render(): TemplateResult {
    return html`<dialog id="vitals-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head(this.bench.text.vitals.title)}<div class="body">${this.#body()}</div>${this.#foot()}` : nothing}
    </dialog>`;
  }

  #body(): TemplateResult {
    const t = this.bench.text;
    const { snapshots, findings, spoken } = this.bench.vitals;
    const learned = (this.bench.lab?.history.steps.length ?? 0) > 0;
    return html`
      ${findings.length > 0
        ? html`<ul class="findings">${findings.map((finding) => html`<li class=${finding.severity}>
            <b>${severities[finding.severity](t)}</b><p>${finding.message}</p>${finding.try ? html`<p>${finding.try}</p>` : nothing}</li>`)}</ul>`
        : nothing}
      ${learned
        ? nothing
        : html`<p id="first">${t.vitals.nothingYet}</p>`}
      <p class="sr" role="status">${spoken === this.#said ? "" : spoken}</p>
      ${snapshots.length === 0
        ? learned
          ? html`<p class="muted" id="first">${this.bench.lab?.dataset ? t.vitals.firstSnapshot : t.vitals.loadFirstSigns}</p>`
          : nothing
        : html`${this.#tools()} ${this.#charts()} ${this.#numbers()}`}`;
  }

  #tools(): TemplateResult {
    const t = this.bench.text;
    const { snapshots } = this.bench.vitals;
    return html`<div class="tools">
      ${field(t, {
        id: "layer", label: t.common.layer,
        help: t.vitals.layerHelp,
        control: html`<select id="layer" @change=${(event: Event) => (this.layer = (event.target as HTMLSelectElement).value || null)}>
          <option value="" .selected=${live(this.layer === null)}>${t.vitals.allLayers}</option>
          ${layersOf(snapshots).map((name) => html`<option value=${name} .selected=${live(name === this.layer)}>${name}</option>`)}
        </select>`,
      })}
      <div class="row">
        <span class="small muted">${t.common.updateRatio}</span>
        <cnn-lab-help .text=${t} about=${t.common.updateRatio}>${t.vitals.ratioHelp}</cnn-lab-help>
        <span class="small muted">${t.common.deadUnits}</span>
        <cnn-lab-help .text=${t} about=${t.common.deadUnits}>${t.vitals.deadHelp}</cnn-lab-help>
      </div>
      <p class="small muted">${t.vitals.columnsFew} <span class="legend" aria-hidden="true"></span> ${t.vitals.columnsMany}</p>
    </div>`;
  }

  #traces(snapshots: Snapshots, layer: string, small: boolean): TemplateResult[] {
    const t = this.bench.text;
    const course = courseOf(snapshots, layer);
    const steps = snapshots.map(({ step }) => step);
    return [
      ...signs.map((sign) => html`<cnn-lab-over-steps .text=${t} ?small=${small} name=${small ? shortTitle(titles[sign](t)) : titles[sign](t)} of=${t.vitals.signOf[sign](layer)} .steps=${steps}
        .trace=${{ spread: course.map((one) => one?.[sign] ?? null) }} absent=${t.vitals.noWeights}></cnn-lab-over-steps>`),
      html`<cnn-lab-over-steps .text=${t} ?small=${small} name=${small ? t.common.deadUnits : t.vitals.deadPercent} of=${t.vitals.deadShareOf(layer)} .steps=${steps}
        .trace=${{ line: course.map(deadShare) }} .ends=${[0, 1]} .format=${(share: number) => wholePercent(t, share)} absent=${t.vitals.noUnits}></cnn-lab-over-steps>`,
      html`<cnn-lab-over-steps .text=${t} ?small=${small} log name=${small ? t.common.updateRatio : t.vitals.ratioLog} of=${t.vitals.ratioOf(layer)} .steps=${steps}
        .trace=${{ line: course.map((one) => one?.updateRatio ?? null) }} .usual=${usual} .format=${t.rate} absent=${t.vitals.noWeights}></cnn-lab-over-steps>`,
    ];
  }

  #charts(): TemplateResult {
    const { snapshots } = this.bench.vitals;
    const { layer } = this;
    if (layer !== null) {
      return html`${guard([snapshots, layer], () => this.#one(layer))}`;
    }
    return html`${layersOf(snapshots).map((name, place) => {
      const first = chartsALayer * place;
      if (!this.#drawnFrom[first]) return nothing;
      return html`<section class="many" aria-label=${name}>
        <div class="name"><button type="button" title=${this.bench.text.vitals.only(name)} @click=${() => (this.layer = name)}>${name}</button></div>
        ${Array.from({ length: chartsALayer }, (_, chart) => {
          const from = this.#drawnFrom[first + chart];
          return from ? html`${guard([from, name], () => this.#traces(from, name, true)[chart])}` : nothing;
        })}
      </section>`;
    })}`;
  }

  #one(layer: string): TemplateResult {
    const t = this.bench.text;
    const latest = courseOf(this.bench.vitals.snapshots, layer).at(-1);
    const step = this.bench.vitals.snapshots.at(-1)?.step ?? 0;
    return html`<div class="one">${this.#traces(this.bench.vitals.snapshots, layer, false)}</div>
      <h3>${t.vitals.latestAt(step)}</h3>
      <div class="one">${signs.map((sign) => html`<cnn-lab-distribution .text=${t} name=${titles[sign](t)} .of=${latest?.[sign] ?? null} absent=${t.vitals.noWeights}></cnn-lab-distribution>`)}</div>`;
  }

  #numbers(): TemplateResult {
    const t = this.bench.text;
    const { snapshots } = this.bench.vitals;
    const { layer } = this;
    return html`<details @toggle=${(event: Event) => (this.table = (event.target as HTMLDetailsElement).open)}>
      <summary>${t.vitals.inNumbers(layer === null ? t.vitals.latestOfAll : t.vitals.snapshotsOf(layer))}</summary>
      ${this.table ? html`<div class="scroll" role="region" tabindex="0" aria-label=${t.vitals.inNumbersName}>${guard([snapshots, layer], () => this.#rows())}</div>` : nothing}
    </details>`;
  }

  #rows(): TemplateResult {
    const t = this.bench.text;
    const { snapshots } = this.bench.vitals;
    const { layer } = this;
    const rows: { head: string; of: LayerVitals }[] =
      layer === null
        ? (snapshots.at(-1)?.layers ?? []).map((of) => ({ head: of.layer, of }))
        : snapshots.slice(-mostRows).reverse().flatMap(({ step, layers }) => layers.filter((one) => one.layer === layer).map((of) => ({ head: t.count(step), of })));
    const columns = ["mean", "std", "low", "high"] as const;
    const cells = (of: Distribution | null): TemplateResult[] => columns.map((column) => html`<td class="number">${of ? t.figure(of[column]) : "–"}</td>`);
    return html`<table class="list">
        <thead>
          <tr><th scope="col" rowspan="2">${layer === null ? t.common.layer : t.vitals.step}</th>${signs.map((sign) => html`<th scope="colgroup" colspan="4" class="number">${shortTitle(titles[sign](t))}</th>`)}
            <th scope="col" rowspan="2" class="number">${t.common.deadUnits}</th><th scope="col" rowspan="2" class="number">${t.common.updateRatio}</th></tr>
          <tr>${signs.map(() => columns.map((column) => html`<th scope="col" class="number">${t.vitals.columns[column]}</th>`))}</tr>
        </thead>
        <tbody>${rows.map(({ head, of }) => html`<tr><th scope="row">${head}</th>${signs.map((sign) => cells(of[sign]))}
          <td class="number">${of.dead === null ? "–" : t.vitals.deadOf(of.dead, of.units)}</td>
          <td class="number">${of.updateRatio === null ? "–" : t.figure(of.updateRatio)}</td></tr>`)}</tbody>
      </table>
      ${layer !== null && snapshots.length > mostRows ? html`<p class="small muted">${t.vitals.latestRows(mostRows, snapshots.length)}</p>` : nothing}`;
  }

  #foot(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { snapshots } = bench.vitals;
    const latest = snapshots.at(-1);
    const { run, latest: step, lastEpoch, outcome } = bench.training;
    const where =
      bench.data.loading ? t.vitals.loading
      : run && step ? t.vitals.where(step.epoch, lastEpoch ?? step.epoch, step.step, step.steps)
      : outcome;
    return html`<footer>
      <span class="grow small muted"><span id="vitals-where">${where}</span>
        ${latest ? html`<span id="vitals-count">${t.vitals.snapshots(snapshots.length, latest.step, latest.pictures)}</span>` : nothing}</span>
      ${button({
        id: "vitals-csv", label: "CSV", name: t.vitals.csvName, why: latest ? undefined : t.vitals.noSnapshots,
        onClick: () => download(new Blob([vitalsCsv(snapshots)], { type: "text/csv" }), "cnn-lab-vitals.csv"),
      })}
      ${mainButton(bench)}
    </footer>`;
  }
}

function wholePercent(t: Texts, share: number): string {
  return t.percent(share, 0);
}

function shortTitle(title: string): string {
  return title.replace(/ \(.*/, "");
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-vitals": VitalsDialog;
  }
}
