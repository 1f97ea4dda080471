import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { FilesInfo, LoadFilesOptions, Split } from "../api/types";
import { warningsCsv } from "../view/csv";
import { define } from "./define";
import { dialogStyles, Modal } from "./dialog";
import { Watch } from "./observable";
import { button, download, field, typedNumber } from "./parts";
import { styles } from "./style-directive";
import { base } from "./styles";
import type { Workbench } from "./workbench";
import "../text/en/importing";
import { phrase, type Phrase } from "../text/texts";

const fits = { stretch: (t) => t.importing.stretch, crop: (t) => t.importing.crop, pad: (t) => t.importing.pad } satisfies Record<string, Phrase>;
const filters = { triangle: (t) => t.importing.triangle, nearest: (t) => t.importing.nearest, "catmull-rom": "Catmull-Rom", lanczos3: "Lanczos 3" } satisfies Record<string, string | Phrase>;
const colours = { rgb: (t) => t.importing.rgb, grayscale: (t) => t.common.gray } satisfies Record<string, Phrase>;
const splitOrder: readonly Split[] = ["train", "validation", "test"];
/** More classes than a person reads are only counted. */
const mostRows = 200;

/** What was dropped or chosen, before it is loaded: what it is, and how it is to be read. */
@define("cnn-lab-import")
export class ImportDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private called = "";
  @state() private begin: boolean | null = null;

  #offered = false;
  readonly #modal = new Modal(this, () => this.bench, "import", () => this.bench.own.drop());

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      .lead { font-size: 16px; line-height: 24px; overflow-wrap: anywhere; }
      .counts { max-height: 168px; border: 1px solid var(--lab-line); border-radius: 6px; padding: 0 12px; }
      .counts thead th { position: sticky; top: 0; background: var(--lab-panel); }
      .counts tfoot :is(th, td) { border-bottom: 0; }
      .counts tbody th { max-width: 240px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: left; }
      .meter { height: 6px; border-radius: 3px; background: var(--lab-line); overflow: hidden; }
      .meter i { display: block; height: 100%; width: calc(100% * var(--share)); background: var(--lab-accent); }
      .meter.over i { background: var(--lab-validation); }
      .warnings ul { margin: 4px 0 8px; padding-left: 16px; max-height: 120px; overflow: auto; font-size: 12px; line-height: 16px; overflow-wrap: anywhere; }
      .again { min-height: 16px; }
      .size { display: flex; align-items: center; gap: 4px; }
      .loose { display: grid; gap: 12px; }
      .loose fieldset { display: grid; gap: 4px; margin: 0; padding: 0; border: 0; }
    `,
  ];

  override updated(): void {
    const load = this.renderRoot.querySelector<HTMLElement>("#load-own");
    // Enter loads what was found, unless the keyboard is somewhere else already.
    if (load && !this.#offered && this.shadowRoot?.activeElement?.id === "close") {
      load.focus();
    }
    this.#offered = load !== null;
  }

  override render(): TemplateResult {
    return html`<dialog id="import" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head(this.bench.text.common.yourOwnPictures)} ${this.#body()}` : nothing}
    </dialog>`;
  }

  #body(): TemplateResult {
    const t = this.bench.text;
    const { own } = this.bench;
    if (own.finding !== null || !own.files) {
      return own.problem ? this.#problem() : this.#waiting(own.finding ? t.importing.lookingFound(own.finding) : t.importing.lookingFiles);
    }
    if (own.loose) {
      return this.#loose(own.files.length);
    }
    if (!own.found) {
      return own.problem ? this.#problem() : this.#waiting(t.importing.lookingAt(own.files.length));
    }
    return this.#found(own.found);
  }

  #waiting(words: string): TemplateResult {
    return html`<div class="body" role="status"><p>${words}</p><progress aria-label=${this.bench.text.importing.lookingName}></progress></div>
      <footer>${this.#cancel()}</footer>`;
  }

  #cancel(): TemplateResult {
    const t = this.bench.text;
    const { own } = this.bench;
    return button({ id: "cancel-own", label: own.problem && !own.found ? t.common.close : t.common.cancel, onClick: () => own.drop() });
  }

  /** What stands in the way, in the lab's own words. Pictures that make no set can still be one class. */
  #problem(): TemplateResult {
    const t = this.bench.text;
    const { own } = this.bench;
    const { problem } = own;
    const loose = own.onlyPictures && own.files !== null;
    return html`<div class="body">
        <div class="problem" role="alert">
          <p>${this.bench.says(problem?.message ?? "")}${problem?.place ? ` (${problem.place})` : nothing}</p>
          <p class="small muted">${t.importing.unchanged}</p>
        </div>
        ${loose ? html`<p>${t.importing.giveOneClass(own.files?.length ?? 0)}</p>${this.#class()}` : nothing}
      </div>
      <footer>${this.#cancel()} ${loose ? this.#addButton(own.files?.length ?? 0) : nothing}</footer>`;
  }

  #loose(pictures: number): TemplateResult {
    return html`<div class="body"><p class="lead">${this.bench.text.importing.looseOne(pictures)}</p>${this.#class()}</div>
      <footer>${this.#cancel()} ${this.#addButton(pictures)}</footer>`;
  }

  /** By default pictures are added to a set of the person's own, and not to a bundled one. */
  get #begins(): boolean {
    const { data } = this.bench;
    return data.info === null || (this.begin ?? !data.ownLoaded);
  }

  #class(): TemplateResult {
    const t = this.bench.text;
    const { info } = this.bench.data;
    const radio = (begin: boolean, label: string): TemplateResult => html`<label class="check">
      <input type="radio" name="begin" .checked=${live(this.#begins === begin)} @change=${() => (this.begin = begin)} />${label}</label>`;
    return html`<div class="loose">
      ${field(t, {
        id: "class-name",
        label: t.importing.className,
        help: t.importing.classHelp,
        control: html`<input id="class-name" type="text" list="classes" autocomplete="off" autofocus .value=${live(this.called)}
          @input=${(event: Event) => (this.called = (event.target as HTMLInputElement).value)}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key === "Enter") this.#add();
          }} />
          <datalist id="classes">${info?.classes.slice(0, mostRows).map((name) => html`<option value=${name}></option>`)}</datalist>`,
      })}
      ${info
        ? html`<fieldset><legend class="sr">${t.importing.whereTo}</legend>${radio(false, t.importing.addThemTo(info.name))}${radio(true, t.importing.beginNew)}</fieldset>`
        : nothing}
      ${this.#begins ? html`<div class="fields">${this.#size(this.bench.own.options.size ?? [64, 64])}${this.#colour(this.bench.own.options.color ?? "rgb")}</div>` : nothing}
    </div>`;
  }

  #addButton(pictures: number): TemplateResult {
    const t = this.bench.text;
    const why = this.bench.own.busy ?? (this.called.trim() === "" ? t.importing.nameFirst : undefined);
    return button({ id: "add-own", label: t.importing.addPictures(pictures), kind: "primary", why, onClick: () => this.#add() });
  }

  #add(): void {
    const name = this.called.trim();
    if (name !== "" && !this.bench.own.busy) {
      void this.bench.own.addLoose(name, this.#begins);
      this.called = "";
    }
  }

  #found(found: FilesInfo): TemplateResult {
    const t = this.bench.text;
    const { own } = this.bench;
    const { splits } = found;
    const total = splits.train + splits.validation + splits.test;
    const warnings = [...own.passedOver, ...found.warnings];
    const why = own.busy ?? (own.looking ? t.importing.lookedAtAgain : own.problem ? t.importing.wrongAbove : undefined);
    return html`<div class="body">
        <p class="lead"><b>${found.name}</b>: ${this.bench.says(found.kind)}</p>
        <p class="small muted again" role="status">${
          own.looking
            ? t.importing.lookingAgain
            : t.importing.found(total, found.classes.length, found.bytes)
        }</p>
        ${this.#counts(found)}
        ${own.problem ? html`<div class="problem" role="alert">${this.bench.says(own.problem.message)}</div>` : nothing}
        <div class="fields">${this.#size(own.options.size ?? [found.shape[0], found.shape[1]])} ${this.#options(found)}</div>
        ${this.#memory(found)}
        ${warnings.length > 0
          ? html`<details class="warnings"><summary>${t.importing.warningsOf(warnings.length)}</summary>
              <ul tabindex="0" aria-label=${t.common.warnings}>${warnings.slice(0, mostRows).map(({ file, message }) => html`<li>${message.includes(file) ? "" : `${file}: `}${this.bench.says(message)}</li>`)}
                ${warnings.length > mostRows ? html`<li>${t.importing.moreWarnings(warnings.length - mostRows)}</li>` : nothing}</ul>
              ${button({ id: "own-warnings", label: "CSV", name: t.importing.warningsCsv, onClick: () => download(new Blob([warningsCsv(warnings)], { type: "text/csv" }), "cnn-lab-warnings.csv") })}
            </details>`
          : nothing}
      </div>
      <footer>
        ${this.#cancel()}
        ${button({ id: "load-own", label: t.importing.loadPictures(total), kind: "primary", why, onClick: () => void own.load() })}
      </footer>`;
  }

  #counts({ classes, counts, splits }: FilesInfo): TemplateResult {
    const t = this.bench.text;
    const shown = splitOrder.filter((split) => splits[split] > 0);
    return html`<div class="counts scroll" tabindex="0" role="region" aria-label=${t.importing.ofEachClass}>
      <table class="list">
        <thead><tr><th scope="col">${t.importing.className}</th>${shown.map((split) => html`<th scope="col" class="number">${t.common.splits[split]}</th>`)}</tr></thead>
        <tbody>
          ${classes.slice(0, mostRows).map((name, i) => html`<tr><th scope="row" title=${name}>${name}</th>
            ${shown.map((split) => html`<td class="number">${t.count(counts[split][i] ?? 0)}</td>`)}</tr>`)}
          ${classes.length > mostRows ? html`<tr><th scope="row">${t.importing.moreClasses(classes.length - mostRows)}</th>${shown.map(() => html`<td></td>`)}</tr>` : nothing}
        </tbody>
        <tfoot><tr><th scope="row">${t.importing.all}</th>${shown.map((split) => html`<td class="number"><b>${t.count(splits[split])}</b></td>`)}</tr></tfoot>
      </table>
    </div>`;
  }

  #choose(options: LoadFilesOptions): void {
    this.bench.own.choose(options);
  }

  /** Not `live`: what is being typed must outlast the news of what was found. */
  #size([height, width]: [number, number]): TemplateResult {
    const t = this.bench.text;
    const side = (id: string, name: string, now: number, take: (value: number) => [number, number]): TemplateResult =>
      html`<input id=${id} type="number" min="1" max="4096" step="1" inputmode="numeric" aria-label=${name} .value=${String(now)}
        @change=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          const value = typedNumber(input);
          if (value !== null) this.#choose({ size: take(value) });
          // What is no such number gives way to the last that was.
          else input.value = String(now);
        }} />`;
    return field(t, {
      id: "own-height",
      label: t.importing.size,
      help: t.importing.sizeHelp,
      control: html`<div class="size">
        ${side("own-height", t.importing.heightPixels, height, (value) => [value, width])}×${side("own-width", t.importing.widthPixels, width, (value) => [height, value])}
      </div>`,
    });
  }

  #select<T extends string>(id: string, label: string, help: string, now: T, values: Record<T, string | Phrase>, take: (value: T) => LoadFilesOptions): TemplateResult {
    const t = this.bench.text;
    return field(t, {
      id, label, help,
      control: html`<select id=${id} @change=${(event: Event) => this.#choose(take((event.target as HTMLSelectElement).value as T))}>
        ${(Object.entries(values) as [T, string | Phrase][]).map(([value, title]) => html`<option value=${value} .selected=${live(value === now)}>${phrase(t, title)}</option>`)}
      </select>`,
    });
  }

  #colour(now: "rgb" | "grayscale"): TemplateResult {
    const t = this.bench.text;
    return this.#select("own-color", t.importing.colour, t.importing.colourHelp, now, colours, (color) => ({ color }));
  }

  #options(found: FilesInfo): TemplateResult {
    const t = this.bench.text;
    const { own } = this.bench;
    const { options } = own;
    return html`
      ${this.#colour(options.color ?? (found.shape[2] === 1 ? "grayscale" : "rgb"))}
      ${this.#select("own-fit", t.importing.fit, t.importing.fitHelp, options.fit ?? "stretch", fits, (fit) => ({ fit }))}
      ${this.#select("own-filter", t.common.filter, t.importing.filterHelp, options.filter ?? "triangle", filters, (filter) => ({ filter }))}
      ${field(t, {
        id: "own-limit",
        label: t.common.pictures,
        help: t.importing.limitHelp,
        control: html`<input id="own-limit" type="number" min="1" step="1" inputmode="numeric" placeholder=${t.importing.allPlaceholder} .value=${live(options.limit === undefined ? "" : String(options.limit))}
          @change=${(event: Event) => this.#choose({ limit: typedNumber(event.target as HTMLInputElement) ?? undefined })} />`,
      })}
      ${own.hasTable
        ? field(t, {
            id: "own-label",
            label: t.importing.labelColumn,
            help: t.importing.labelColumnHelp,
            control: html`<input id="own-label" type="text" placeholder=${t.importing.foundPlaceholder} autocomplete="off" .value=${live(String(options.labelColumn ?? ""))}
              @change=${(event: Event) => this.#choose({ labelColumn: columnOf((event.target as HTMLInputElement).value) })} />`,
          })
        : nothing}`;
  }

  #memory({ memory, shape: size }: FilesInfo): TemplateResult {
    const t = this.bench.text;
    const share = memory.budget > 0 ? memory.bytes / memory.budget : 1;
    const words = memory.paged
      ? t.importing.overBudget(memory.budget)
      : t.importing.ofBudget(t.percent(share, share < 0.01 ? 1 : 0), memory.budget);
    return html`<div>
      <div class="row between small"><span>${t.importing.theyTake(size, memory.bytes)}</span></div>
      <div class="meter ${memory.paged ? "over" : ""}" aria-hidden="true"><i ${styles({ "--share": String(Math.min(1, share)) })}></i></div>
      <p class="small muted" id="own-memory">${words}</p>
    </div>`;
  }
}

/** A column's name, or its place where a whole number was typed. */
export function columnOf(text: string): string | number | undefined {
  const name = text.trim();
  if (name === "") {
    return undefined;
  }
  return /^\d+$/.test(name) ? Number(name) : name;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-import": ImportDialog;
  }
}
