import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { figure, figureStyles, svgText } from "../../view/figure";
import { count, decimal, percent } from "../../view/format";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import "../help";
import type { Measured } from "../measure-step";
import { button, download } from "../parts";
import { base } from "../styles";
import { calibrationInWords } from "./measures";
import { reliabilityFigure } from "./square";

/** How far the network's confidence can be trusted. */
@define("cnn-lab-confidence")
export class ConfidenceTab extends LitElement {
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
    const { calibration } = this.measured.evaluation;
    const { expectedError, maximumError, bins } = calibration;
    const drawn = reliabilityFigure(calibration);
    const error = (value: number | null): string => (value === null ? "not defined" : percent(value, 2));
    const words = calibrationInWords(calibration);
    return html`<div class="both">
        ${figure(drawn, `Reliability diagram in ${bins.length} bins: accuracy over confidence, and how many pictures are that sure. ${words}`)}
        <div class="words">
          <p id="calibration-words">${words}</p>
          <dl>
            <div><dt>Expected calibration error<cnn-lab-help about="Expected calibration error">The mean distance between how sure the network is and how often it is right, over the bins, weighted by their pictures.</cnn-lab-help></dt><dd>${error(expectedError)}</dd></div>
            <div><dt>Largest calibration error<cnn-lab-help about="Largest calibration error">The distance in the worst bin, however few pictures it has.</cnn-lab-help></dt><dd>${error(maximumError)}</dd></div>
          </dl>
          <ul class="small muted">
            <li>Each blue bar: of the pictures that it was so sure of, the share that it got right.</li>
            <li>Orange line: how sure it was of them on average. Bars that end below it mean over-confidence, above it under-confidence.</li>
            <li>Dashed: a network whose confidence can be trusted. Grey bars: how many pictures are in each bin.</li>
          </ul>
          <div class="row">${button({ id: "reliability-svg", label: "SVG", name: "Download the reliability diagram as SVG", onClick: () => download(new Blob([svgText(drawn)], { type: "image/svg+xml" }), "cnn-lab-reliability.svg") })}</div>
        </div>
      </div>
      <details><summary>The bins as a table</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Bins of the reliability diagram"><table class="list">
          <thead><tr><th scope="col">Confidence</th><th scope="col" class="number">Pictures</th><th scope="col" class="number">Mean confidence</th><th scope="col" class="number">Accuracy</th></tr></thead>
          <tbody>${bins.map(({ low, high, count: n, confidence, accuracy }) => html`<tr><th scope="row">${decimal(low, 2)} to ${decimal(high, 2)}</th><td class="number">${count(n)}</td>
            <td class="number">${confidence === null ? "–" : percent(confidence, 2)}</td><td class="number">${accuracy === null ? "–" : percent(accuracy, 2)}</td></tr>`)}</tbody>
        </table></div></details>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-confidence": ConfidenceTab;
  }
}
