import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Curves } from "../../api/types";
import { type Figure, figure, figureStyles, svgText } from "../../view/figure";
import { count, decimal } from "../../view/format";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import type { Measured } from "../measure-step";
import { button, download, field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { type At, atThreshold } from "./measures";
import { curvesCsv } from "./reports";
import { precisionRecallFigure, rocFigure } from "./square";

/** Rows of the table in the page; the CSV has every point. */
const rows = 40;

/** How one class is told from the rest, at every threshold on its probability. */
@define("cnn-lab-curves")
export class CurvesTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @property({ attribute: false }) measured!: Measured;
  @state() private label = 0;
  @state() private threshold = 0.5;
  @state() private curves: Curves | null = null;
  @state() private problem = "";

  static override styles = [
    base,
    dialogStyles,
    figureStyles,
    css`
      :host { display: flex; flex-direction: column; gap: 12px; }
      .tools { align-items: end; }
      .tools .field { flex: 1 1 160px; max-width: 320px; }
      .figures { display: flex; flex-wrap: wrap; gap: 16px 32px; }
      figure { margin: 0; min-width: 0; }
      figcaption { display: flex; align-items: center; gap: 8px; min-height: 32px; }
      .at { display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: start; }
      table.list { width: auto; }
      dl { display: grid; grid-template-columns: auto auto; gap: 4px 16px; margin: 0; font-size: 12px; line-height: 16px; }
      dt { color: var(--lab-muted); }
      dd { margin: 0; text-align: right; font-weight: 650; }
      .scroll { max-height: 240px; margin-top: 8px; }
    `,
  ];

  override willUpdate(changed: PropertyValues): void {
    const { perClass } = this.measured.evaluation;
    if (changed.has("measured")) {
      // Of two classes the second is usually the one that is looked for.
      if (changed.get("measured") === undefined) this.label = perClass.length === 2 ? 1 : 0;
      this.label = Math.min(this.label, perClass.length - 1);
    }
    if (changed.has("measured") || changed.has("label")) {
      void this.#draw();
    }
  }

  async #draw(): Promise<void> {
    const { measured, label, bench } = this;
    this.curves = null;
    this.problem = measured.evaluation.predictions.probabilities.length === 0
      ? "There are too many pictures of too many classes to keep every probability, so there are no curves. Choose a smaller split."
      : "";
    if (!this.problem) {
      await bench.try(async () => {
        const curves = await bench.lab?.curves(measured.evaluation, label);
        if (measured === this.measured && label === this.label) this.curves = curves ?? null;
      });
    }
  }

  override render(): TemplateResult {
    const { measured, label, curves, problem } = this;
    const { perClass, predictions } = measured.evaluation;
    const name = perClass[label]?.label ?? String(label);
    const missing = curves !== null && curves.roc.area === null;
    const only = perClass[label]?.support === 0 ? `No picture of this split is ${name}` : `Every picture of this split is ${name}`;
    const at = curves && !missing ? atThreshold(predictions, label, this.threshold) : null;
    return html`<div class="row wrap tools">
        ${field({
          id: "curve-class", label: "Class against the rest", help: "The pictures of this class are to be told from all others by the probability that the network gives it.",
          control: html`<select id="curve-class" @change=${(event: Event) => (this.label = Number((event.target as HTMLSelectElement).value))}>
            ${perClass.map(({ label: title }, i) => html`<option value=${i} .selected=${live(i === label)}>${title}</option>`)}
          </select>`,
        })}
        ${field({
          id: "threshold", label: "Threshold", value: decimal(this.threshold, 2),
          help: "A picture counts as of the class when its probability is at least this. Lower it and more are found, with more false alarms.",
          control: html`<input id="threshold" type="range" min="0" max="1" step="0.01" .value=${live(String(this.threshold))} ?disabled=${!at}
            @input=${(event: Event) => (this.threshold = (event.target as HTMLInputElement).valueAsNumber)} />`,
        })}
        <span class="grow"></span>
        ${button({
          id: "curves-csv", label: "CSV", name: "Download both curves as CSV", why: at ? undefined : "There are no curves.",
          onClick: () => {
            if (this.curves) download(new Blob([curvesCsv(this.curves)], { type: "text/csv" }), "cnn-lab-curves.csv");
          },
        })}
      </div>
      ${problem ? html`<p>${problem}</p>` : !curves ? html`<p role="status">Drawing …</p>` : missing ? html`<p role="status">${only}, so there is nothing to tell apart: the curves are not defined.</p>` : at ? this.#both(curves, at, name) : nothing}`;
  }

  #both(curves: Curves, at: At, name: string): TemplateResult {
    const { support } = this.measured.evaluation.perClass[this.label] ?? { support: 0 };
    const share = support / Math.max(1, this.measured.evaluation.count);
    const roc = rocFigure(curves.roc, at.falsePositiveRate === null || at.recall === null ? null : { x: at.falsePositiveRate, y: at.recall });
    const pr = precisionRecallFigure(curves.precisionRecall, share, at.recall === null || at.precision === null ? null : { x: at.recall, y: at.precision });
    const area = decimal(curves.roc.area ?? NaN, 4);
    const average = decimal(curves.precisionRecall.average ?? NaN, 4);
    return html`<div class="figures">
        ${shown("roc", "ROC", `area ${area}`, roc, `ROC curve of ${name} against the rest: recall over the false-positive rate. The area below it is ${area}; guessing, the dashed diagonal, has 0.5.`)}
        ${shown("precision-recall", "Precision and recall", `average precision ${average}`, pr, `Precision of ${name} over its recall. Average precision ${average}; guessing, the dashed line, has ${decimal(share, 4)}.`)}
        ${this.#at(at, name)}
      </div>
      <p class="small muted">The dot is at the threshold. Dashed: what guessing gives. An area of 1 is perfect, 0.5 is guessing.</p>
      ${table(curves)}`;
  }

  #at(at: At, name: string): TemplateResult {
    const said = (value: number | null): string => (value === null ? "not defined" : decimal(value, 4));
    return html`<div class="at" id="at-threshold">
      <dl aria-label="Scores at the threshold"><dt>Precision</dt><dd>${said(at.precision)}</dd><dt>Recall</dt><dd>${said(at.recall)}</dd><dt>False-positive rate</dt><dd>${said(at.falsePositiveRate)}</dd></dl>
      <table class="list"><caption class="sr">Counts at the threshold ${decimal(this.threshold, 2)}</caption>
        <thead><tr><td></td><th scope="col" class="number">said ${name}</th><th scope="col" class="number">said not</th></tr></thead>
        <tbody><tr><th scope="row">is ${name}</th><td class="number">${count(at.truePositives)}</td><td class="number">${count(at.falseNegatives)}</td></tr>
        <tr><th scope="row">is not</th><td class="number">${count(at.falsePositives)}</td><td class="number">${count(at.trueNegatives)}</td></tr></tbody></table>
      <p class="sr" role="status">At ${decimal(this.threshold, 2)}: precision ${said(at.precision)}, recall ${said(at.recall)}.</p>
    </div>`;
  }
}

