import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Curves } from "../../api/types";
import { type Figure, figure, figureStyles, svgText } from "../../view/figure";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import type { Measured } from "../measure-step";
import { button, download, field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { type At, atThreshold } from "./measures";
import { curvesCsv } from "./reports";
import { precisionRecallFigure, rocFigure } from "./square";
import "../../text/en/evaluation";
import type { Texts } from "../../text/texts";

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
      ? this.bench.text.evaluation.noCurvesHere
      : "";
    if (!this.problem) {
      await bench.try(async () => {
        const curves = await bench.lab?.curves(measured.evaluation, label);
        if (measured === this.measured && label === this.label) this.curves = curves ?? null;
      });
    }
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { measured, label, curves, problem } = this;
    const { perClass, predictions } = measured.evaluation;
    const name = perClass[label]?.label ?? String(label);
    const missing = curves !== null && curves.roc.area === null;
    const only = perClass[label]?.support === 0 ? t.evaluation.noneIs(name) : t.evaluation.everyIs(name);
    const at = curves && !missing ? atThreshold(predictions, label, this.threshold) : null;
    return html`<div class="row wrap tools">
        ${field(t, {
          id: "curve-class", label: t.evaluation.classAgainst, help: t.evaluation.classAgainstHelp,
          control: html`<select id="curve-class" @change=${(event: Event) => (this.label = Number((event.target as HTMLSelectElement).value))}>
            ${perClass.map(({ label: title }, i) => html`<option value=${i} .selected=${live(i === label)}>${title}</option>`)}
          </select>`,
        })}
        ${field(t, {
          id: "threshold", label: t.evaluation.threshold, value: t.decimal(this.threshold, 2),
          help: t.evaluation.thresholdHelp,
          control: html`<input id="threshold" type="range" min="0" max="1" step="0.01" .value=${live(String(this.threshold))} ?disabled=${!at}
            @input=${(event: Event) => (this.threshold = (event.target as HTMLInputElement).valueAsNumber)} />`,
        })}
        <span class="grow"></span>
        ${button({
          id: "curves-csv", label: "CSV", name: t.evaluation.curvesCsv, why: at ? undefined : t.evaluation.thereAreNoCurves,
          onClick: () => {
            if (this.curves) download(new Blob([curvesCsv(this.curves)], { type: "text/csv" }), "cnn-lab-curves.csv");
          },
        })}
      </div>
      ${problem ? html`<p>${problem}</p>` : !curves ? html`<p role="status">${t.common.drawing}</p>` : missing ? html`<p role="status">${t.evaluation.onlyNothing(only)}</p>` : at ? this.#both(curves, at, name) : nothing}`;
  }

  #both(curves: Curves, at: At, name: string): TemplateResult {
    const t = this.bench.text;
    const { support } = this.measured.evaluation.perClass[this.label] ?? { support: 0 };
    const share = support / Math.max(1, this.measured.evaluation.count);
    const roc = rocFigure(t, curves.roc, at.falsePositiveRate === null || at.recall === null ? null : { x: at.falsePositiveRate, y: at.recall });
    const pr = precisionRecallFigure(t, curves.precisionRecall, share, at.recall === null || at.precision === null ? null : { x: at.recall, y: at.precision });
    const area = t.decimal(curves.roc.area ?? NaN, 4);
    const average = t.decimal(curves.precisionRecall.average ?? NaN, 4);
    return html`<div class="figures">
        ${shown(t, "roc", "ROC", t.evaluation.area(area), roc, t.evaluation.rocInWords(name, area))}
        ${shown(t, "precision-recall", t.evaluation.precisionAndRecall, t.evaluation.averagePrecision(average), pr, t.evaluation.prInWords(name, average, share))}
        ${this.#at(at, name)}
      </div>
      <p class="small muted">${t.evaluation.dotHelp}</p>
      ${table(t, curves)}`;
  }

  #at(at: At, name: string): TemplateResult {
    const t = this.bench.text;
    const said = (value: number | null): string => (value === null ? t.common.notDefined : t.decimal(value, 4));
    return html`<div class="at" id="at-threshold">
      <dl aria-label=${t.evaluation.scoresAt}><dt>${t.common.precisionName}</dt><dd>${said(at.precision)}</dd><dt>${t.common.recallName}</dt><dd>${said(at.recall)}</dd><dt>${t.evaluation.falsePositiveRate}</dt><dd>${said(at.falsePositiveRate)}</dd></dl>
      <table class="list"><caption class="sr">${t.evaluation.countsAt(this.threshold)}</caption>
        <thead><tr><td></td><th scope="col" class="number">${t.evaluation.saidName(name)}</th><th scope="col" class="number">${t.evaluation.saidNot}</th></tr></thead>
        <tbody><tr><th scope="row">${t.evaluation.isName(name)}</th><td class="number">${t.count(at.truePositives)}</td><td class="number">${t.count(at.falseNegatives)}</td></tr>
        <tr><th scope="row">${t.evaluation.isNot}</th><td class="number">${t.count(at.falsePositives)}</td><td class="number">${t.count(at.trueNegatives)}</td></tr></tbody></table>
      <p class="sr" role="status">${t.evaluation.atThreshold(this.threshold, said(at.precision), said(at.recall))}</p>
    </div>`;
  }
}

