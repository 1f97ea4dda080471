import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { largestSeed } from "../api/check";
import type { Augmentation, DatasetInfo } from "../api/types";
import "../view/pixels";
import { fitCell } from "../view/window";
import { changes, groups, lesson, numbersOf, type Parameter, valueOf, withValue } from "./augment";
import { define } from "./define";
import { dialogStyles, Modal } from "./dialog";
import "./help";
import { isAbort } from "./notices";
import { Watch } from "./observable";
import { button, typedNumber } from "./parts";
import { styles } from "./style-directive";
import { base } from "./styles";
import type { Workbench } from "./workbench";
import "../text/en/augment";

type Numbers = Extract<Parameter, { min: number }>;

/** How training pictures are changed, with one of them shown so as the sliders move. */
@define("cnn-lab-augment")
export class AugmentDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** The picture as it is, then as it may become. */
  @state() private pictures: ImageData[] = [];
  /** Why there is no preview. */
  @state() private problem = "";

  #asked = "";
  #busy = false;
  readonly #narrow = matchMedia("(max-width: 860px)");
  readonly #turned = (): void => this.requestUpdate();
  readonly #modal = new Modal(this, () => this.bench, "augment");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 1120px; height: min(820px, calc(100dvh - 24px)); }
      dialog > .body { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 24px; overflow: hidden; }
      .controls { display: flex; flex-direction: column; gap: 16px; min-height: 0; overflow: hidden auto; padding: 2px 12px 8px 2px; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; }
      .controls section { display: grid; grid-template-columns: repeat(auto-fill, minmax(216px, 1fr)); gap: 8px 24px; align-items: start; }
      .controls section > :is(h3, p) { grid-column: 1 / -1; }
      h3 { font-size: 14px; line-height: 20px; color: var(--lab-text); }
      .parameter label { font: 12px/20px var(--lab-mono); }
      .parameter .caption input { flex: none; width: 72px; height: 24px; margin-left: auto; padding: 0 6px; text-align: right; font-size: 12px; }
      .parameter .caption input.wide { width: 92px; }
      .parameter .caption .unit { width: 14px; flex: none; }
      .check { justify-content: flex-start; gap: 2px; min-height: 28px; }
      .check input { margin-right: 6px; flex: none; }
      .changed :is(.caption, .check) label { font-weight: 700; color: var(--lab-text); }
      .preview { display: flex; flex-direction: column; gap: 8px; width: 470px; }
      .grid { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px 4px; }
      .grid figure { display: grid; justify-items: center; align-content: start; margin: 0; }
      .grid .cell { display: grid; place-items: center; width: 100%; height: var(--cell); background: var(--lab-sunk); border-radius: 4px; overflow: hidden; }
      .grid figcaption { font-size: 12px; line-height: 16px; color: var(--lab-muted); }
      .tools { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: end; }
      .tools .together { display: flex; gap: 4px; align-items: center; }
      .tools input { width: 68px; text-align: right; }
      @media (pointer: coarse) { .parameter .caption input { height: 36px; } }
      @media (max-width: 860px) {
        dialog { height: calc(100dvh - 24px); }
        dialog > .body { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto minmax(0, 1fr); gap: 12px; }
        .preview { order: -1; width: auto; }
        .tools { gap: 8px 12px; }
        .tools input { width: 52px; padding: 0 4px; }
        footer .grow { flex-basis: 100%; }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#narrow.addEventListener("change", this.#turned);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#narrow.removeEventListener("change", this.#turned);
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { data, settings } = this.bench;
    const why = this.#why;
    const n = changes(settings.augmentation);
    return html`<dialog id="augment-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open
        ? html`${this.#modal.head(t.common.augmentation)}
            <div class="body">${this.#controls(data.info, why)} ${this.#preview(data.info)}</div>
            <footer>
              <span class="grow small muted">${why ?? (n === 0 ? t.augment.off : t.augment.set(n))}</span>
              ${button({ id: "augment-none", label: t.augment.none, why: why ?? (n === 0 ? t.augment.isOff : undefined), onClick: () => this.#set({}) })}
              ${button({ id: "augment-lesson", label: t.augment.asLesson, why, onClick: () => this.#set({ ...lesson }) })}
              ${button({ id: "augment-done", label: t.common.done, kind: "primary", onClick: this.#modal.closed })}
            </footer>`
        : nothing}
    </dialog>`;
  }

  /** Why it cannot be changed now. */
  get #why(): string | undefined {
    const { training } = this.bench;
    return training.active || training.resumable ? this.bench.text.common.runKeeps : undefined;
  }

  #set(augmentation: Augmentation): void {
    this.bench.settings.augmentation = augmentation;
    this.bench.changed();
    // At once, and not with the next frame: a slider is followed closely.
    this.requestUpdate();
  }

  #change(parameter: Parameter, value: ReturnType<typeof valueOf>): void {
    this.#set(withValue(this.bench.settings.augmentation, parameter, value));
  }

  #controls(info: DatasetInfo | null, why: string | undefined): TemplateResult {
    const t = this.bench.text;
    const [height, width] = info?.shape ?? [28, 28, 1];
    return html`<div class="controls" role="region" aria-label=${t.common.parameters} tabindex="0">
      ${groups(t, Math.min(height, width)).map(({ title, about, parameters }) => html`<section aria-label=${title}>
        <h3>${title}</h3><p class="small muted">${about}</p>
        ${parameters.map((parameter) => this.#control(parameter, why))}
      </section>`)}
    </div>`;
  }

  #control(parameter: Parameter, why: string | undefined): TemplateResult {
    const { augmentation } = this.bench.settings;
    const value = valueOf(augmentation, parameter);
    const id = `${parameter.kind === "jitter" ? "jitter-" : ""}${parameter.key}`;
    const changed = parameter.kind === "flag" ? value === true : String(value) !== String(parameter.rest);
    const help = html`<cnn-lab-help .text=${this.bench.text} about=${parameter.key}>${parameter.help}</cnn-lab-help>`;
    switch (parameter.kind) {
      case "flag":
        return html`<div class="parameter ${changed ? "changed" : ""}"><div class="check">
          <input type="checkbox" id=${id} .checked=${live(value === true)} ?disabled=${why !== undefined}
            @change=${(event: Event) => this.#change(parameter, (event.target as HTMLInputElement).checked)} />
          <label for=${id}>${parameter.key}</label>${help}</div></div>`;
      case "choice":
        return html`<div class="parameter field ${changed ? "changed" : ""}"><div class="caption"><label for=${id}>${parameter.key}</label>${help}</div>
          <select id=${id} ?disabled=${why !== undefined} @change=${(event: Event) => this.#change(parameter, (event.target as HTMLSelectElement).value)}>
            ${parameter.values.map((name) => html`<option value=${name} .selected=${live(name === value)}>${name}</option>`)}
          </select></div>`;
      default:
        return html`<div class="parameter field ${changed ? "changed" : ""}">
          <div class="caption"><label for=${id}>${parameter.key}</label>${help}${this.#number(id, parameter, value, why)}<span class="unit">${parameter.unit ?? ""}</span></div>
          ${this.#sliders(id, parameter, value, why)}
        </div>`;
    }
  }

  /** The value in figures, to be typed; pairs as two numbers. */
  #number(id: string, parameter: Numbers, value: unknown, why: string | undefined): TemplateResult {
    const shown = Array.isArray(value) ? value.map(figure).join(", ") : figure(value as number);
    return html`<input id=${id} type="text" inputmode="decimal" autocomplete="off" class=${parameter.kind === "pair" || parameter.kind === "span" ? "wide" : ""}
      .value=${shown} ?disabled=${why !== undefined}
      @change=${(event: Event) => {
        const input = event.target as HTMLInputElement;
        const typed = numbersOf(input.value);
        const fits =
          typed !== null && (Array.isArray(typed) ? parameter.kind === "pair" || parameter.kind === "span" : parameter.kind !== "pair") && [typed].flat().every((x) => x >= parameter.min);
        if (fits) this.#change(parameter, typed);
        // What is no such number gives way to the last that was.
        else input.value = shown;
      }} />`;
  }

  #sliders(id: string, parameter: Numbers, value: unknown, why: string | undefined): TemplateResult | typeof nothing {
    const t = this.bench.text;
    if (parameter.typed) {
      return nothing;
    }
    const slider = (name: string, now: number, take: (value: number) => void): TemplateResult => html`<input type="range" class="slider" aria-label=${name}
      data-of=${id} min=${parameter.min} max=${parameter.max} step=${parameter.step} .value=${live(String(now))} ?disabled=${why !== undefined}
      @input=${(event: Event) => take((event.target as HTMLInputElement).valueAsNumber)} />`;
    if (parameter.kind === "pair") {
      const [low, high] = value as [number, number];
      return html`${slider(t.augment.least(parameter.key), low, (to) => this.#change(parameter, [to, Math.max(to, high)]))}
        ${slider(t.augment.most(parameter.key), high, (to) => this.#change(parameter, [Math.min(to, low), to]))}`;
    }
    // Both ends of a range have no one place on the slider; moving it makes them even again.
    const now = Array.isArray(value) ? Math.max(...(value as number[]).map((x) => Math.abs(x - 1))) : (value as number);
    return slider(parameter.key, now, (to) => this.#change(parameter, to));
  }

  #preview(info: DatasetInfo | null): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const total = info?.splits.train ?? 0;
    const room = this.#narrow.matches ? 96 : 150;
    const { height, width } = fitCell(info?.shape[1] ?? 28, info?.shape[0] ?? 28, room);
    const zoom = width / (info?.shape[1] ?? 28);
    const none = total === 0 ? t.common.loadFirst : undefined;
    const turn = (by: number): void => {
      bench.augmentIndex = (bench.augmentIndex + by + total) % total;
      bench.changed();
    };
    const draws = this.#count;
    return html`<div class="preview">
      <div class="grid" ${styles({ "--cell": `${height}px` })} role="group" aria-label=${t.augment.onePicture}>
        ${Array.from({ length: draws }, (_, i) => {
          const picture = this.pictures[i];
          return html`<figure><div class="cell">${picture ? html`<cnn-lab-pixels .picture=${picture} zoom=${zoom} name=${i === 0 ? t.augment.asItIsName : t.augment.drawName(i)}></cnn-lab-pixels>` : nothing}</div>
            <figcaption>${i === 0 ? t.augment.asItIs : t.augment.draw(i)}</figcaption></figure>`;
        })}
      </div>
      <p class="small muted" role="status">${none ? t.augment.loadToSee : this.bench.says(this.problem)}</p>
      <div class="tools">
        <div class="field"><div class="caption"><label for="augment-index">${t.augment.pictureOf(total > 0 ? t.augment.ofAll(total) : "")}</label><cnn-lab-help .text=${t} about=${t.augment.picture}>${t.augment.pictureHelp}</cnn-lab-help></div>
          <div class="together">
            ${button({ id: "augment-before", label: "←", name: t.augment.pictureBefore, kind: "square", why: none, onClick: () => turn(-1) })}
            <input id="augment-index" type="number" min="0" max=${Math.max(0, total - 1)} step="1" .value=${String(bench.augmentIndex)} ?disabled=${none !== undefined}
              @change=${(event: Event) => {
                const input = event.target as HTMLInputElement;
                bench.augmentIndex = typedNumber(input) ?? bench.augmentIndex;
                input.value = String(bench.augmentIndex);
                bench.changed();
              }} />
            ${button({ id: "augment-next", label: "→", name: t.augment.nextPicture, kind: "square", why: none, onClick: () => turn(1) })}
          </div></div>
        <div class="field"><div class="caption"><label for="augment-seed">${t.common.seed}</label><cnn-lab-help .text=${t} about=${t.common.seed}>${t.augment.seedHelp}</cnn-lab-help></div>
          <div class="together">
            <input id="augment-seed" type="number" min="0" max=${largestSeed} step="1" .value=${String(bench.augmentSeed)}
              @change=${(event: Event) => {
                const input = event.target as HTMLInputElement;
                bench.augmentSeed = typedNumber(input) ?? bench.augmentSeed;
                input.value = String(bench.augmentSeed);
                bench.changed();
              }} />
            ${button({
              id: "augment-again", label: t.augment.drawAgain, why: none,
              onClick: () => {
                bench.augmentSeed += 1;
                bench.changed();
              },
            })}
          </div></div>
      </div>
    </div>`;
  }

  get #count(): number {
    return this.#narrow.matches ? 6 : 9;
  }

  override updated(): void {
    const { bench } = this;
    if (!this.#modal.open || !bench.data.info || bench.data.info.splits.train === 0) {
      this.#asked = "";
      return;
    }
    bench.augmentIndex = Math.min(bench.augmentIndex, bench.data.info.splits.train - 1);
    const wanted = JSON.stringify([bench.data.revision, bench.augmentIndex, bench.augmentSeed, this.#count, bench.settings.augmentation]);
    // One request at a time: while it is under way the sliders move on, and the next asks for where they are then.
    if (wanted !== this.#asked && !this.#busy) {
      this.#asked = wanted;
      void this.#draw();
    }
  }

  async #draw(): Promise<void> {
    const { bench } = this;
    const { lab, augmentIndex: index, augmentSeed: seed, settings } = bench;
    if (!lab) {
      return;
    }
    this.#busy = true;
    try {
      const [{ pixels }, drawn] = await Promise.all([
        lab.image("train", index),
        lab.augmented(index, this.#count - 1, settings.augmentation, seed),
      ]);
      this.pictures = [pixels, ...drawn];
      this.problem = "";
    } catch (error) {
      if (!isAbort(error)) {
        this.problem = (error as Error).message;
      }
    }
    this.#busy = false;
    this.requestUpdate();
  }
}

/** A number as it is typed: with a point, without zeros behind. */
function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-augment": AugmentDialog;
  }
}
