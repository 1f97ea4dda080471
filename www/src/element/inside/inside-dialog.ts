import { html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { Watch } from "../observable";
import { base } from "../styles";
import type { Workbench } from "../workbench";

/** What the network makes of the picture in hand, layer by layer, and why it decides as it does. */
@define("cnn-lab-inside-dialog")
export class InsideDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  readonly #modal = new Modal(this, () => this.bench, "inside");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [base, dialogStyles];

  override render(): TemplateResult {
    return html`<dialog id="inside-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head("Look inside")}<div class="body"></div>` : nothing}
    </dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside-dialog": InsideDialog;
  }
}
