import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { styles } from "../element/style-directive";
import { define } from "../element/define";
import { base } from "../element/styles";
import { mostConfused } from "./confused";
import { english } from "../text/en";
import type { Texts } from "../text/texts";

/** Of more classes a table is no help, and slow. */
const mostShown = 30;

/** Which class was taken for which: a row for each true class, a column for each answer. */
@define("cnn-lab-confusion")
export class ConfusionElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property({ attribute: false }) classes: string[] = [];
  /** Pictures by [true class][predicted class]. */
  @property({ attribute: false }) confusion: number[][] = [];

  static override styles = [
    base,
    css`
      .scroll { overflow-x: auto; }
      table { width: 100%; border-collapse: collapse; font-size: 11px; line-height: 16px; text-align: right; }
      caption { padding-bottom: 4px; text-align: left; font-size: 12px; color: var(--lab-muted); }
      th { padding: 2px 4px; font-weight: 400; color: var(--lab-muted); max-width: 64px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      td { padding: 2px 3px; min-width: 26px; position: relative; white-space: nowrap; }
      td span { position: relative; }
      td::before { content: ""; position: absolute; inset: 0.5px; border-radius: 2px; background: var(--lab-bad); opacity: var(--share, 0); }
      td.right { font-weight: 650; }
      td.right::before { background: var(--lab-accent); }
      td.zero { color: var(--lab-muted); }
    `,
  ];

  override render(): TemplateResult {
    const t = this.text;
    const shown = mostConfused(this.confusion, mostShown);
    const few = shown.length < this.confusion.length ? t.charts.mostConfusedOf(shown.length, this.confusion.length) : "";
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t.common.whichTaken}>
      <table>
        <caption>${t.charts.confusionHelp(few)}</caption>
        <tr><td></td>${shown.map((label) => html`<th scope="col" title=${this.classes[label] ?? ""}>${short(this.classes[label] ?? String(label))}</th>`)}<th scope="col">${t.common.right}</th></tr>
        ${shown.map((actual) => {
          const row = this.confusion[actual] ?? [];
          const total = row.reduce((sum, n) => sum + n, 0);
          return html`<tr>
            <th scope="row" title=${this.classes[actual] ?? ""}>${this.classes[actual]}</th>
            ${shown.map((said) => this.#cell(row[said] ?? 0, total, said === actual))}
            <td>${total > 0 ? t.percent((row[actual] ?? 0) / total) : "–"}</td>
          </tr>`;
        })}
      </table>
    </div>`;
  }

  #cell(n: number, total: number, right: boolean): TemplateResult {
    // Mistakes are few, so their tint grows faster; it stays faint enough to read the number.
    const share = total > 0 ? (right ? 0.3 * (n / total) : Math.min(0.3, 3 * (n / total))) : 0;
    return html`<td class=${right ? "right" : n === 0 ? "zero" : ""} ${styles({ "--share": share.toFixed(3) })}><span>${n === 0 && !right ? "·" : this.text.count(n)}</span></td>`;
  }
}

/** The first letters of a class name, for a narrow column. */
function short(name: string): string {
  return name.length <= 4 ? name : `${name.slice(0, 3)}.`;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-confusion": ConfusionElement;
  }
}
