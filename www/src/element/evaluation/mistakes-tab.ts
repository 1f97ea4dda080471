import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../define";
import "../help";
import type { Measured } from "../measure-step";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import "./cases";
import { barelyRight, leastCertain, worst } from "./measures";

/** So many are found of each kind. */
const most = 240;

const kinds = [
  { id: "worst", title: "Most wrong", help: "The pictures with the highest loss: the network gave their true class the least probability. Some may have a wrong label.", find: worst, none: "There are no pictures." },
  { id: "uncertain", title: "Least certain", help: "The pictures whose two likeliest classes are closest together: it could hardly decide.", find: leastCertain, none: "Every probability would be needed, and there are too many to keep." },
  { id: "barely", title: "Right, but barely", help: "Pictures that it got right, with another class close behind.", find: barelyRight, none: "It got no picture right, or there are too many probabilities to keep." },
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
    return html`${kinds.map(({ id, title, help, none }, i) => {
      const found = this.#found[i] ?? [];
      return html`<section aria-labelledby="${id}-title">
        <div class="row"><h3 id="${id}-title">${title}</h3><cnn-lab-help about=${title}>${help}</cnn-lab-help></div>
        ${found.length > 0
          ? html`<cnn-lab-cases id=${id} .bench=${this.bench} .measured=${this.measured} .indices=${found} .picked=${this.picked} name=${title} step="12"></cnn-lab-cases>`
          : html`<p class="small muted">${none}</p>`}
      </section>`;
    })}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-mistakes": MistakesTab;
  }
}
