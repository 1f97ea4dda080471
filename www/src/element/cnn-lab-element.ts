import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import type { CnnLab } from "../api/cnn-lab";
import { CnnLabError } from "../api/error";
import "./data-panel";
import "./inside-panel";
import "./network-panel";
import "./train-panel";
import { type DialogName, dialogs, loadDialog } from "./dialogs";
import { openLink } from "./experiment";
import { isLink } from "./link";
import { mainButton } from "./main-button";
import { readModel } from "./model-source";
import { isPicture } from "./own-step";
import { button } from "./parts";
import { offer, offerStyles } from "./sessions/offer";
import { AttributeError, attributeNames, languageAttribute, readAttributes, type Settings, type Step, stepNames } from "./settings";
import { isModel } from "./spec-text";
import { base, tokens } from "./styles";
import type { Told } from "./told";
import { english } from "../text/en";
import { preferred, textsOf } from "../text/languages";
import { Workbench } from "./workbench";
import type { Texts } from "../text/texts";

/**
 * `<cnn-lab>`: the whole lab as an element. Its attributes say what is chosen at first, and
 * are read when it enters the page; its `lab` is the class behind it.
 *
 * ```html
 * <script type="module" src="./cnn-lab.js"></script>
 * <cnn-lab dataset="mnist" epochs="2" autoplay></cnn-lab>
 * ```
 */
export class CnnLabElement extends LitElement {
  @state() private bench: Workbench | null = null;
  @state() private narrow = false;
  @state() private dragging = false;
  /** The dialogs that have been asked for; each stays from then on. */
  @state() private loaded: readonly DialogName[] = [];

