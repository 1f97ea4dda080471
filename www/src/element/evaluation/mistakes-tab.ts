import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../define";
import "../help";
import type { Predictions } from "../../api/types";
import type { Measured } from "../measure-step";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import "./cases";
import { barelyRight, leastCertain, worst } from "./measures";
import "../../text/en/evaluation";
import type { Phrase } from "../../text/texts";

/** So many are found of each kind. */
const most = 240;

const kinds: readonly { id: string; title: Phrase; help: Phrase; find: (of: Predictions, n: number) => number[]; none: Phrase }[] = [
  { id: "worst", title: (t) => t.evaluation.mostWrongTitle, help: (t) => t.evaluation.mostWrongHelp, find: worst, none: (t) => t.evaluation.noPictures },
  { id: "uncertain", title: (t) => t.evaluation.leastCertain, help: (t) => t.evaluation.leastCertainHelp, find: leastCertain, none: (t) => t.evaluation.everyProbability },
  { id: "barely", title: (t) => t.evaluation.barely, help: (t) => t.evaluation.barelyHelp, find: barelyRight, none: (t) => t.evaluation.noneRight },
];

/** The pictures to look at: the most wrong, the least certain, and those it only just got right. */
@define("cnn-lab-mistakes")
export class MistakesTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @property({ attribute: false }) measured!: Measured;
  @property({ attribute: false }) picked: number | null = null;
  #found: number[][] = [];

  static override styles = [
    base,
    css`
      :host { display: flex; flex-direction: column; gap: 16px; }
      section { display: grid; gap: 4px; }
      .row { gap: 4px; min-height: 24px; }
    `,
  ];

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("measured")) {
      const { predictions } = this.measured.evaluation;
      this.#found = kinds.map(({ find }) => find(predictions, most));
    }
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    return html`${kinds.map(({ id, title, help, none }, i) => {
      const found = this.#found[i] ?? [];
      return html`<section aria-labelledby="${id}-title">
        <div class="row"><h3 id="${id}-title">${title(t)}</h3><cnn-lab-help .text=${t} about=${title(t)}>${help(t)}</cnn-lab-help></div>
        ${found.length > 0
          ? html`<cnn-lab-cases id=${id} .bench=${this.bench} .measured=${this.measured} .indices=${found} .picked=${this.picked} name=${title(t)} step="12"></cnn-lab-cases>`
          : html`<p class="small muted">${none(t)}</p>`}
      </section>`;
    })}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-mistakes": MistakesTab;
  }
}