function shown(t: Texts, id: string, title: string, value: string, drawn: Figure, words: string): TemplateResult {
  return html`<figure id=${id}><figcaption><span class="grow"><b>${title}</b> <span class="muted">${value}</span></span>
    ${button({ id: `${id}-svg`, label: "SVG", name: t.evaluation.downloadSvg(title), onClick: () => download(new Blob([svgText(drawn)], { type: "image/svg+xml" }), `cnn-lab-${id}.svg`) })}</figcaption>
    ${figure(drawn, words)}</figure>`;
}

/** Some points of both curves, evenly along each. */
function table(t: Texts, { roc, precisionRecall }: Curves): TemplateResult {
  const some = (length: number): number[] => {
    const n = Math.min(length, rows);
    return Array.from({ length: n }, (_, i) => Math.round((i * (length - 1)) / Math.max(1, n - 1)));
  };
  const at = (values: Float64Array, i: number): TemplateResult => html`<td class="number">${t.decimal(values[i] ?? NaN, 4)}</td>`;
  return html`<details><summary>${t.evaluation.pointsOfCurves}</summary>
    <div class="row wrap">
      <div class="scroll" tabindex="0" role="region" aria-label=${t.evaluation.pointsRoc}><table class="list"><caption class="sr">ROC</caption>
        <thead><tr><th scope="col" class="number">${t.evaluation.threshold}</th><th scope="col" class="number">${t.evaluation.falsePositiveRate}</th><th scope="col" class="number">${t.common.recallName}</th></tr></thead>
        <tbody>${some(roc.thresholds.length).map((i) => html`<tr>${at(roc.thresholds, i)}${at(roc.falsePositiveRate, i)}${at(roc.truePositiveRate, i)}</tr>`)}</tbody></table></div>
      <div class="scroll" tabindex="0" role="region" aria-label=${t.evaluation.pointsPr}><table class="list"><caption class="sr">${t.evaluation.precisionAndRecall}</caption>
        <thead><tr><th scope="col" class="number">${t.evaluation.threshold}</th><th scope="col" class="number">${t.common.precisionName}</th><th scope="col" class="number">${t.common.recallName}</th></tr></thead>
        <tbody>${some(precisionRecall.thresholds.length).map((i) => html`<tr>${at(precisionRecall.thresholds, i)}${at(precisionRecall.precision, i)}${at(precisionRecall.recall, i)}</tr>`)}</tbody></table></div>
    </div></details>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-curves": CurvesTab;
  }
}
