import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import type { CnnLab } from "../../api/cnn-lab";
import type { Session } from "../../api/types";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { noticeOf } from "../notices";
import { Watch } from "../observable";
import { button, download } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { dataName, described, place, when } from "./words";
import "../../text/en/kept";

/** What is asked in the footer before it is done. */
type Question = { what: "delete" | "resume"; session: Session };

/** Training that is kept in this browser: to go on with, name, save as a file and delete. */
@define("cnn-lab-sessions")
export class SessionsDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** Null until they have been read. */
  @state() private sessions: readonly Session[] | null = null;
  /** Why they cannot be read. */
  @state() private problem = "";
  @state() private question: Question | null = null;
  @state() private told = "";

  #lab: CnnLab | null = null;
  #reading = false;
  #stale = false;
  #focus = "";
  readonly #modal = new Modal(this, () => this.bench, "sessions", () => {
    this.question = null;
    this.told = "";
  });
  readonly #changed = (): void => void this.#read();

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 760px; }
      .switches { display: grid; gap: 4px; }
      .switches p { padding-left: 24px; }
      ul { display: grid; gap: 0; margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--lab-line); }
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 12px; align-items: center; padding: 8px 0; border-bottom: 1px solid var(--lab-line); }
      li input[type="text"] { border-color: transparent; background: none; padding: 0 6px; margin-left: -6px; font-weight: 600; }
      li input[type="text"]:is(:hover, :focus) { border-color: var(--lab-edge); background: var(--lab-panel); }
      li:last-child { border: 0; padding-bottom: 0; }
      li p { grid-column: 1; overflow-wrap: anywhere; }
      li .do { grid-area: 1 / 2 / span 2; display: flex; gap: 8px; }
      .bad { color: var(--lab-bad); }
      footer .grow { flex-basis: 240px; overflow-wrap: anywhere; }
      @media (max-width: 700px) {
        li { grid-template-columns: minmax(0, 1fr); }
        li .do { grid-area: auto; margin-top: 4px; }
        footer .grow { flex-basis: 100%; }
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#lab?.removeEventListener("sessions", this.#changed);
    this.#lab = null;
  }

  override willUpdate(): void {
    const { lab } = this.bench;
    if (this.#modal.open && lab !== this.#lab) {
      this.#lab?.removeEventListener("sessions", this.#changed);
      this.#lab = lab;
      lab?.addEventListener("sessions", this.#changed);
      void this.#read();
    } else if (!this.#modal.open && this.#lab) {
      // What happens behind a closed dialog is read when it is opened again.
      this.#lab.removeEventListener("sessions", this.#changed);
      this.#lab = null;
    }
  }

  override updated(changed: PropertyValues): void {
    // A question takes the focus; its answer gives it back to what is still there.
    if (changed.has("question") && changed.get("question") !== undefined && this.#modal.open) {
      const wanted = this.question ? "#keep" : this.#focus;
      (this.renderRoot.querySelector<HTMLElement>(wanted || "#close") ?? this.renderRoot.querySelector<HTMLElement>("#close"))?.focus();
    }
  }

  /** Reads what is there; once more where it changed meanwhile. */
  async #read(): Promise<void> {
    this.#stale = true;
    if (this.#reading) {
      return;
    }
    this.#reading = true;
    while (this.#stale) {
      this.#stale = false;
      try {
        this.sessions = (await this.bench.lab?.sessions()) ?? [];
        this.problem = "";
      } catch (error) {
        this.sessions = [];
        this.problem = noticeOf(this.bench.text, error).message;
      }
    }
    this.#reading = false;
  }

  override render(): TemplateResult {
    return html`<dialog id="sessions-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open
        ? html`${this.#modal.head(this.bench.text.kept.title)}
            <div class="body">${this.#switches()} ${this.#list()}</div>
            ${this.#foot()}
            <p class="sr" role="status">${this.told}</p>`
        : nothing}
    </dialog>`;
  }

  #switches(): TemplateResult {
    const t = this.bench.text;
    const { sessions } = this.bench;
    const { awake } = sessions;
    return html`<div class="switches">
      <label class="check"><input type="checkbox" id="keep-sessions" .checked=${live(sessions.keeping)}
        @change=${(event: Event) => sessions.keep((event.target as HTMLInputElement).checked)} />${t.kept.keepTraining}</label>
      <p class="small muted" id="kept-now">${this.#now()}</p>
      <label class="check"><input type="checkbox" id="awake" .checked=${live(awake.wanted)}
        @change=${(event: Event) => awake.choose((event.target as HTMLInputElement).checked)} />${t.kept.keepAwake}</label>
      <p class="small muted" id="awake-now">${
        awake.refused ? t.sessions.notAwake : awake.holds ? t.kept.staysAwake : t.kept.goesOn
      }</p>
    </div>`;
  }

  /** What is kept of the network in use. */
  #now(): string {
    const t = this.bench.text;
    const { sessions, lab } = this.bench;
    const session = lab?.session;
    if (!sessions.keeping) {
      return t.kept.nothingMore;
    }
    return session
      ? t.kept.lastSaved(session.name, when(t, session.saved), place(t, session))
      : t.kept.everyEpoch;
  }

  #list(): TemplateResult {
    const t = this.bench.text;
    const { sessions, problem } = this;
    if (problem) {
      return html`<p class="problem" role="alert">${this.bench.says(problem)}</p>`;
    }
    if (sessions === null) {
      return html`<p class="muted">${t.common.reading}</p>`;
    }
    return sessions.length === 0
      ? html`<p class="muted">${t.kept.nothingYet}</p>`
      : html`<ul aria-label=${t.kept.whatIsKept}>${repeat(sessions, ({ id }) => id, (session) => this.#row(session))}</ul>`;
  }

  #row(session: Session): TemplateResult {
    const t = this.bench.text;
    const { id, name, problem, open } = session;
    const elsewhere = open === "elsewhere" ? t.kept.elsewhere : undefined;
    const inUse = open === "here" ? t.common.itIsNetworkInUse : undefined;
    const unreadable = problem === null ? undefined : this.bench.says(problem);
    return html`<li data-session=${id}>
      <input type="text" aria-label=${t.common.nameOf(name)} maxlength="80" autocomplete="off" .value=${name} ?disabled=${problem !== null}
        @change=${(event: Event) => void this.#rename(session, event.target as HTMLInputElement)} />
      <p class="small ${problem ? "bad" : "muted"}">${unreadable ?? described(t, session, dataName(session, this.bench.data.sets))}</p>
      <div class="do">
        ${button({ id: `resume-${id}`, label: session.unfinished ? t.common.continue : t.kept.open, name: `${session.unfinished ? t.common.continue : t.kept.open} ${name}`, why: unreadable ?? inUse ?? elsewhere ?? this.#whyNotNow, onClick: () => this.#ask({ what: "resume", session }) })}
        ${button({ id: `export-${id}`, label: t.kept.export, name: t.kept.exportName(name), why: unreadable, onClick: () => void this.#export(session) })}
        ${button({ id: `delete-${id}`, label: "×", name: t.common.deleteName(name), kind: "square", why: elsewhere ?? (inUse && this.bench.training.active ? t.kept.beingTrained : undefined), onClick: () => this.#ask({ what: "delete", session }) })}
      </div>
    </li>`;
  }

  get #whyNotNow(): string | undefined {
    const t = this.bench.text;
    const { training, held, lab, sessions } = this.bench;
    return sessions.restoring !== null ? t.kept.oneLoading : training.active ? t.common.stopFirstLoses : (held ?? (lab ? undefined : t.common.deviceNotReady));
  }

  async #rename({ id, name }: Session, input: HTMLInputElement): Promise<void> {
    const wanted = input.value.trim();
    // An empty name gives way to the last that was one.
    input.value = wanted || name;
    if (wanted && wanted !== name) {
      await this.bench.try(async () => this.bench.lab?.renameSession(id, wanted));
    }
  }

  async #export({ id, name }: Session): Promise<void> {
    await this.bench.try(async () => {
      const blob = await this.bench.lab?.exportSession(id);
      if (blob) {
        const file = `${name.replace(/[\\/:]/g, "-")}.cnn-lab.safetensors`;
        download(blob, file);
        this.told = this.bench.text.common.wasSaved(file);
      }
    });
  }

  #foot(): TemplateResult {
    const t = this.bench.text;
    const { question } = this;
    if (question) {
      return this.#asked(question);
    }
    const all = this.sessions ?? [];
    const size = all.reduce((sum, session) => sum + session.bytes, 0);
    return html`<footer><span class="grow small muted">${t.kept.foot(all.length, size)}</span></footer>`;
  }

  #ask(question: Question): void {
    const { what, session } = question;
    this.#focus = what === "resume" ? `#resume-${session.id}` : "";
    const { training, lab } = this.bench;
    // What is kept itself, or has learned nothing, loses nothing.
    if (what === "resume" && (!training.learned || lab?.session)) {
      void this.#resume(session);
      return;
    }
    this.question = question;
  }

  #asked({ what, session }: Question): TemplateResult {
    const t = this.bench.text;
    const keep = button({ id: "keep", label: what === "delete" ? t.common.keep : t.common.goBack, onClick: () => (this.question = null) });
    return what === "delete"
      ? html`<footer><p class="grow" role="alert">${t.kept.cannotUndo(session.name)}</p>
          ${keep} ${button({ id: "delete-sure", label: t.common.remove, kind: "primary", onClick: () => void this.#delete(session) })}</footer>`
      : html`<footer><p class="grow" role="alert">${t.kept.notKeptLost}</p>
          ${keep} ${button({ id: "resume-sure", label: t.kept.goOn, kind: "primary", why: this.#whyNotNow, onClick: () => void this.#resume(session) })}</footer>`;
  }

  async #resume(session: Session): Promise<void> {
    this.question = null;
    await this.bench.sessions.resume(session);
  }

  async #delete({ id, name }: Session): Promise<void> {
    await this.bench.try(async () => {
      await this.bench.lab?.deleteSession(id);
      this.told = this.bench.text.kept.deleted(name);
    });
    if (this.bench.sessions.offer?.id === id) {
      this.bench.sessions.decline();
    }
    this.question = null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-sessions": SessionsDialog;
  }
}
