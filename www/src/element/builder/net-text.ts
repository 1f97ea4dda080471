import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { define } from "../define";
import { Watch } from "../observable";
import { button, copy } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { rangeOf } from "./lines";
import type { TextFormat } from "./text-step";
import "../../text/en/builder";

const formats: Readonly<Record<TextFormat, string>> = { json: "JSON", keras: "Keras", pytorch: "PyTorch", burn: "Burn (Rust)" };

/** The same network as text, to read, copy, edit and paste. */
@define("cnn-lab-net-text")
export class NetText extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private copied = "";
  @query("textarea") private area!: HTMLTextAreaElement;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: flex; flex-direction: column; gap: 8px; min-height: 0; }
      textarea { flex: 1; min-height: 220px; resize: none; white-space: pre; overflow: auto; }
      textarea:focus-visible { outline-offset: -2px; }
      select { width: auto; }
      .verdict { min-height: 32px; overflow-wrap: anywhere; }
      .bad { color: var(--lab-bad); }
      ul { margin: 4px 0 0; padding-left: 16px; }
    `,
  ];

  /** Opened to paste a text: what stands here is what it takes the place of. */
  override firstUpdated(): void {
    if (this.bench.builder.shows === "text") {
      this.area.focus();
      this.area.select();
    }
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { text } = this.bench.builder;
    const { problem, notes, shown } = text;
    const line = problem?.line ?? null;
    const said = this.bench.says(problem?.message ?? "");
    const named = line !== null && said.includes(t.builder.line(line));
    return html`<div class="row">
        <label for="text-format" class="small muted">${t.builder.showAs}</label>
        <select id="text-format" @change=${(event: Event) => text.show((event.target as HTMLSelectElement).value as TextFormat)}>
          ${Object.entries(formats).map(([format, title]) => html`<option value=${format} .selected=${live(format === text.format)}>${title}</option>`)}
        </select>
        <label for="spec" class="grow sr">${t.builder.networkAsText}</label><span class="grow"></span>
        <span class="small muted" role="status">${this.copied}</span>
        ${button({ id: "copy-text", label: t.builder.copy, name: t.builder.copyText, onClick: () => void this.#copy(shown) })}
      </div>
      <textarea id="spec" ?readonly=${!text.editable} spellcheck="false" autocapitalize="off" autocomplete="off" aria-describedby="verdict" aria-invalid=${problem ? "true" : "false"}
        .value=${live(shown)} @input=${(event: Event) => text.type((event.target as HTMLTextAreaElement).value)}></textarea>
      <div id="verdict" class="verdict small ${problem ? "bad" : "muted"}" role="status">
        ${problem
          ? html`${line !== null && !named ? t.builder.lineIs(line) : ""}${said}${problem.place && line === null ? ` (${problem.place})` : ""}`
          : text.settled ? 
            text.editable
              ? t.builder.pasteHere
              : t.builder.takeAway : t.common.reading}
        ${notes.length > 0 ? html`<ul>${notes.map((note) => html`<li>${this.bench.says(note)}</li>`)}</ul>` : nothing}
      </div>
      ${line === null ? nothing : html`<div>${button({ id: "go-to-line", label: t.builder.goToLine(line), onClick: () => this.#goTo(line) })}</div>`}`;
  }

  async #copy(text: string): Promise<void> {
    const t = this.bench.text;
    this.copied = (await copy(text)) ? t.common.copied : t.builder.cannotCopy;
  }

  /** Selects a line of the text, and scrolls to it. */
  #goTo(line: number): void {
    const [start, end] = rangeOf(this.area.value, line);
    this.area.focus();
    this.area.setSelectionRange(start, end);
    this.area.scrollTop = Math.max(0, (line - 4) * 18);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-net-text": NetText;
  }
}
