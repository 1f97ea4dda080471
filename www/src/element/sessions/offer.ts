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
  const { offer: session, restoring } = bench.sessions;
  if (!session || (bench.training.active && restoring === null)) {
    return "";
  }
  const busy = restoring === null ? undefined : "It is being loaded.";
  return html`<section class="offer" aria-label="Training that can go on">
    <p>${offered(session, dataName(session, bench.data.sets))}</p>
    <div class="row">
      ${button({ id: "offer-continue", label: busy ? "Loading …" : "Continue", name: "Continue this training", kind: "primary", why: busy ?? bench.held, onClick: () => void bench.sessions.resume(session) })}
      ${button({ id: "offer-later", label: "Not now", why: busy, onClick: () => bench.sessions.decline() })}
      <span class="grow"></span>
      ${button({ id: "offer-all", label: "All …", name: "All … that is kept", kind: "plain", why: busy, onClick: () => bench.open("sessions") })}
    </div>
  </section>`;
}