  #stop: (() => void) | null = null;
  /** Reading an experiment from the address takes a moment. */
  #opening: Promise<void> = Promise.resolve();
  #openings = 0;
  readonly #resize = new ResizeObserver(([entry]) => {
    this.narrow = (entry?.contentRect.width ?? 1440) < 700;
  });

  static override styles = [
    tokens,
    base,
    offerStyles,
    css`
      :host { position: relative; container-type: inline-size; background: var(--lab-ground); min-height: 320px; }
      .lab { display: flex; flex-direction: column; height: 100%; }
      .steps { display: grid; flex: 1 0 auto; gap: 12px; grid-template-columns: minmax(0, 1fr); }
      ::slotted([slot="before"]) { margin-block: 0 12px; }
      ::slotted([slot="after"]) { margin-block: 12px 0; }
      .steps > * { min-width: 0; }
      @container (min-width: 700px) { .steps { grid-template-columns: 1fr 1fr; align-items: stretch; } }
      @container (min-width: 700px) and (max-width: 1179px) { .steps > :last-child:nth-child(odd) { grid-column: 1 / -1; } }
      @container (min-width: 1180px) {
        .steps { flex-shrink: 1; min-height: 0; }
        .steps.some { grid-template-columns: none; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); }
        .steps:not(.some) { grid-template-columns: minmax(264px, 284fr) minmax(264px, 288fr) minmax(0, 392fr) minmax(0, 408fr); grid-template-rows: minmax(0, 1fr); }
      }
      .bar { position: sticky; bottom: 0; z-index: 1; display: flex; align-items: center; gap: 16px; margin-top: 12px; padding: 8px 16px; border-top: 1px solid var(--lab-line); background: var(--lab-panel); }
      .bar progress { position: absolute; inset: -1px 0 auto; height: 3px; border-radius: 0; }
      .bar dl { display: flex; gap: 16px; margin: 0 0 0 auto; }
      .bar dl div { display: grid; justify-items: end; min-width: 56px; }
      .bar dt { font-size: 12px; line-height: 16px; color: var(--lab-muted); }
      .bar dd { margin: 0; font-size: 16px; line-height: 20px; font-weight: 650; }
      .error { position: absolute; z-index: 2; inset: 12px 12px auto auto; width: min(440px, calc(100% - 24px)); display: grid; grid-template-columns: 1fr auto; gap: 4px 12px; padding: 12px 16px; border: 1px solid var(--lab-bad); border-radius: 10px; background: var(--lab-bad-wash); box-shadow: 0 4px 24px rgb(0 0 0 / 0.2); }
      .error p { grid-column: 1; overflow-wrap: anywhere; }
      .narrow .error { position: fixed; inset: auto 12px 72px; width: auto; }
      .drop { position: absolute; z-index: 3; inset: 0; display: grid; place-items: center; border: 2px dashed var(--lab-accent); border-radius: 10px; background: color-mix(in srgb, var(--lab-panel) 85%, transparent); font-size: 20px; line-height: 28px; text-align: center; padding: 24px; pointer-events: none; }
    `,
  ];

  /** Of all attributes this one is looked at again: a language changes nothing of what goes on. */
  static override get observedAttributes(): string[] {
    return [...super.observedAttributes, "language"];
  }

  get #text(): Texts {
    return this.bench?.text ?? english;
  }

  /** The attributes that choose something: for a page that makes an element from what others wrote. */
  static readonly choices = attributeNames;

  /** The class behind the element; another one after the device was changed. */
  get lab(): Promise<CnnLab> {
    return this.#opening.then(() => this.bench?.ready ?? Promise.reject(new Error("The element is not in a page.")));
  }

  /** Loads what is chosen and trains; goes on with a run that was paused or stopped. */
  async train(): Promise<void> {
    await this.#opening;
    const training = this.bench?.training;
    if (training && training.mainAction !== "pause") {
      await training.main();
    }
  }

  /** Pauses the run after the step under way. */
  async pause(): Promise<void> {
    await this.bench?.training.pause();
  }

  /** Ends the run where it is; `train()` goes on with it. */
  async stop(): Promise<void> {
    await this.bench?.training.stop();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    document.addEventListener("paste", this.#paste);
    addEventListener("hashchange", this.#onHash);
    this.#opening = this.#open();
  }

  override attributeChangedCallback(name: string, old: string | null, value: string | null): void {
    super.attributeChangedCallback(name, old, value);
    if (name === "language" && value !== old) void this.#opening.then(() => this.#speak());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("paste", this.#paste);
    removeEventListener("hashchange", this.#onHash);
    this.#resize.disconnect();
    this.#end();
  }

  /** Begins with what the attributes say and, with `link`, with the experiment in the page's address. */
  async #open(): Promise<void> {
    // Moved within the page, it begins again, and only the last beginning counts.
    const opening = (this.#openings += 1);
    const isOver = (): boolean => !this.isConnected || opening !== this.#openings;
    const { settings, errors, text } = await this.#read();
    if (isOver()) {
      return;
    }
    if (!this.hasAttribute("link") || !isLink(location.hash)) {
      this.#show(this.#make(settings, text), errors);
      return;
    }
    const opened = await openLink(text, location.hash).catch((error: unknown) => error as Error);
    if (isOver()) {
      return;
    }
    if (opened instanceof Error) {
      this.#show(this.#make(settings, text), [...errors, opened]);
    } else {
      this.#show(this.#make({ ...settings, ...opened.settings }, text, true), errors, opened.note);
    }
  }

  /** What the attributes say, and the text between the tags. */
  async #read(): Promise<{ settings: Partial<Settings>; errors: Error[]; text: Texts }> {
    const { settings: { model: _, ...settings }, errors: wrong } = readAttributes(this);
    const errors: Error[] = wrong;
    const { theme = "auto", height = null } = settings;
    // Where the attributes say nothing, the page's own style sheets do.
    if (theme !== "auto") this.style.colorScheme = theme;
    if (height !== null) Object.assign(this.style, { height, overflow: "auto" });
    // Nothing is shown before its words are there.
    const [text, model] = await Promise.all([this.#texts((error) => errors.push(error)), readModel(this).catch((error: unknown) => error as Error)]);
    if (model === undefined) return { settings, errors, text };
    if (typeof model === "string" && !settings.base) return { settings: { ...settings, model }, errors, text };
    const error = typeof model !== "string" ? model : new AttributeError("base", settings.base ?? "", "either this or a model");
    return { settings: { ...settings, base: null }, errors: [...errors, error], text };
  }

  /** The texts of the attribute's language, else of the browser's; in English where they cannot be had. */
  async #texts(fail: (error: Error) => void): Promise<Texts> {
    try {
      return await textsOf(languageAttribute(this) ?? preferred());
    } catch (error) {
      fail(error as Error);
      return english;
    }
  }

  /** Goes on in the language that the attribute says now. */
  async #speak(): Promise<void> {
    const { bench } = this;
    const text = await this.#texts((error) => bench?.fail(error));
    if (bench && bench === this.bench) bench.speak(text);
  }

  #make(settings: Partial<Settings>, text: Texts, linked = false): Workbench {
    const page = this.hasAttribute("link") ? location.href.split("#", 1)[0] : undefined;
    return new Workbench(settings, (told) => this.#fire(told), page ?? null, linked, this.hasAttribute("keep"), text);
  }

  #show(bench: Workbench, errors: readonly Error[], note = ""): void {
    this.bench = bench;
    this.#stop = bench.watch(() => this.requestUpdate());
    errors.forEach((error) => bench.fail(error));
    if (note) {
      bench.warn({ message: note });
    }
    if (this.hasAttribute("autoplay") && errors.length === 0) {
      bench.ready.then(() => this.train(), () => undefined);
    }
  }

  #end(): void {
    this.#stop?.();
    this.bench?.end();
    this.bench = null;
  }

  /**
   * A link that is put into the address of an open page opens its experiment, in place of the
   * present one once its lab is ready; one that is wrong or cannot be had changes nothing.
   */
  async #reopen(): Promise<void> {
    const old = this.bench;
    const opened = await openLink(this.#text, location.hash).catch((error: unknown) => error as Error);
    if (opened instanceof Error) {
      old?.fail(opened);
      return;
    }
    const { settings, text } = await this.#read();
    const next = this.#make({ ...settings, ...opened.settings }, text, true);
    const ready = await next.ready.then(() => true, () => false);
    // The element may have left the page meanwhile, or come back to it with another lab.
    if (!ready || !this.isConnected || this.bench !== old) {
      next.end();
      if (old && !ready) {
        // Told already, by the one that failed.
        old.error = next.error;
        old.changed();
      }
      return;
    }
    this.#end();
    // Each panel looks at the workbench that it was made with.
    await this.updateComplete;
    this.#show(next, [], opened.note);
  }

  readonly #onHash = (): void => {
    if (this.hasAttribute("link") && isLink(location.hash)) {
      // One after another: the last in the address is the one that stays.
      this.#opening = this.#opening.then(() => this.#reopen());
    }
  };

  #fire({ name, detail }: Told): void {
    this.dispatchEvent(new CustomEvent(`cnn-lab-${name}`, { detail, bubbles: true, composed: true }));
  }

  /** Of several labs on one page, what is pasted is for the one in use. */
  get #inUse(): boolean {
    const labs = [...document.querySelectorAll("cnn-lab")];
    const lab = labs.find((other) => other.matches(":hover, :focus-within")) ?? labs[0];
    return lab === this || !labs.includes(this);
  }

  readonly #paste = (event: ClipboardEvent): void => {
    if (!this.#inUse) {
      return;
    }
    // It belongs to the page around the element, such as to its editor.
    if (event.defaultPrevented || event.composedPath().some((at) => at instanceof HTMLElement && at.isContentEditable)) {
      return;
    }
    if (event.clipboardData && event.clipboardData.files.length > 0) {
      event.preventDefault();
      const panel = this.renderRoot.querySelector("cnn-lab-data");
      this.#take(event.clipboardData, panel?.matches(":hover, :focus-within") ?? false);
      return;
    }
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const [into] = event.composedPath();
    const typing = into instanceof HTMLInputElement || into instanceof HTMLTextAreaElement;
    const shown = this.bench?.settings.steps.includes("network") ?? false;
    if (!typing && shown && isModel(text)) {
      event.preventDefault();
      if (this.bench?.fixed) this.bench.fail(fixedError(this.#text));
      else void this.bench?.builder.openText(text);
    }
  };

  /**
   * A single picture is looked at, unless it comes to the data; a network that was saved is
   * loaded; code is read as a network; all else is pictures to learn from.
   */
  #take(transfer: DataTransfer, toData: boolean): void {
    const { bench } = this;
    const [file, another] = transfer.files;
    // A folder counts as a file here, without a type.
    const isFolder = Array.from(transfer.items).some((item) => item.webkitGetAsEntry()?.isDirectory);
    const single = another === undefined && !isFolder ? file : undefined;
    if (bench?.fixed) {
      if (single && isPicture(single)) void bench.inside.showFile(single);
      else bench.fail(fixedError(this.#text));
      return;
    }
    if (single && /\.(safetensors|keras|h5|hdf5|pt|pth)$/i.test(single.name)) {
      void bench?.training.load(single);
    } else if (single && /\.(py|ipynb|json)$/i.test(single.name)) {
      void bench?.try(async () => bench.builder.openText(await single.text()));
    } else if (single && !toData && isPicture(single)) {
      void bench?.inside.showFile(single);
    } else {
      void bench?.own.take(transfer);
    }
  }

  #drag(event: DragEvent): void {
    if (event.dataTransfer?.types.includes("Files")) {
      event.preventDefault();
      this.dragging = event.type === "dragover";
    }
  }

  #drop(event: DragEvent): void {
    event.preventDefault();
    this.dragging = false;
    if (event.dataTransfer?.types.includes("Files")) {
      const onto = event.composedPath().map((at) => (at instanceof HTMLElement ? at.localName : ""));
      this.#take(event.dataTransfer, onto.includes("cnn-lab-data") || onto.includes("cnn-lab-import"));
    }
  }

  override willUpdate(): void {
    const dialog = this.bench?.dialog;
    if (dialog && !this.loaded.includes(dialog)) {
      void this.#load(dialog);
    }
  }

  async #load(dialog: DialogName): Promise<void> {
    const { bench } = this;
    try {
      await loadDialog(this.#text, dialog);
      // Asked for twice meanwhile, it is there once.
      this.loaded = [...new Set([...this.loaded, dialog])];
    } catch (error) {
      bench?.close();
      bench?.fail(error);
    }
  }

  override render(): TemplateResult | typeof nothing {
    const { bench } = this;
    const shown = (step: Step): boolean => bench?.settings.steps.includes(step) ?? false;
    return bench
      ? html`<div class="lab ${this.narrow ? "narrow" : ""}" lang=${bench.text.language}
          @dragover=${this.#drag} @dragleave=${this.#drag} @drop=${this.#drop}>
          <slot name="before"></slot>
          <div role="status">${offer(bench)}</div>
          <div class="steps ${bench.settings.steps.length < stepNames.length ? "some" : ""}">
            ${shown("data") ? html`<cnn-lab-data .bench=${bench}><slot name="data"></slot></cnn-lab-data>` : nothing}
            ${shown("network") ? html`<cnn-lab-network .bench=${bench}><slot name="network"></slot></cnn-lab-network>` : nothing}
            ${shown("train") ? html`<cnn-lab-train .bench=${bench} ?narrow=${this.narrow}><slot name="train"></slot></cnn-lab-train>` : nothing}
            ${shown("inside") ? html`<cnn-lab-inside .bench=${bench}><slot name="inside"></slot></cnn-lab-inside>` : nothing}
          </div>
          <slot name="after"></slot>
          ${this.narrow ? this.#bar(bench) : nothing}
          <div role="alert">${bench.error && !bench.dialog ? this.#error(bench) : nothing}</div>
          ${this.loaded.map((name) => dialogs[name].show(bench))}
          ${this.dragging ? html`<div class="drop"><p>${this.#text.lab.drop}</p></div>` : nothing}
        </div>`
      : nothing;
  }

  #bar(bench: Workbench): TemplateResult {
    const t = this.#text;
    const { curves, share } = bench.training;
    return html`<div class="bar" role="group" aria-label=${t.lab.glance}>
      <progress max="1" .value=${share} aria-label=${t.common.training}></progress>
      ${mainButton(bench)}
      <dl>
        <div><dt>${t.common.loss}</dt><dd>${curves.loss === null ? "–" : t.loss(curves.loss)}</dd></div>
        <div><dt>${t.common.accuracy}</dt><dd>${curves.accuracy === null ? "–" : t.percent(curves.accuracy)}</dd></div>
      </dl>
    </div>`;
  }

  #error(bench: Workbench): TemplateResult {
    const t = this.#text;
    const { error } = bench;
    return html`<div class="error">
      <p>${bench.says(error?.message ?? "")}${error?.place ? ` (${error.place})` : ""}</p>
      ${button({ id: "dismiss", label: "×", name: t.common.closeMessage, kind: "square", onClick: () => bench.dismiss() })}
      <p class="small muted">${t.common.asItWas}</p>
    </div>`;
  }
}

function fixedError(t: Texts): CnnLabError {
  return new CnnLabError({ code: "state", message: t.lab.fixedHere });
}
