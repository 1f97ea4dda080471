import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import "../view/bars";
import type { DrawPadElement } from "../view/draw-pad";
import "../view/draw-pad";
import "../view/maps";
import "../view/pixels";
import { define } from "./define";
import type { Hand } from "./inside-step";
import { Watch } from "./observable";
import { button, typedNumber } from "./parts";
import { styles } from "./style-directive";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";

/** So many of a pretrained network's classes are shown. */
const mostBars = 5;

/** The fourth step, Inside: draw or drop a picture, and see what the network makes of it. */
@define("cnn-lab-inside")
export class InsidePanel extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @query("cnn-lab-draw-pad") private pad!: DrawPadElement;
  @query("#picture") private file!: HTMLInputElement;

  readonly #sight = new IntersectionObserver((entries) => {
    this.bench.inside.setVisible(entries.at(-1)?.isIntersecting ?? true);
  });

  #shown: Hand | null = null;

  constructor() {
    super();
    new Watch(this, () => this.bench, true);
  }

  static override styles = [
    base,
    panel,
    css`
      .top { display: grid; grid-template-columns: 196px minmax(0, 1fr); gap: 16px; }
      .top.own { grid-template-columns: minmax(0, 1fr); }
      .own cnn-lab-bars { --bar-label: 176px; }
      .own .says { font-size: 20px; line-height: 28px; }
      .top cnn-lab-bars { --bar-height: 18.4px; }
      .answer { display: flex; gap: 12px; align-items: center; min-height: 58px; }
      .seen { width: 58px; height: 58px; border: 1px solid var(--lab-line); border-radius: 4px; overflow: hidden; background: #000; display: grid; place-items: center; flex: none; }
      .says { font-size: 28px; line-height: 32px; font-weight: 700; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
      .tools { display: flex; flex-wrap: wrap; gap: 8px; }
      .tools > .button { padding: 0 10px; }
      .tests { display: flex; gap: 4px; align-items: center; }
      .tests input { width: 54px; padding-inline: 4px; text-align: right; }
      .maps { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px; }
      @container (max-width: 340px) { .top { grid-template-columns: 1fr; } }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sight.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sight.disconnect();
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { inside, network } = this.bench;
    return html`<section aria-labelledby="title">
      <header><span class="place" aria-hidden="true">4</span><h2 id="title" class="grow">${t.inside.title}</h2></header>
      <slot></slot>
      <div class="top ${network.classes ? "own" : ""}">
        <cnn-lab-draw-pad .text=${t} ${styles({ "--pad": `${Math.max(1, Math.floor(196 / inside.size.width)) * inside.size.width}px` })}
          .picture=${inside.hand?.picture ?? null} name=${inside.hand?.name ?? ""} ?enabled=${inside.drawable}
            @drawn=${(event: CustomEvent<ImageData>) => inside.showDrawing(event.detail)}></cnn-lab-draw-pad>
        <cnn-lab-bars name=${t.inside.howSure} .bars=${this.#bars()}></cnn-lab-bars>
      </div>
      ${this.#tools()} ${this.#answer()}
      <p class="sr" aria-live="polite">${inside.spoken}</p>
      <div class="maps">
        <div class="row"><h3 class="grow">${t.inside.eachConvolution}</h3>
          ${button({
            id: "look-inside", label: t.inside.look, name: t.inside.lookName,
            why: !network.summary ? t.common.networkNotReady : !inside.hand ? t.inside.pictureFirst : undefined,
            onClick: () => this.bench.open("inside"),
          })}</div>
        ${network.convolutions.map(({ name, outputShape: [, height = 1, width = 1, maps = 1] }) => html`<cnn-lab-maps .text=${t}
          layer=${name} .size=${[maps, height, width]} .maps=${inside.maps.get(name) ?? null}></cnn-lab-maps>`)}
      </div>
    </section>`;
  }

  /** A picture that was chosen elsewhere, such as in Look inside, takes the drawing's place. */
  override updated(): void {
    const { hand } = this.bench.inside;
    if (this.pad.hasAttribute("drawn") && hand && hand.kind !== "drawing" && hand !== this.#shown) {
      this.pad.clear();
    }
    this.#shown = hand;
  }

  #bars(): { label: string; share: number; text: string; strong?: boolean }[] {
    const { data, inside, network } = this.bench;
    const { prediction } = inside;
    if (network.classes) {
      // Of so many, the likeliest.
      return Array.from({ length: mostBars }, (_, i) => {
        const { label = "", probability = 0 } = prediction?.[i] ?? {};
        return { label, share: probability, text: label ? this.bench.text.percent(probability) : "–", strong: i === 0 && label !== "" };
      });
    }
    const classes = data.info?.classes ?? data.chosen?.classes ?? prediction?.map(({ label }) => label) ?? [];
    // In the order of the classes, so that nothing jumps; the best one is marked.
    return classes.map((label) => {
      const found = prediction?.find((known) => known.label === label);
      return found
        ? { label, share: found.probability, text: this.bench.text.percent(found.probability), strong: prediction?.[0] === found }
        : { label, share: 0, text: "–" };
    });
  }

  #tools(): TemplateResult {
    const t = this.bench.text;
    const { inside, network } = this.bench;
    const none = inside.tests === 0 ? t.common.loadFirst : undefined;
    return html`<div class="tools">
      <div class="tests" role="group" aria-label=${t.common.testPictures}>
        ${button({ id: "test-before", label: "←", name: t.common.testPictureBefore, kind: "square", why: none, onClick: () => this.#showTest(inside.index - 1) })}
        <label class="sr" for="test-index">${t.inside.number}</label>
        <input id="test-index" type="number" min="0" max=${Math.max(0, inside.tests - 1)} step="1" ?disabled=${none !== undefined}
          title=${none ?? t.inside.number} .value=${String(inside.index)}
          @change=${(event: Event) => {
            const input = event.target as HTMLInputElement;
            this.#showTest(typedNumber(input) ?? inside.index);
            // What is no such number gives way to the last that was.
            input.value = String(inside.index);
          }} />
        ${button({ id: "test-next", label: "→", name: t.common.nextTestPicture, kind: "square", why: none, onClick: () => this.#showTest(inside.index + 1) })}
      </div>
      ${button({ id: "clear", label: t.inside.clear, why: inside.hand?.kind === "drawing" ? undefined : t.inside.noDrawing, onClick: () => this.#clear() })}
      ${button({ id: "choose", label: t.inside.file, name: t.inside.fileName, onClick: () => this.file.click() })}
      ${button({
        id: "watch", label: inside.camera === "on" ? t.inside.cameraOff : t.inside.camera, name: inside.camera === "on" ? t.inside.cameraOff : t.inside.cameraName,
        why: inside.camera === "asking" ? t.common.cameraAsks : undefined, onClick: () => { this.pad.clear(); void inside.turnCamera(); },
      })}
      ${inside.refusal ? html`<p class="small" role="alert">${inside.refusal}</p>` : nothing}
      ${inside.hand?.kind === "file" && network.inputShape[2] === 1
        ? button({ id: "invert", label: t.inside.invert, name: t.inside.invertName, onClick: () => inside.invert() })
        : nothing}
      <input id="picture" type="file" accept="image/*" class="sr" tabindex="-1" aria-label=${t.inside.aPicture} @change=${() => {
        const [file] = this.file.files ?? [];
        this.file.value = "";
        if (file) void this.bench.inside.showFile(file);
      }} />
    </div>`;
  }

  #showTest(index: number): void {
    this.pad.clear();
    void this.bench.inside.showTest(index);
  }

  #clear(): void {
    const { inside } = this.bench;
    this.pad.clear();
    if (inside.tests > 0) {
      void inside.showTest(inside.index);
    } else {
      inside.clear();
    }
  }

  #answer(): TemplateResult {
    const t = this.bench.text;
    const { data, inside, network } = this.bench;
    const { hand, prediction } = inside;
    // The outputs of weights that never saw these classes have no names yet.
    const classes = network.classes ?? data.info?.classes;
    const best = prediction?.find(({ label }, i) => i === 0 && (classes?.includes(label) ?? true));
    const long = Math.max(inside.size.width, inside.size.height);
    const zoom = long > 56 ? 56 / long : Math.floor(56 / long);
    const hint = inside.drawable
      ? t.inside.drawHint
      : t.inside.dropHint;
    const unlearned = hand && prediction ? t.inside.untrained(hand.name) : hint;
    return html`<div class="answer">
      <div class="seen" title=${t.common.asNetworkSees}>
        ${hand ? html`<cnn-lab-pixels .picture=${hand.picture} zoom=${zoom} name=${t.common.asNetworkSees}></cnn-lab-pixels>` : nothing}
      </div>
      ${hand && prediction && best
        ? html`<div class="grow ${network.classes ? "own" : ""}">
            <div class="says">${best.label} <span class="muted">${t.percent(best.probability)}</span></div>
            <div class="small muted">${hand.name}${hand.truth === null || network.classes ? "." : html`: ${hand.truth === best.label ? t.common.right : html`${t.inside.wrongItIs} <b>${hand.truth}</b>`}.`}
              ${this.bench.training.curves.empty && !network.classes ? t.inside.notLearned(this.bench.network.hasFrozen ? "" : t.inside.asLikely(prediction.length)) : nothing}</div>
          </div>`
        : html`<p class="small muted grow">${unlearned}${network.summary ? "" : t.inside.beingReady}</p>`}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside": InsidePanel;
  }
}
