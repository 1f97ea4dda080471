import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { figure, figureStyles, svgText } from "../../view/figure";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import "../help";
import type { Measured } from "../measure-step";
import { button, download } from "../parts";
import { base } from "../styles";
import { calibrationInWords } from "./measures";
import { reliabilityFigure } from "./square";
import { english } from "../../text/en";
import "../../text/en/evaluation";
import type { Texts } from "../../text/texts";

/** How far the network's confidence can be trusted. */
@define("cnn-lab-confidence")
export class ConfidenceTab extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property({ attribute: false }) measured!: Measured;

  static override styles = [
    base,
    dialogStyles,
    figureStyles,
    css`
      :host { display: flex; flex-direction: column; gap: 12px; }
      .both { display: flex; flex-wrap: wrap; gap: 16px 32px; align-items: start; }
      .words { flex: 1 1 240px; min-width: 0; max-width: 480px; display: grid; gap: 12px; }
      dl { display: flex; flex-wrap: wrap; gap: 12px 32px; margin: 0; }
      dt { display: flex; align-items: center; min-height: 24px; font-size: 12px; color: var(--lab-muted); }
      dd { margin: 0; font-size: 20px; line-height: 28px; font-weight: 650; }
      table.list { max-width: 480px; }
      ul { margin: 0; padding-left: 16px; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.text;
    const { calibration } = this.measured.evaluation;
    const { expectedError, maximumError, bins } = calibration;
    const drawn = reliabilityFigure(t, calibration);
    const error = (value: number | null): string => (value === null ? t.common.notDefined : t.percent(value, 2));
    const words = calibrationInWords(t, calibration);
    return html`<div class="both">
        ${figure(drawn, t.evaluation.reliability(bins.length, words))}
        <div class="words">
          <p id="calibration-words">${words}</p>
          <dl>
            <div><dt>${t.evaluation.expectedError}<cnn-lab-help .text=${t} about=${t.evaluation.expectedError}>${t.evaluation.expectedErrorHelp}</cnn-lab-help></dt><dd>${error(expectedError)}</dd></div>
            <div><dt>${t.evaluation.largestError}<cnn-lab-help .text=${t} about=${t.evaluation.largestError}>${t.evaluation.largestErrorHelp}</cnn-lab-help></dt><dd>${error(maximumError)}</dd></div>
          </dl>
          <ul class="small muted">
            <li>${t.evaluation.blueBars}</li>
            <li>${t.evaluation.orangeLine}</li>
            <li>${t.evaluation.dashedBins}</li>
          </ul>
          <div class="row">${button({ id: "reliability-svg", label: "SVG", name: t.evaluation.reliabilitySvg, onClick: () => download(new Blob([svgText(drawn)], { type: "image/svg+xml" }), "cnn-lab-reliability.svg") })}</div>
        </div>
      </div>
      <details><summary>${t.evaluation.binsTable}</summary>
        <div class="scroll" tabindex="0" role="region" aria-label=${t.evaluation.binsOf}><table class="list">
          <thead><tr><th scope="col">${t.evaluation.confidence}</th><th scope="col" class="number">${t.common.pictures}</th><th scope="col" class="number">${t.evaluation.meanConfidence}</th><th scope="col" class="number">${t.common.accuracy}</th></tr></thead>
          <tbody>${bins.map(({ low, high, count: n, confidence, accuracy }) => html`<tr><th scope="row">${t.evaluation.range(low, high)}</th><td class="number">${t.count(n)}</td>
            <td class="number">${confidence === null ? "–" : t.percent(confidence, 2)}</td><td class="number">${accuracy === null ? "–" : t.percent(accuracy, 2)}</td></tr>`)}</tbody>
        </table></div></details>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-confidence": ConfidenceTab;
  }
}
