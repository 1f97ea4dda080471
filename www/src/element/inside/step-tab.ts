import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { FeatureMaps, Move, SlowMotion } from "../../api/types";
import "../../view/colour-bar";
import { type Scale, scaleOnce, signedOnce } from "../../view/colormap";
import { decimal, loss, percent, plural, rate, shape } from "../../view/format";
import "../../view/maps";
import "../../view/value-grid";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import type { Hand } from "../inside-step";
import { Watch } from "../observable";
import { button, field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { Follow } from "./follow";
import { excerptOf, partTitles, parts, ruleOf, type Slide, slidesOf, unitOf } from "./slides";
import { tabBase } from "./tab-styles";
import { stripOf } from "./vector-view";

type Found = { slow: SlowMotion; slides: Slide[]; hand: Hand; label: number; step: number };

/** One training step in slow motion: forward, the loss, backward, and how the weights move. The network stays as it is. */
@define("cnn-lab-inside-step")
export class StepTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** The class that was chosen, where it is not known. */
  @state() private chosen: number | null = null;
  @state() private at = 0;
  @state() private found: Found | null = null;
  @state() private again = 0;

  constructor() {
    super();
    new Watch(this, () => this.bench);
    new Follow(this, () => this.bench, () => {
      const { hand, prediction } = this.bench.inside;
      // Not anew with each look while training runs: who reads it would lose the place.
      return hand && prediction && this.#label !== null ? [hand, this.#label, this.again] : null;
    }, () => this.#take());
  }

  static override styles = [
    base,
    dialogStyles,
    tabBase,
    css`
      :host { display: flex; }
      .fields { grid-template-columns: minmax(0, 240px) minmax(0, 1fr); }
      .walk { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
      .walk .button[aria-current="step"] { background: var(--lab-wash); border-color: var(--lab-accent); font-weight: 650; }
      .slide { display: flex; flex-direction: column; gap: 12px; min-height: 320px; }
      .slide h3 { font-size: 16px; line-height: 24px; color: inherit; }
      .move { display: grid; gap: 8px; padding-top: 8px; border-top: 1px solid var(--lab-line); }
      table.list { width: auto; min-width: min(360px, 100%); }
      tr.truth > * { background: var(--lab-wash); }
      .formula { font-size: 16px; line-height: 24px; }
      @media (max-width: 700px) { .fields { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  /** The class to learn: the picture's own, or the chosen one. */
  get #label(): number | null {
    return this.bench.inside.label ?? this.chosen;
  }

  async #take(): Promise<void> {
    const { lab, inside } = this.bench;
    const { hand } = inside;
    const label = this.#label;
    if (!lab || !hand || label === null) {
      return;
    }
    const step = lab.history.steps.length;
    const slow = await lab.slowMotion(hand.picture, label);
    const slides = slidesOf(slow);
    // Another picture is shown at the same place.
    this.at = Math.min(this.at, slides.length - 1);
    this.found = { slow, slides, hand, label, step };
  }

  override render(): TemplateResult {
    const { bench, found } = this;
    const known = bench.inside.label;
    const classes = bench.data.info?.classes ?? [];
    if (classes.length === 0) {
      return html`<p>Load pictures first: without classes there is nothing to learn.</p>`;
    }
    const stale = found && (bench.lab?.history.steps.length ?? 0) !== found.step;
    return html`<div class="fields">
        ${field({
          id: "step-class", label: "True class", help: "A training step needs to know what is right. Of a picture of the set it is known; for your own, choose it.",
          control: html`<select id="step-class" ?disabled=${known !== null} title=${known === null ? nothing : "It is known of this picture."}
            @change=${(event: Event) => (this.chosen = (event.target as HTMLSelectElement).value === "" ? null : Number((event.target as HTMLSelectElement).value))}>
            ${known === null ? html`<option value="" .selected=${live(this.chosen === null)}>Choose …</option>` : nothing}
            ${classes.map((name, i) => html`<option value=${i} .selected=${live(i === this.#label)}>${name}</option>`)}</select>`,
        })}
        <p class="small muted">One training step on this one picture, and back again: your network stays as it is.</p>
      </div>
      ${stale ? html`<div class="row wrap"><p class="small grow"><b>The network has learned on since.</b></p>${button({ id: "step-again", label: "Take the step again", onClick: () => (this.again += 1) })}</div>` : nothing}
      ${this.#label === null
        ? html`<p class="note" id="step-choose">Choose what the picture shows; then the step can be taken.</p>`
        : found ? this.#walk(found) : html`<p class="small muted">Taking a step …</p>`}`;
  }

  #walk(found: Found): TemplateResult {
    const { slides } = found;
    const at = Math.min(this.at, slides.length - 1);
    const slide = slides[at];
    if (!slide) {
      return html``;
    }
    return html`<div class="walk" role="group" aria-label="Parts of the step" @keydown=${this.#onKey}>
        ${button({ id: "step-back", label: "Back", why: at === 0 ? "This is the beginning." : undefined, onClick: () => this.#go(-1) })}
        ${button({ id: "step-next", label: "Next", kind: "primary", why: at === slides.length - 1 ? "This is the end." : undefined, onClick: () => this.#go(1) })}
        ${parts.map((part) => html`<button type="button" class="button plain" id="part-${part}" aria-current=${part === slide.part ? "step" : nothing}
          @click=${() => (this.at = slides.findIndex((one) => one.part === part))}>${partTitles[part]}</button>`)}
        <span class="small muted" id="step-place">${at + 1} of ${slides.length}</span>
      </div>
      <div class="slide" tabindex="0" role="group" aria-label="The step; arrow keys go back and on" id="slide" @keydown=${this.#onKey}>
        <h3 aria-live="polite" id="step-title">${this.#title(slide)}</h3>
        ${this.#content(slide, found)}
      </div>`;
  }

  #go(by: number): void {
    const last = (this.found?.slides.length ?? 1) - 1;
    this.at = Math.min(last, Math.max(0, Math.min(this.at, last) + by));
  }

  #onKey(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined && !event.defaultPrevented) {
      event.preventDefault();
      this.#go(by);
    }
  }

  #title(slide: Slide): string {
    switch (slide.part) {
      case "forward":
      case "backward": {
        const { layer, count, height, width } = slide.stage;
        const size = height * width === 1 ? plural(count, "value") : `${shape([height, width])}, ${plural(count, "map")}`;
        return `${partTitles[slide.part]}: ${layer}, ${size}`;
      }
      case "loss": return "The loss: how wrong that is";
      case "update": return `Update: the weights of ${slide.layer}`;
      case "after": return "After the step";
    }
  }

  #content(slide: Slide, found: Found): TemplateResult {
    const { slow } = found;
    switch (slide.part) {
      case "forward":
        return html`<p class="small muted">${slide.last
          ? "The last layer’s scores, before its activation makes probabilities of them."
          : "What the layer gives of the picture, and the next one takes."}</p>
          ${this.#stage(slide.maps, null)}`;
      case "loss":
        return this.#loss(found);
      case "backward": {
        return html`<p class="small muted">The loss’s gradient by each value that the layer gave. Red: were the value larger, the loss would rise. Blue: it would fall. White: it does not matter.</p>
          ${this.#stage(slide.maps, signedOnce(slide.maps.data))}`;
      }
      case "update":
        return html`<p>${ruleOf(slow.optimizer)} <span class="muted">The optimizer is ${slow.optimizer || "none"}, its learning rate ${rate(slow.learningRate)}.</span></p>
          ${slide.moves.map((move) => this.#move(move))}`;
      case "after":
        return this.#after(found);
    }
  }

  #stage(maps: FeatureMaps, scale: Scale | null): TemplateResult {
    const bar = scale ?? scaleOnce(maps.data);
    if (maps.height * maps.width > 1) {
      return html`<cnn-lab-maps layer=${maps.layer} what=${scale ? "Gradients" : "Feature maps"} tall="340" most="12" gap="4" .size=${[maps.count, maps.height, maps.width]} .maps=${maps} .scale=${scale}></cnn-lab-maps>
        <cnn-lab-colour-bar .scale=${bar}></cnn-lab-colour-bar>`;
    }
    const { rows, columns } = stripOf(maps.count);
    const full = new Float32Array(rows * columns).fill(NaN);
    full.set(maps.data);
    const room = Math.min(640, Math.max(240, innerWidth - 72));
    return html`<cnn-lab-value-grid table .values=${full} rows=${rows} columns=${columns} .scale=${bar} room=${room} most="48" name="${scale ? "Gradients" : "Values"} of ${maps.layer}"></cnn-lab-value-grid>
      <cnn-lab-colour-bar .scale=${bar}></cnn-lab-colour-bar>`;
  }

  #loss({ slow, label }: Found): TemplateResult {
    const classes = this.bench.data.info?.classes ?? [];
    const probability = slow.probabilities[label] ?? 0;
    const plain = -Math.log(probability);
    const same = Math.abs(plain - slow.loss) < 1e-3 * Math.max(1, slow.loss);
    return html`
      <p class="formula" id="step-loss">−log p(${classes[label]}) = −log ${decimal(probability, 4)} = <b>${loss(plain)}</b></p>
      <p class="small muted">${same ? "The loss is 0 where the network is quite sure of what is right, and grows without bound the less likely it finds it."
        : `The network’s own loss is ${loss(slow.loss)}: label smoothing, or how it computes, makes the difference.`}</p>
      <div class="scroll" role="region" aria-label="Probabilities" tabindex="0"><table class="list">
        <thead><tr><th scope="col">Class</th><th scope="col" class="number">Probability p</th><th scope="col" class="number">Truth</th></tr></thead>
        <tbody>${classes.map((name, i) => html`<tr class=${i === label ? "truth" : ""}><th scope="row">${name}</th>
          <td class="number">${decimal(slow.probabilities[i] ?? NaN, 4)}</td><td class="number">${i === label ? 1 : 0}</td></tr>`)}</tbody>
      </table></div>`;
  }

  #move(move: Move): TemplateResult {
    const { from, rows, columns, where, most } = excerptOf(move);
    const part = (of: Float32Array): Float32Array => of.slice(from, from + rows * columns);
    const [before, gradient, after] = [part(move.before), part(move.gradients), part(move.after)];
    const change = after.map((value, i) => value - (before[i] ?? 0));
    const scale = symmetric(before, after);
    const grid = (values: Float32Array, of: Scale, title: string, unit = 1): TemplateResult => html`<figure>
      <cnn-lab-value-grid table .values=${values} rows=${rows} columns=${columns} .scale=${of} room=${rows === 1 ? 320 : 200} most="40" unit=${unit} name="${move.name}, ${title}"></cnn-lab-value-grid>
      <figcaption>${title}${unit === 1 ? "" : `, numbers × ${rate(unit)}`}</figcaption></figure>`;
    const [was, slope, is] = [move.before[most] ?? NaN, move.gradients[most] ?? NaN, move.after[most] ?? NaN];
    return html`<div class="move">
      <p><b>${move.name}</b> <span class="muted">${shape(move.shape)}; shown: ${where}, where the gradient is largest</span></p>
      <div class="figures">${grid(before, scale, "Before")} ${grid(gradient, symmetric(gradient), "Gradient", unitOf(gradient))} ${grid(change, symmetric(change), "Change", unitOf(change))} ${grid(after, scale, "After")}</div>
      <p class="small">The weight with the largest gradient: before ${decimal(was, 5)}, gradient ${decimal(slope, 5)}, after ${decimal(is, 5)}; it moved by ${decimal(is - was, 5)}.</p>
    </div>`;
  }

  #after({ slow, label }: Found): TemplateResult {
    const classes = this.bench.data.info?.classes ?? [];
    return html`
      <p class="formula" id="step-after">The loss of this picture was <b>${loss(slow.loss)}</b> and is <b>${loss(slow.lossAfter)}</b> after the step.</p>
      <p class="small muted">${slow.lossAfter < slow.loss ? "The step made the right class likelier." : "The step was too long, or there was nothing to learn: the loss did not fall."} Training does this for a batch of pictures at a time, thousands of times.</p>
      <div class="scroll" role="region" aria-label="Probabilities before and after" tabindex="0"><table class="list">
        <thead><tr><th scope="col">Class</th><th scope="col" class="number">Before</th><th scope="col" class="number">After</th></tr></thead>
        <tbody>${classes.map((name, i) => html`<tr class=${i === label ? "truth" : ""}><th scope="row">${name}${i === label ? " (the truth)" : ""}</th>
          <td class="number">${percent(slow.probabilities[i] ?? NaN, 2)}</td><td class="number">${percent(slow.probabilitiesAfter[i] ?? NaN, 2)}</td></tr>`)}</tbody>
      </table></div>`;
  }
}

/** Alike to both sides of zero, over all of these. */
function symmetric(...all: Float32Array[]): Scale {
  const reach = Math.max(...all.map((values) => values.reduce((most, of) => Math.max(most, Math.abs(of)), 0)));
  return { low: -reach, high: reach, signed: true };
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside-step": StepTab;
  }
}
