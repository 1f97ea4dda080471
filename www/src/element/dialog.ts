import { css, html, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";
import type { DialogName } from "./dialogs";
import { button } from "./parts";
import type { Workbench } from "./workbench";

/** The look of a dialog: a head that stays, a body that scrolls, and a foot with its buttons. */
export const dialogStyles = css`
  :host { display: contents; }
  dialog { width: min(var(--width, 640px), calc(100vw - 24px)); max-width: none; max-height: calc(100dvh - 24px); padding: 0; border: 1px solid var(--lab-edge); border-radius: 10px; background: var(--lab-panel); color: inherit; overflow: hidden; }
  dialog[open] { display: flex; flex-direction: column; }
  dialog::backdrop { background: rgb(0 0 0 / 0.5); }
  dialog > :is(header, footer) { flex: none; }
  dialog > header { display: flex; align-items: center; gap: 8px; padding: 12px 16px 8px; }
  dialog > .body { flex: 1 1 auto; min-height: 0; display: flex; flex-direction: column; gap: 12px; padding: 4px 16px 16px; overflow: hidden auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; }
  dialog > footer { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 8px; padding: 12px 16px; border-top: 1px solid var(--lab-line); }
  .failed { padding: 0 16px; }
  .failed .problem { margin-bottom: 8px; }
  .problem { padding: 8px 12px; border: 1px solid var(--lab-bad); border-radius: 6px; background: var(--lab-bad-wash); overflow-wrap: anywhere; }
  .fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(152px, 1fr)); gap: 8px 12px; }
  table.list { width: 100%; border-collapse: collapse; font-size: 12px; line-height: 16px; }
  table.list th { padding: 4px 8px 4px 0; text-align: left; font-weight: 600; color: var(--lab-muted); border-bottom: 1px solid var(--lab-line); white-space: nowrap; }
  table.list td, table.list tbody th { padding: 4px 8px 4px 0; border-bottom: 1px solid var(--lab-line); font-weight: 400; color: inherit; }
  table.list :is(th, td).number { padding-right: 0; padding-left: 8px; text-align: right; }
  .scroll { overflow: auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; }
  .check { display: flex; align-items: center; gap: 8px; min-height: 24px; }
`;

/** Keeps an element's dialog open while the workbench asks for it. */
export class Modal implements ReactiveController {
  constructor(
    private readonly host: ReactiveControllerHost & { readonly renderRoot: HTMLElement | DocumentFragment },
    private readonly bench: () => Workbench,
    private readonly name: DialogName,
    /** What else closing means. */
    private readonly onClose: () => void = () => undefined,
    /** What the cross does where closing at once would lose something. */
    private readonly leave?: () => void,
  ) {
    host.addController(this);
  }

  /** Whether it is, or is about to be, shown. */
  get open(): boolean {
    return this.bench().dialog === this.name;
  }

  hostUpdated(): void {
    const dialog = this.host.renderRoot.querySelector("dialog");
    if (this.open && dialog && !dialog.open) {
      dialog.showModal();
    } else if (!this.open && dialog?.open) {
      dialog.close();
    }
  }

  /** For the dialog's `close` event too: the Escape key closes it without asking. */
  readonly closed = (): void => {
    if (this.open) {
      this.bench().close();
      this.onClose();
    }
  };

  /** The title, and the cross that closes; below it what went wrong, which elsewhere would be covered. */
  head(title: string | TemplateResult, more?: TemplateResult): TemplateResult {
    const t = this.bench().text;
    const { error } = this.bench();
    return html`<header>
        <h2 id="dialog-title" class="grow">${title}</h2>${more ?? ""}
        ${button({ id: "close", label: "×", name: t.common.close, kind: "square", onClick: this.leave ?? this.closed })}
      </header>
      <div class="failed" role="alert">${
        error
          ? html`<div class="problem row"><div class="grow"><p>${this.bench().says(error.message)}${error.place ? ` (${error.place})` : ""}</p>
              <p class="small muted">${t.common.asItWas}</p></div>
              ${button({ id: "dismiss", label: "×", name: t.common.closeMessage, kind: "square", onClick: () => this.bench().dismiss() })}</div>`
          : ""
      }</div>`;
  }
}
