import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import type { Distribution } from "../api/types";
import { define } from "../element/define";
import { styles } from "../element/style-directive";
import { base } from "../element/styles";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

/** How values are distributed: their histogram, with its numbers. */
@define("cnn-lab-distribution")
export class DistributionElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property() name = "";
  @property({ attribute: false }) of: Distribution | null = null;
  /** Said where there is none. */
  @property() absent = "";

  static override styles = [
    base,
    css`
      figure { margin: 0; font-size: 12px; line-height: 16px; color: var(--lab-muted); }
      .up { display: flex; justify-content: space-between; gap: 8px; }
      .plot { display: flex; align-items: flex-end; gap: 1px; height: 72px; border-bottom: 1px solid var(--lab-edge); }
      .plot div { flex: 1; height: calc(100% * var(--share)); min-height: var(--least, 0); background: var(--lab-training); }
      .along { display: flex; justify-content: space-between; padding: 4px 0; }
      .absent { padding: 8px 0; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.text;
    const { of, name } = this;
    if (!of) {
      return html`<figure><h3>${name}</h3><p class="absent">${this.absent}</p></figure>`;
    }
    const all = of.bars.reduce((sum, bar) => sum + bar, 0);
    const most = Math.max(1, ...of.bars);
    const width = (of.high - of.low) / of.bars.length;
    const words = t.views.distribution(name, all, of.low, of.high, of.mean, of.std);
    return html`<figure>
      <div class="up"><h3>${name}</h3><span>${t.views.valuesUpTo(most)}</span></div>
      <div class="plot" role="img" aria-label=${t.views.histogramLatest(words)}>
        ${of.bars.map((bar, i) => html`<div title=${t.views.barIs(of.low + i * width, of.low + (i + 1) * width, bar)}
          ${styles({ "--share": (bar / most).toFixed(4), "--least": bar > 0 ? "1px" : "0" })}></div>`)}
      </div>
      <div class="along"><span>${t.figure(of.low)}</span><span>${t.figure(of.mean)} ± ${t.figure(of.std)}</span><span>${t.figure(of.high)}</span></div>
      ${of.wrong > 0 ? html`<p>${t.views.notNumbers(of.wrong)}</p>` : ""}
    </figure>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-distribution": DistributionElement;
  }
}
