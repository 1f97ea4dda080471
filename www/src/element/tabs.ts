import { css, html, type ReactiveControllerHost, type TemplateResult } from "lit";

/** For a dialog with tabs above its body. */
export const tabStyles = css`
  .tabs { flex: none; display: flex; gap: 4px; padding: 0 16px; border-bottom: 1px solid var(--lab-line); overflow-x: auto; scrollbar-width: none; }
  .tabs button { height: 36px; padding: 0 12px; border: 0; border-bottom: 2px solid transparent; background: none; white-space: nowrap; cursor: pointer; color: var(--lab-muted); }
  .tabs button[aria-selected="true"] { border-color: var(--lab-accent); color: var(--lab-text); font-weight: 650; }
  .tabs button:focus-visible { outline-offset: -2px; }
  [role="tabpanel"] { flex: 1; min-height: 0; display: flex; flex-direction: column; gap: 12px; padding-top: 8px; }
`;

/**
 * A row of tabs, by the pattern of the ARIA practices: one of them takes the keyboard's focus, and
 * the arrow keys, Home and End go from one to the next. Each is named `tab-…` and shows what is in `#panel`.
 */
export function tabList<T extends string>(
  host: ReactiveControllerHost & { readonly renderRoot: HTMLElement | DocumentFragment },
  o: { name: string; tabs: readonly T[]; title: (tab: T) => string; tab: T; choose: (tab: T) => void },
): TemplateResult {
  const go = (event: KeyboardEvent): void => {
    const at = o.tabs.indexOf(o.tab);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 }[event.key];
    const tab = to === undefined ? undefined : o.tabs.at(to === o.tabs.length ? 0 : to);
    if (tab === undefined) {
      return;
    }
    event.preventDefault();
    o.choose(tab);
    void host.updateComplete.then(() => host.renderRoot.querySelector<HTMLElement>(`#tab-${tab}`)?.focus());
  };
  return html`<div class="tabs" role="tablist" aria-label=${o.name} @keydown=${go}>
    ${o.tabs.map((tab) => html`<button type="button" role="tab" id="tab-${tab}" aria-selected=${tab === o.tab ? "true" : "false"}
      aria-controls="panel" tabindex=${tab === o.tab ? 0 : -1} @click=${() => o.choose(tab)}>${o.title(tab)}</button>`)}
  </div>`;
}

/** What the chosen tab shows. */
export function tabPanel(tab: string, content: TemplateResult): TemplateResult {
  return html`<div class="body"><div role="tabpanel" id="panel" aria-labelledby="tab-${tab}">${content}</div></div>`;
}
