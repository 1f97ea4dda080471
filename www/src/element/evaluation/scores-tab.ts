import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { Averages } from "../../api/types";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import "../help";
import type { Measured } from "../measure-step";
import { button, download } from "../parts";
import { base } from "../styles";
import { type ClassScores, type ScoreColumn, sortScores } from "./measures";
import { scoresCsv, scoresJson } from "./reports";
import { english } from "../../text/en";
import "../../text/en/evaluation";
import { phrase, type Phrase, type Texts } from "../../text/texts";

const columns: { column: ScoreColumn; title: string | Phrase }[] = [
  { column: "label", title: (t) => t.common.class },
  { column: "precision", title: (t) => t.common.precisionName },
  { column: "recall", title: (t) => t.common.recallName },
  { column: "f1", title: "F1" },
  { column: "support", title: (t) => t.common.pictures },
];

const undefinedWhy = {
  precision: (t) => t.evaluation.noPrecision,
  recall: (t) => t.evaluation.noRecall,
  f1: (t) => t.evaluation.noF1,
} satisfies Record<string, Phrase>;

/** Rows at once. */
const rows = 100;

/** Scores of the whole split and of each class, as a table that sorts. */
@define("cnn-lab-scores")
export class ScoresTab extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
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
    const t = this.text;
    const { evaluation, split } = this.measured;
    const { perClass, macroAverage, weightedAverage, topK, balancedAccuracy, count: all } = evaluation;
    const sorted = sortScores(perClass, this.column, this.descending);
    const save = (text: string, type: string, name: string): void => download(new Blob([text], { type }), name);
    return html`
      <dl>
        ${figure(t, t.common.accuracy, t.percent(evaluation.accuracy, 2), t.evaluation.accuracyHelp)}
        ${topK.map((share, i) => (i === 0 ? nothing : figure(t, t.evaluation.top(i + 1), t.percent(share, 2), t.evaluation.topHelp(i + 1))))}
        ${figure(t, t.evaluation.balanced, balancedAccuracy === null ? t.common.notDefined : t.percent(balancedAccuracy, 2), balancedAccuracy === null ? t.evaluation.noClass : t.evaluation.balancedHelp)}
        ${figure(t, t.common.lossNats, t.loss(evaluation.loss), t.evaluation.lossHelp)}
        ${figure(t, t.common.pictures, t.count(all), t.evaluation.measuredPictures)}
      </dl>
      <div class="row wrap">
        <h3 class="grow">${t.evaluation.eachClass}</h3>
        <cnn-lab-help .text=${t} about=${t.evaluation.prF1}>${t.evaluation.prF1Help}</cnn-lab-help>
        ${button({ id: "scores-csv", label: "CSV", name: t.evaluation.scoresCsv, onClick: () => save(scoresCsv(evaluation), "text/csv", `cnn-lab-scores-${split}.csv`) })}
        ${button({ id: "scores-json", label: "JSON", name: t.evaluation.scoresJson, onClick: () => save(scoresJson(split, evaluation), "application/json", `cnn-lab-scores-${split}.json`) })}
      </div>
      <div class="scroll" tabindex="0" role="region" aria-label=${t.evaluation.scoresOfEach}><table class="list">
        <thead><tr>${columns.map(({ column, title }) => this.#head(column, phrase(this.text, title)))}</tr></thead>
        <tbody>${sorted.slice(0, this.shown).map((scores) => this.#row(scores))}</tbody>
        <tfoot>
          ${this.#means(t.evaluation.macro, t.evaluation.macroHelp, macroAverage, all)}
          ${this.#means(t.evaluation.weighted, t.evaluation.weightedHelp, weightedAverage, all)}
        </tfoot>
      </table></div>
      ${sorted.length > this.shown ? html`<div class="row">${button({ id: "more-classes", label: t.evaluation.showMoreClasses, onClick: () => (this.shown += rows) })}
        <span class="small muted">${t.common.shareOf(this.shown, sorted.length)}</span></div>` : nothing}`;
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
    const t = this.text;
    return html`<tr><th scope="row">${scores.label}</th>
      ${(["precision", "recall", "f1"] as const).map((of) => html`<td class="number">${score(t, scores[of], t.evaluation.scoreOf(of === "f1" ? "F1" : of, scores.label), undefinedWhy[of](t))}</td>`)}
      <td class="number">${t.count(scores.support)}</td></tr>`;
  }

  #means(title: string, help: string, means: Averages, all: number): TemplateResult {
    const t = this.text;
    return html`<tr><th scope="row"><span class="row">${title}<cnn-lab-help .text=${t} about=${title}>${help}</cnn-lab-help></span></th>
      ${(["precision", "recall", "f1"] as const).map((of) => html`<td class="number">${score(t, means[of], t.evaluation.titleOf(title, of), t.evaluation.undefinedForAll)}</td>`)}
      <td class="number">${t.count(all)}</td></tr>`;
  }
}

function figure(t: Texts, name: string, value: string, help: string): TemplateResult {
  return html`<div><dt>${name}<cnn-lab-help .text=${t} about=${name}>${help}</cnn-lab-help></dt><dd>${value}</dd></div>`;
}

function score(t: Texts, value: number | null, of: string, why: string): TemplateResult | string {
  return value === null ? html`<span class="none">${t.common.notDefined}<cnn-lab-help .text=${t} about=${t.evaluation.whyUndefined(of)}>${why}</cnn-lab-help></span>` : t.percent(value, 2);
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-scores": ScoresTab;
  }
}
