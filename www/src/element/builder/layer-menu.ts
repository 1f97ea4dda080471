import { css, html, LitElement, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../define";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { groups } from "./catalogue";
import { layerNames } from "./draft";
import "../../text/en/builder";
import "../../text/en/layers";

/** The layers to choose from, in Keras's groups, each with a sentence. */
@define("cnn-lab-layer-menu")
export class LayerMenu extends LitElement {
  @property({ attribute: false }) bench!: Workbench;

  static override styles = [
    base,
    css`
      :host { display: flex; flex-direction: column; gap: 8px; min-height: 0; }
      .groups { flex: 1; min-height: 0; display: grid; align-content: start; gap: 12px; padding: 2px 4px 2px 2px; overflow: hidden auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; }
      .group { display: grid; gap: 4px; }
      .group button { display: grid; width: 100%; padding: 6px 8px; border: 1px solid var(--lab-line); border-radius: 6px; background: var(--lab-panel); text-align: left; cursor: pointer; }
      .group button:hover { border-color: var(--lab-accent); background: var(--lab-wash); }
      b { font-weight: 600; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { draft, place, selected } = builder;
    const names = layerNames(draft);
    const after = selected === "output" ? names.at(-1) : place === undefined ? t.builder.afterPictures : names[place];
    return html`<h3 id="menu-title">${t.builder.addAfter(after ?? "")}</h3>
      <div class="groups" role="group" aria-labelledby="menu-title" @keydown=${this.#key}>
        ${groups.map(({ group, layers }) => html`<div class="group" role="group" aria-label=${t.layers.kinds[group]}>
          <h3>${t.layers.kinds[group]}</h3>
          ${layers.map(({ layer, about }) => html`<button type="button" id="add-${layer}" @click=${() => builder.add(layer)}>
            <b>${layer}</b><span class="small muted">${about(t)}</span></button>`)}
        </div>`)}
      </div>`;
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector("button")?.focus();
  }

  /** Arrow keys go through all of them, the Escape key back. */
  readonly #key = (event: KeyboardEvent): void => {
    const all = [...this.renderRoot.querySelectorAll("button")];
    const at = all.indexOf(event.target as HTMLButtonElement);
    const move = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") {
      this.bench.builder.adding = false;
      this.bench.changed();
    } else if (move === undefined) {
      return;
    } else {
      all[Math.max(0, Math.min(at + move, all.length - 1))]?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-layer-menu": LayerMenu;
  }
}
