import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { styles } from "../element/style-directive";
import { define } from "../element/define";
import { base } from "../element/styles";

/** One bar: what it stands for, how long it is (0 to 1), and its value in words. */
export type Bar = { label: string; share: number; text: string; strong?: boolean };

/** Bars in a fixed order, so that nothing jumps while they change. */
@define("cnn-lab-bars")
export class BarsElement extends LitElement {
  /** What the bars show. */
  @property() name = "";
  @property({ attribute: false }) bars: Bar[] = [];

  static override styles = [
    base,
    css`
      table { width: 100%; border-collapse: collapse; font-size: 12px; line-height: 16px; }
      th, td { padding: 0; height: var(--bar-height, 18px); font-weight: 400; }
      th { max-width: var(--bar-label, 88px); padding-right: 8px; text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      td.bar { width: 100%; }
      td.bar div { height: 10px; border-radius: 2px; background: var(--lab-sunk); overflow: hidden; }
      td.bar i { display: block; height: 100%; background: var(--lab-edge); transform: scaleX(var(--share, 0)); transform-origin: left; }
      tr.strong td.bar i { background: var(--lab-accent); }
      tr.strong :is(th, td.text) { font-weight: 650; }
      td.text { min-width: var(--bar-text, 48px); padding-left: 8px; text-align: right; white-space: nowrap; }
      @media (prefers-reduced-motion: no-preference) { td.bar i { transition: transform 120ms ease-out; } }
    `,
  ];

  override render(): TemplateResult {
    return html`<table aria-label=${this.name}>
      ${this.bars.map(
        ({ label, share, text, strong }) => html`<tr class=${strong ? "strong" : ""}>
          <th scope="row" title=${label}>${label}</th>
          <td class="bar" aria-hidden="true"><div><i ${styles({ "--share": share.toFixed(4) })}></i></div></td>
          <td class="text">${text}</td>
        </tr>`,
      )}
    </table>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-bars": BarsElement;
  }
}
