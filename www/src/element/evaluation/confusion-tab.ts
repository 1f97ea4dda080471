import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { type ClassOrder, confusedPairs, mostConfused, orderClasses, type Pair, recallOf } from "../../view/confused";
import { png, svgText } from "../../view/figure";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import "../help";
import type { Measured } from "../measure-step";
import { button, download } from "../parts";
import { styles } from "../style-directive";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import "./cases";
import { picturesOf } from "./measures";
import { cellText, confusionCsv, confusionFigure, tint } from "./reports";
import "../../text/en/evaluation";
import type { Phrase } from "../../text/texts";

const orders: { order: ClassOrder; title: Phrase }[] = [
  { order: "loaded", title: (t) => t.evaluation.asLoaded },
  { order: "name", title: (t) => t.evaluation.byName },
  { order: "recall", title: (t) => t.evaluation.lowestRecall },
  { order: "confused", title: (t) => t.evaluation.mostConfusedFirst },
];
/** More cells than of so many classes nobody can read. */
const amounts = [10, 20, 30, 50];
const pairsShown = 8;

/** Which class was taken for which: every cell shows its pictures. */
@define("cnn-lab-confusion-tab")
export class ConfusionTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @property({ attribute: false }) measured!: Measured;
  @property({ attribute: false }) picked: number | null = null;
  @state() private normalised = false;
  @state() private order: ClassOrder = "loaded";
  @state() private amount = 20;
  /** The cell whose pictures are shown, by its classes. */
  @state() private cell: { actual: number; said: number } | null = null;
  /** The cell that the Tab key reaches, by its place. */
  @state() private at = { row: 0, column: 0 };
  #shown: number[] = [];
  #found: number[] = [];
  #pairs: Pair[] = [];

  static override styles = [
    base,
    dialogStyles,
    css`
      :host { display: flex; flex-direction: column; gap: 12px; }
      .tools select { width: auto; max-width: 100%; }
      .tools label { display: flex; align-items: center; gap: 6px; }
      .both { display: flex; flex-wrap: wrap; gap: 16px 24px; align-items: start; }
      .matrix { min-width: 0; max-width: 100%; }
      .matrix p { max-width: 520px; margin: 0 0 4px; }
      .matrix .scroll { max-height: 560px; }
      .pairs { flex: 1 1 200px; min-width: 0; display: grid; gap: 4px; }
      .pairs ol { margin: 0; padding: 0; list-style: none; }
      .pairs button { display: flex; gap: 8px; width: 100%; min-height: 28px; padding: 4px; border: 0; border-radius: 4px; background: none; text-align: left; cursor: pointer; overflow-wrap: anywhere; }
      .pairs button:hover { background: var(--lab-sunk); }
      table { border-collapse: collapse; font-size: 12px; line-height: 16px; text-align: right; }
      th { max-width: 96px; padding: 2px 6px; font-weight: 400; color: var(--lab-muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      thead th { max-width: 56px; text-align: center; }
      td { padding: 0; }
      td.share { padding: 2px 6px; }
      td button { position: relative; display: block; width: 100%; min-width: 44px; height: 26px; padding: 0 4px; border: 1px solid var(--lab-panel); border-radius: 3px; background: none; text-align: center; white-space: nowrap; cursor: pointer; }
      td button::before { content: ""; position: absolute; inset: 0; border-radius: 2px; background: var(--lab-bad); opacity: var(--share, 0); }
      td button.right { font-weight: 650; }
      td button.right::before { background: var(--lab-accent); }
      td button.zero { color: var(--lab-muted); }
      td button:hover { border-color: var(--lab-edge); }
      td button[aria-pressed="true"] { border-color: var(--lab-text); }
      td button:focus-visible { outline-offset: 0; z-index: 1; }
      td span { position: relative; }
    `,
  ];

  override willUpdate(changed: PropertyValues): void {
    const { confusion, perClass, predictions } = this.measured.evaluation;
    const classes = perClass.map(({ label }) => label);
    if (changed.has("measured")) {
      this.cell = null;
      this.#pairs = confusedPairs(confusion, pairsShown);
    }
    if (changed.has("measured") || changed.has("order") || changed.has("amount")) {
      this.#shown = orderClasses(mostConfused(confusion, this.amount), classes, confusion, this.order);
      this.at = { row: 0, column: 0 };
    }
    if (changed.has("cell")) {
      this.#found = this.cell ? picturesOf(predictions, this.cell.actual, this.cell.said) : [];
    }
  }

  override render(): TemplateResult {
    const { confusion } = this.measured.evaluation;
    return html`${this.#tools(confusion.length)}
      <div class="both">
        <div class="matrix">${this.#matrix(confusion)}</div>
        ${this.#mostConfused()}
      </div>
      ${this.#pictures()}`;
  }

  #tools(all: number): TemplateResult {
    const t = this.bench.text;
    const { measured, normalised } = this;
    const { confusion, perClass } = measured.evaluation;
    const classes = perClass.map(({ label }) => label);
    const name = (ending: string): string => `cnn-lab-confusion-${measured.split}.${ending}`;
    const drawn = (): ReturnType<typeof confusionFigure> => confusionFigure(t, this.#shown, classes, confusion, normalised);
    return html`<div class="row wrap tools">
      <label><input type="checkbox" id="normalised" .checked=${live(normalised)} @change=${(event: Event) => (this.normalised = (event.target as HTMLInputElement).checked)} />${t.evaluation.sharesOfRow}</label>
      <cnn-lab-help .text=${t} about=${t.evaluation.sharesOfRow}>${t.evaluation.sharesHelp}</cnn-lab-help>
      <label for="order">${t.common.classes}</label>
      <select id="order" @change=${(event: Event) => (this.order = (event.target as HTMLSelectElement).value as ClassOrder)}>
        ${orders.map(({ order, title }) => html`<option value=${order} .selected=${live(order === this.order)}>${title(t)}</option>`)}
      </select>
      ${all > (amounts[0] ?? 10)
        ? html`<label for="amount">${t.evaluation.show}</label><select id="amount" @change=${(event: Event) => (this.amount = Number((event.target as HTMLSelectElement).value))}>
            ${amounts.filter((n) => n < all || n === amounts.find((enough) => enough >= all)).map((n) => html`<option value=${n} .selected=${live(n === this.amount)}>${n < all ? t.evaluation.mostConfusedN(n) : t.evaluation.allN(all)}</option>`)}
          </select>`
        : nothing}
      <span class="grow"></span>
      ${button({ id: "confusion-csv", label: "CSV", name: t.evaluation.countsCsv, onClick: () => download(new Blob([confusionCsv(classes, confusion)], { type: "text/csv" }), name("csv")) })}
      ${button({ id: "confusion-svg", label: "SVG", name: t.evaluation.matrixSvg, onClick: () => download(new Blob([svgText(drawn())], { type: "image/svg+xml" }), name("svg")) })}
      ${button({
        id: "confusion-png", label: "PNG", name: t.evaluation.matrixPng,
        onClick: () =>
          void this.bench.try(async () => {
            const blob = await png(drawn());
            if (blob) download(blob, name("png"));
          }),
      })}
    </div>`;
  }

  #name(label: number): string {
    return this.measured.evaluation.perClass[label]?.label ?? String(label);
  }

  #matrix(confusion: number[][]): TemplateResult {
    const t = this.bench.text;
    const shown = this.#shown;
    const less = shown.length < confusion.length ? t.evaluation.shownOf(shown.length, confusion.length) : "";
    return html`<p class="small muted" id="reads">${t.evaluation.matrixHelp(less)}</p>
      <div class="scroll" role="region" aria-label=${t.common.confusionMatrix}><table role="grid" aria-label=${t.common.confusionMatrix} aria-describedby="reads" @keydown=${this.#onKey} @click=${this.#onClick}>
      <thead><tr><td></td>${shown.map((label) => html`<th scope="col" title=${this.#name(label)}>${this.#name(label)}</th>`)}<th scope="col">${t.common.right}</th></tr></thead>
      <tbody>${shown.map((actual, row) => {
        const of = confusion[actual] ?? [];
        const total = of.reduce((sum, n) => sum + n, 0);
        const recall = recallOf(confusion, actual);
        return html`<tr><th scope="row" title=${this.#name(actual)}>${this.#name(actual)}</th>
          ${shown.map((said, column) => this.#cell(of[said] ?? 0, total, actual, said, row, column))}
          <td class="share">${recall === null ? "–" : t.percent(recall)}</td></tr>`;
      })}</tbody>
    </table></div>`;
  }

  #cell(n: number, total: number, actual: number, said: number, row: number, column: number): TemplateResult {
    const t = this.bench.text;
    const right = actual === said;
    const pressed = this.cell?.actual === actual && this.cell.said === said;
    const text = cellText(t, n, total, right, this.normalised);
    const words = right ? t.evaluation.cellRight(this.#name(actual), n) : t.evaluation.cellWrong(this.#name(actual), this.#name(said), n);
    return html`<td><button type="button" class=${right ? "right" : n === 0 ? "zero" : ""} data-row=${row} data-column=${column}
      tabindex=${row === this.at.row && column === this.at.column ? 0 : -1} aria-pressed=${pressed ? "true" : "false"} aria-label=${words} title=${words}
      ${styles({ "--share": tint(n, total, right).toFixed(3) })}><span>${text}</span></button></td>`;
  }

  #mostConfused(): TemplateResult {
    const t = this.bench.text;
    const pairs = this.#pairs;
    return html`<div class="pairs"><h3>${t.evaluation.mostConfused}</h3>${pairs.length === 0
      ? html`<p class="small muted">${t.evaluation.noMistake}</p>`
      : html`<ol>${pairs.map(({ actual, said, count: n, share }) => html`<li><button type="button" @click=${() => this.#show(actual, said)}>
          <span class="grow"><b>${this.#name(actual)}</b> ${t.evaluation.heldFor} <b>${this.#name(said)}</b></span><span class="number">${t.count(n)}, ${t.percent(share)}</span></button></li>`)}</ol>`}</div>`;
  }

  #pictures(): TemplateResult {
    const t = this.bench.text;
    const { cell } = this;
    if (!cell) {
      return html`<p class="muted">${t.evaluation.chooseCell}</p>`;
    }
    const { actual, said } = cell;
    const title = actual === said ? t.evaluation.recognised(this.#name(actual)) : t.evaluation.taken(this.#name(actual), this.#name(said));
    const found = this.#found;
    return html`<div id="cell-pictures"><p role="status"><b>${title}</b>: ${found.length === 0 ? t.evaluation.noPicture : html`${t.evaluation.sortedBy(found.length, actual === said ? t.evaluation.leastSure : t.evaluation.mostWrong)}`}</p>
      ${found.length === 0 ? nothing : html`<cnn-lab-cases .bench=${this.bench} .measured=${this.measured} .indices=${found} .picked=${this.picked} name=${title} step="24"></cnn-lab-cases>`}</div>`;
  }

  #show(actual: number, said: number): void {
    this.cell = { actual, said };
    void this.updateComplete.then(() => this.renderRoot.querySelector("#cell-pictures")?.scrollIntoView({ block: "nearest" }));
  }

  readonly #onClick = (event: Event): void => {
    const { row, column } = (event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset ?? {};
    const [actual, said] = [this.#shown[Number(row)], this.#shown[Number(column)]];
    if (actual !== undefined && said !== undefined) {
      this.at = { row: Number(row), column: Number(column) };
      this.#show(actual, said);
    }
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const { row, column } = this.at;
    const last = this.#shown.length - 1;
    const to: [number, number] | undefined = {
      ArrowUp: [row - 1, column] as [number, number], ArrowDown: [row + 1, column] as [number, number],
      ArrowLeft: [row, column - 1] as [number, number], ArrowRight: [row, column + 1] as [number, number],
      Home: [event.ctrlKey ? 0 : row, 0] as [number, number], End: [event.ctrlKey ? last : row, last] as [number, number],
    }[event.key];
    if (!to) {
      return;
    }
    event.preventDefault();
    const within = (place: number): number => Math.max(0, Math.min(last, place));
    this.at = { row: within(to[0]), column: within(to[1]) };
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`[data-row="${this.at.row}"][data-column="${this.at.column}"]`)?.focus());
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-confusion-tab": ConfusionTab;
  }
}
