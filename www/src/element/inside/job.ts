import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";
import type { Progress } from "../../api/types";
import { button } from "../parts";
import type { Workbench } from "../workbench";

/** Something that takes more than a moment: its progress, and a button that cancels it. Leaving the tab cancels it too. */
export class Job implements ReactiveController {
  running = false;
  #share = 0;
  #cancel = new AbortController();
  #frame = 0;
  /** The focus was on its button before the present update. */
  #held = false;

  constructor(
    private readonly host: ReactiveControllerHost & { readonly renderRoot: HTMLElement | DocumentFragment },
    private readonly bench: () => Workbench,
    /** Of the button that begins it, in whose place there is "…-cancel" meanwhile. */
    private readonly id: string,
  ) {
    host.addController(this);
  }

  hostUpdate(): void {
    this.#held = [this.id, `${this.id}-cancel`].includes(this.#focused?.id ?? "");
  }

  /** Who began or cancelled it by keyboard finds the focus on the button that took the other's place. */
  hostUpdated(): void {
    if (this.#held && !this.#focused) {
      this.host.renderRoot.querySelector<HTMLElement>(`#${this.id}${this.running ? "-cancel" : ""}`)?.focus();
    }
  }

  get #focused(): Element | null {
    const { renderRoot } = this.host;
    return renderRoot instanceof ShadowRoot ? renderRoot.activeElement : null;
  }

  hostDisconnected(): void {
    this.#cancel.abort();
  }

  /** Null where it was cancelled or failed, which is told. */
  async run<T>(work: (o: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<T>): Promise<T | null> {
    if (this.running) {
      return null;
    }
    const cancel = (this.#cancel = new AbortController());
    this.running = true;
    this.#share = 0;
    this.host.requestUpdate();
    let found: T | null = null;
    await this.bench().try(async () => {
      found = await work({
        signal: cancel.signal,
        onProgress: ({ done, total }) => {
          this.#share = total > 0 ? done / total : 0;
          cancelAnimationFrame(this.#frame);
          this.#frame = requestAnimationFrame(() => this.host.requestUpdate());
        },
      });
    });
    this.running = false;
    this.host.requestUpdate();
    return found;
  }

  /** In a place of the same height, whether it runs or not. */
  show(what: string): TemplateResult | typeof nothing {
    const t = this.bench().text;
    return this.running
      ? html`<div class="row job"><progress class="grow" max="1" .value=${this.#share} aria-label=${what}></progress>
          <span class="small muted number">${t.percent(this.#share, 0)}</span>
          ${button({ id: `${this.id}-cancel`, label: t.common.cancel, onClick: () => this.#cancel.abort() })}</div>`
      : nothing;
  }
}
