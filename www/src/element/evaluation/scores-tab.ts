import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Averages } from "../../api/types";
import { count, loss, percent } from "../../view/format";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import "../help";
import type { Measured } from "../measure-step";
import { button, download } from "../parts";
import { base } from "../styles";
import { type ClassScores, type ScoreColumn, sortScores } from "./measures";
import { scoresCsv, scoresJson } from "./reports";

const columns: { column: ScoreColumn; title: string }[] = [
  { column: "label", title: "Class" },
  { column: "precision", title: "Precision" },
  { column: "recall", title: "Recall" },
  { column: "f1", title: "F1" },
  { column: "support", title: "Pictures" },
];

const undefinedWhy = {
  precision: "The network took no picture for this class, so there is nothing of which a share could be right.",
  recall: "The split has no picture of this class, so there is nothing of which a share could be found.",
  f1: "It needs both precision and recall, and one of them is not defined, or both are zero.",
};

/** Rows at once. */
const rows = 100;

/** Scores of the whole split and of each class, as a table that sorts. */
@define("cnn-lab-scores")
export class ScoresTab extends LitElement {
  @property({ attribute: false }) measured!: Measured;
  @state() private column: ScoreColumn | null = null;
  @state() private descending = false;
  @state() private shown = rows;

  static override styles = [
    base,
    dialogStyles,
    css`
      :host { display: flex; flex-direction: column; gap: 16px; }
      dl { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 0; }
      dt { display: flex; align-items: center; min-height: 24px; font-size: 12px; color: var(--lab-muted); }
      dd { margin: 0; font-size: 20px; line-height: 28px; font-weight: 650; }
      table.list { max-width: 760px; }
      th button { display: inline-flex; gap: 4px; min-height: 24px; padding: 0 4px; margin: 0 -4px; border: 0; border-radius: 4px; background: none; font-weight: 600; cursor: pointer; }
      th button:hover { background: var(--lab-sunk); }
      th.number button { flex-direction: row-reverse; }
      th i { width: 12px; font-style: normal; }
      tbody th { overflow-wrap: anywhere; }
      tfoot tr:first-child :is(th, td) { border-top: 1px solid var(--lab-edge); }
      table.list tfoot :is(th, td) { font-weight: 650; color: inherit; }
      .none { display: inline-flex; align-items: center; gap: 2px; color: var(--lab-muted); white-space: nowrap; }
      table.list cnn-lab-help { margin: -4px 0; }
    `,
  ];

  override render(): TemplateResult {
    const { evaluation, split } = this.measured;
    const { perClass, macroAverage, weightedAverage, topK, balancedAccuracy, count: all } = evaluation;
    const sorted = sortScores(perClass, this.column, this.descending);
    const save = (text: string, type: string, name: string): void => download(new Blob([text], { type }), name);
    return html`
      <dl>
        ${figure("Accuracy", percent(evaluation.accuracy, 2), "The share of pictures whose likeliest class is the right one.")}
        ${topK.map((share, i) => (i === 0 ? nothing : figure(`Top ${i + 1}`, percent(share, 2), `The share of pictures whose true class is among the ${i + 1} likeliest.`)))}
        ${figure("Balanced accuracy", balancedAccuracy === null ? "not defined" : percent(balancedAccuracy, 2), balancedAccuracy === null ? "No class has a picture in this split." : "The mean of the classes’ recalls: every class counts alike, however many pictures it has.")}
        ${figure("Loss (nats)", loss(evaluation.loss), "The mean of minus the logarithm of the true class’s probability. Lower is better; 0 is perfect.")}
        ${figure("Pictures", count(all), "So many pictures were measured.")}
      </dl>
      <div class="row wrap">
        <h3 class="grow">Each class</h3>
        <cnn-lab-help about="Precision, recall and F1">Precision: of the pictures taken for the class, the share that is. Recall: of its pictures, the share that was found. F1: their harmonic mean.</cnn-lab-help>
        ${button({ id: "scores-csv", label: "CSV", name: "Download the scores as CSV", onClick: () => save(scoresCsv(evaluation), "text/csv", `cnn-lab-scores-${split}.csv`) })}
        ${button({ id: "scores-json", label: "JSON", name: "Download the scores as JSON", onClick: () => save(scoresJson(split, evaluation), "application/json", `cnn-lab-scores-${split}.json`) })}
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label="Scores of each class"><table class="list">
        <thead><tr>${columns.map(({ column, title }) => this.#head(column, title))}</tr></thead>
        <tbody>${sorted.slice(0, this.shown).map((scores) => this.#row(scores))}</tbody>
        <tfoot>
          ${this.#means("Macro mean", "Every class where the score is defined counts once.", macroAverage, all)}
          ${this.#means("Weighted mean", "Every class counts as often as it has pictures.", weightedAverage, all)}
        </tfoot>
      </table></div>
      ${sorted.length > this.shown ? html`<div class="row">${button({ id: "more-classes", label: "Show more classes", onClick: () => (this.shown += rows) })}
        <span class="small muted">${count(this.shown)} of ${count(sorted.length)}</span></div>` : nothing}`;
  }

  #head(column: ScoreColumn, title: string): TemplateResult {
    const by = this.column === column;
    const sort = by ? (this.descending ? "descending" : "ascending") : "none";
    return html`<th scope="col" class=${column === "label" ? "" : "number"} aria-sort=${sort}><button type="button" id="sort-${column}" @click=${() => {
      // The first press brings what a person looks for: names from A, the worst scores, the most pictures.
      this.descending = by ? !this.descending : column === "support";
      this.column = column;
    }}>${title}<i aria-hidden="true">${by ? (this.descending ? "↓" : "↑") : ""}</i></button></th>`;
  }

  #row(scores: ClassScores): TemplateResult {
    return html`<tr><th scope="row">${scores.label}</th>
      ${(["precision", "recall", "f1"] as const).map((of) => html`<td class="number">${score(scores[of], `${of === "f1" ? "F1" : of} of ${scores.label}`, undefinedWhy[of])}</td>`)}
      <td class="number">${count(scores.support)}</td></tr>`;
  }

  #means(title: string, help: string, means: Averages, all: number): TemplateResult {
    return html`<tr><th scope="row"><span class="row">${title}<cnn-lab-help about=${title}>${help}</cnn-lab-help></span></th>
      ${(["precision", "recall", "f1"] as const).map((of) => html`<td class="number">${score(means[of], `${title} of ${of}`, "It is not defined for any class.")}</td>`)}
      <td class="number">${count(all)}</td></tr>`;
  }
}

function figure(name: string, value: string, help: string): TemplateResult {
  return html`<div><dt>${name}<cnn-lab-help about=${name}>${help}</cnn-lab-help></dt><dd>${value}</dd></div>`;
}

function score(value: number | null, of: string, why: string): TemplateResult | string {
  return value === null ? html`<span class="none">not defined<cnn-lab-help about="Why ${of} is not defined">${why}</cnn-lab-help></span>` : percent(value, 2);
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-scores": ScoresTab;
  }
}
