import { html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { Watch } from "../observable";
import { base } from "../styles";
import type { Workbench } from "../workbench";

/** Training's vital signs over time, and what to try where something is wrong. */
@define("cnn-lab-vitals")
export class VitalsDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  readonly #modal = new Modal(this, () => this.bench, "vitals");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [base, dialogStyles];

  override render(): TemplateResult {
    return html`<dialog id="vitals-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head("Vital signs")}<div class="body"></div>` : nothing}
    </dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-vitals": VitalsDialog;
  }
}
