import { html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { Watch } from "../observable";
import { base } from "../styles";
import type { Workbench } from "../workbench";

/** How good the network is on a split: scores, mistakes, curves, and a map of its pictures. */
@define("cnn-lab-evaluation")
export class EvaluationDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  readonly #modal = new Modal(this, () => this.bench, "evaluation");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [base, dialogStyles];

  override render(): TemplateResult {
    return html`<dialog id="evaluation-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head("How good it is")}<div class="body"></div>` : nothing}
    </dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-evaluation": EvaluationDialog;
  }
}
