import { css, html, type TemplateResult } from "lit";
import { button } from "../parts";
import type { Workbench } from "../workbench";
import { dataName, offered } from "./words";

export const offerStyles = css`
  .offer { position: absolute; z-index: 2; inset: auto auto 12px 12px; width: min(440px, calc(100% - 24px)); display: grid; gap: 8px; padding: 12px 16px; border: 1px solid var(--lab-accent); border-radius: 10px; background: var(--lab-panel); box-shadow: 0 4px 24px rgb(0 0 0 / 0.2); }
  .offer p { overflow-wrap: anywhere; }
  .narrow .offer { position: fixed; inset: auto 12px 72px; width: auto; }
`;

/** The quiet question after a visit that ended in the middle of training. */
export function offer(bench: Workbench): TemplateResult | "" {
  const t = bench.text;
  const { offer: session, restoring } = bench.sessions;
  if (!session || (bench.training.active && restoring === null)) {
    return "";
  }
  const busy = restoring === null ? undefined : t.sessions.isLoading;
  return html`<section class="offer" aria-label=${t.sessions.offer}>
    <p>${offered(t, session, dataName(session, bench.data.sets))}</p>
    <div class="row">
      ${button({ id: "offer-continue", label: busy ? t.common.loadingDots : t.common.continue, name: t.sessions.continueThis, kind: "primary", why: busy ?? bench.held, onClick: () => void bench.sessions.resume(session) })}
      ${button({ id: "offer-later", label: t.sessions.notNow, why: busy, onClick: () => bench.sessions.decline() })}
      <span class="grow"></span>
      ${button({ id: "offer-all", label: t.sessions.all, name: t.sessions.allKept, kind: "plain", why: busy, onClick: () => bench.open("sessions") })}
    </div>
  </section>`;
}
