import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { cache } from "lit/directives/cache.js";
import "../../view/value-grid";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { Watch } from "../observable";
import { button } from "../parts";
import { base } from "../styles";
import { tabList, tabPanel, tabStyles } from "../tabs";
import type { Workbench } from "../workbench";
import "./filters-tab";
import "./layers-tab";
import "./step-tab";
import "./why-tab";
import "../../text/en/deep";
import type { Phrase } from "../../text/texts";

const tabs = ["layers", "filters", "why", "step"] as const;
type Tab = (typeof tabs)[number];
const titles: Record<Tab, Phrase> = { layers: (t) => t.common.layers, filters: (t) => t.deep.filters, why: (t) => t.deep.why, step: (t) => t.deep.oneStep };

/** What the network makes of the picture in hand, layer by layer, and why it decides as it does. */
@define("cnn-lab-inside-dialog")
export class InsideDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private tab: Tab = "layers";
  readonly #modal = new Modal(this, () => this.bench, "inside");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    tabStyles,
    css`
      dialog { --width: 1080px; height: min(900px, calc(100dvh - 24px)); }
      .hand { flex: none; display: flex; align-items: center; gap: 12px; padding: 0 16px 8px; min-height: 64px; }
      .seen { width: 56px; height: 56px; flex: none; display: grid; place-items: center; border: 1px solid var(--lab-line); border-radius: 4px; overflow: hidden; background: var(--lab-sunk); }
      .says { font-size: 20px; line-height: 28px; font-weight: 650; }
      .turn { display: flex; gap: 4px; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.bench.text;
    return html`<dialog id="inside-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${cache(this.#modal.open
        ? html`${this.#modal.head(t.common.lookInside)} ${this.#hand()}
            ${tabList(this, { name: t.deep.whatToLookAt, tabs, title: (tab) => titles[tab](this.bench.text), tab: this.tab, choose: (tab) => (this.tab = tab) })}
            ${tabPanel(this.tab, html`${cache(this.#panel())}`)}`
        : nothing)}
    </dialog>`;
  }

  #panel(): TemplateResult {
    const { bench } = this;
    if (!bench.inside.hand) {
      return html`<p>${this.bench.text.deep.noPictureYet}</p>`;
    }
    switch (this.tab) {
      case "layers":
        return html`<cnn-lab-inside-layers .bench=${bench}></cnn-lab-inside-layers>`;
      case "filters":
        return html`<cnn-lab-inside-filters .bench=${bench}></cnn-lab-inside-filters>`;
      case "why":
        return html`<cnn-lab-inside-why .bench=${bench}></cnn-lab-inside-why>`;
      case "step":
        return html`<cnn-lab-inside-step .bench=${bench}></cnn-lab-inside-step>`;
    }
  }

  #hand(): TemplateResult {
    const t = this.bench.text;
    const { inside, training } = this.bench;
    const { hand, prediction } = inside;
    const best = prediction?.[0];
    const none = inside.tests === 0 ? t.common.loadFirst : undefined;
    const truth = hand?.truth ?? null;
    return html`<div class="hand">
      <div class="seen">${hand
        ? html`<cnn-lab-value-grid .text=${t} .picture=${hand.picture} room="56" name=${t.common.asNetworkSees}></cnn-lab-value-grid>`
        : nothing}</div>
      <div class="grow">
        <p class="says" id="inside-says">${best ? html`${best.label} <span class="muted">${t.percent(best.probability)}</span>` : "–"}</p>
        <p class="small muted" id="inside-hand">${hand ? `${hand.name}: ${truth === null ? t.deep.classUnknown : t.deep.itIs(truth)}.` : t.deep.noPicture}${training.trained || this.bench.network.classes ? "" : t.deep.notLearned}</p>
      </div>
      <div class="turn" role="group" aria-label=${t.common.testPictures}>
        ${button({ id: "hand-before", label: "←", name: t.common.testPictureBefore, kind: "square", why: none, onClick: () => void inside.showTest(inside.index - 1) })}
        ${button({ id: "hand-next", label: "→", name: t.common.nextTestPicture, kind: "square", why: none, onClick: () => void inside.showTest(inside.index + 1) })}
      </div>
      <p class="sr" aria-live="polite">${inside.spoken}</p>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside-dialog": InsideDialog;
  }
}