function shown(id: string, title: string, value: string, drawn: Figure, words: string): TemplateResult {
  return html`<figure id=${id}><figcaption><span class="grow"><b>${title}</b> <span class="muted">${value}</span></span>
    ${button({ id: `${id}-svg`, label: "SVG", name: `Download ${title} as SVG`, onClick: () => download(new Blob([svgText(drawn)], { type: "image/svg+xml" }), `cnn-lab-${id}.svg`) })}</figcaption>
    ${figure(drawn, words)}</figure>`;
}

/** Some points of both curves, evenly along each. */
function table({ roc, precisionRecall }: Curves): TemplateResult {
  const some = (length: number): number[] => {
    const n = Math.min(length, rows);
    return Array.from({ length: n }, (_, i) => Math.round((i * (length - 1)) / Math.max(1, n - 1)));
  };
  const at = (values: Float64Array, i: number): TemplateResult => html`<td class="number">${decimal(values[i] ?? NaN, 4)}</td>`;
  return html`<details><summary>Points of the curves as a table</summary>
    <div class="row wrap">
      <div class="scroll" tabindex="0" role="region" aria-label="Points of the ROC curve"><table class="list"><caption class="sr">ROC</caption>
        <thead><tr><th scope="col" class="number">Threshold</th><th scope="col" class="number">False-positive rate</th><th scope="col" class="number">Recall</th></tr></thead>
        <tbody>${some(roc.thresholds.length).map((i) => html`<tr>${at(roc.thresholds, i)}${at(roc.falsePositiveRate, i)}${at(roc.truePositiveRate, i)}</tr>`)}</tbody></table></div>
      <div class="scroll" tabindex="0" role="region" aria-label="Points of precision and recall"><table class="list"><caption class="sr">Precision and recall</caption>
        <thead><tr><th scope="col" class="number">Threshold</th><th scope="col" class="number">Precision</th><th scope="col" class="number">Recall</th></tr></thead>
        <tbody>${some(precisionRecall.thresholds.length).map((i) => html`<tr>${at(precisionRecall.thresholds, i)}${at(precisionRecall.precision, i)}${at(precisionRecall.recall, i)}</tr>`)}</tbody></table></div>
    </div></details>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-curves": CurvesTab;
  }
}
