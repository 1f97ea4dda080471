import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "./define";
import { base } from "./styles";
import { english } from "../text/en";
import type { Texts } from "../text/texts";

/** The small "?" beside a control: one line of explanation, by pointer and by keyboard. */
@define("cnn-lab-help")
export class HelpElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  /** The name of what is explained. */
  @property() about = "";

  static override styles = [
    base,
    css`
      :host { display: inline-flex; }
      button {
        display: grid;
        place-items: center;
        width: 24px;
        height: 24px;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: none;
        color: var(--lab-muted);
        font-size: 12px;
        cursor: pointer;
      }
      button span { display: grid; place-items: center; width: 16px; height: 16px; border: 1px solid var(--lab-edge); border-radius: 50%; line-height: 1; font-size: 11px; }
      button:hover span { border-color: var(--lab-accent); color: var(--lab-accent); }
      [popover] {
        position: fixed;
        inset: auto;
        width: max-content;
        max-width: min(280px, calc(100vw - 16px));
        margin: 0;
        padding: 8px 12px;
        border: 1px solid var(--lab-edge);
        border-radius: 6px;
        background: var(--lab-panel);
        color: var(--lab-text);
        box-shadow: 0 4px 16px rgb(0 0 0 / 0.2);
      }
    `,
  ];

  override render(): TemplateResult {
    return html`
      <button type="button" popovertarget="tip" aria-label=${this.text.lab.about(this.about)}><span aria-hidden="true">?</span></button>
      <div id="tip" popover role="note" @toggle=${this.#place}><slot></slot></div>
    `;
  }

  /** Under the button, inside the window. */
  #place(event: ToggleEvent): void {
    const button = this.renderRoot.querySelector("button");
    const tip = event.target as HTMLElement;
    if (event.newState !== "open" || !button) {
      return;
    }
    const at = button.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left - 12, innerWidth - width - 8));
    const below = at.bottom + 4;
    const top = below + height > innerHeight - 8 ? Math.max(8, at.top - height - 4) : below;
    tip.style.left = `${left}px`;
    tip.style.top = `${top}px`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-help": HelpElement;
  }
}
