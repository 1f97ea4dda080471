import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../element/define";
import { styles } from "../element/style-directive";
import { base } from "../element/styles";
import type { Bin } from "./bins";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

/** How many of something there are of each size. */
@define("cnn-lab-histogram")
export class HistogramElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property({ attribute: false }) bins: Bin[] = [];
  /** The level axis, with its unit. */
  @property() across = "";

  static override styles = [
    base,
    css`
      figure { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 8px; margin: 0; font-size: 12px; line-height: 16px; color: var(--lab-muted); }
      .title { grid-column: 1 / -1; }
      .up { display: flex; flex-direction: column; justify-content: space-between; height: 128px; margin-bottom: -8px; text-align: right; }
      .plot { display: flex; align-items: flex-end; gap: 1px; height: 112px; margin-top: 8px; border-bottom: 1px solid var(--lab-edge); background: linear-gradient(var(--lab-line) 1px, transparent 1px) 0 0 / 100% 50%; }
      .plot div { flex: 1; max-width: 48px; height: calc(100% * var(--share)); min-height: var(--least, 0); background: var(--lab-training); }
      .along { grid-column: 2; display: flex; justify-content: space-between; padding-top: 4px; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.text;
    const { bins } = this;
    const most = Math.max(1, ...bins.map((bin) => bin.count));
    const name = (bin: Bin): string => (bin.to - bin.from === 1 ? t.count(bin.from) : t.views.range(bin.from, bin.to - 1));
    return html`<figure role="img" aria-label=${this.#inWords(name)}>
      <span class="title">${t.views.pictures}</span>
      <div class="up"><span>${t.count(most)}</span><span>0</span></div>
      <div class="plot">
        ${bins.map((bin) => html`<div title=${t.views.pixels(name(bin), bin.count)}
          ${styles({ "--share": (bin.count / most).toFixed(4), "--least": bin.count > 0 ? "2px" : "0" })}></div>`)}
      </div>
      <div class="along"><span>${bins[0] ? t.count(bins[0].from) : ""}</span><span>${this.across}</span><span>${bins.length > 1 ? t.count((bins.at(-1)?.to ?? 1) - 1) : ""}</span></div>
    </figure>`;
  }

  #inWords(name: (bin: Bin) => string): string {
    const t = this.text;
    const filled = this.bins.filter((bin) => bin.count > 0);
    const said = filled.map((bin) => `${name(bin)}: ${t.common.count.pictures(bin.count)}`).join(", ");
    return t.views.histogram(this.across, said || t.views.nothingYetMeasured);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-histogram": HistogramElement;
  }
}
