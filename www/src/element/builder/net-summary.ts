import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { sourcesOf } from "../../api/costs";
import { define } from "../define";
import { Watch } from "../observable";
import { fold, frozenText, titleOf } from "../pretrained/fold";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import type { Change } from "./changes";
import "../../text/en/builder";
import type { Texts } from "../../text/texts";

/** The table that Keras's summary() prints, with what is different from the network in use. */
@define("cnn-lab-net-summary")
export class NetSummary extends LitElement {
  @property({ attribute: false }) bench!: Workbench;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: grid; gap: 8px; align-content: start; }
      :host(.old) table { background: repeating-linear-gradient(135deg, var(--lab-panel) 0 6px, var(--lab-sunk) 6px 8px); }
      table { width: 100%; border-collapse: collapse; font-size: 12px; line-height: 16px; }
      caption { text-align: left; }
      th { padding: 4px 8px 4px 0; text-align: left; font-weight: 600; color: var(--lab-muted); border-bottom: 1px solid var(--lab-line); }
      td { padding: 4px 8px 4px 0; border-bottom: 1px solid var(--lab-line); vertical-align: baseline; }
      :is(th, td).number { padding-right: 0; text-align: right; }
      tr.chosen td { background: var(--lab-wash); }
      td button { max-width: 100%; min-height: 24px; padding: 0; border: 0; background: none; color: inherit; text-align: left; cursor: pointer; text-decoration: underline; text-decoration-color: var(--lab-edge); text-underline-offset: 3px; }
      td small { color: var(--lab-muted); font-size: 11px; }
      del { color: var(--lab-muted); }
      ins { text-decoration: none; font-weight: 650; color: var(--lab-accent); }
      tr.total td { border: 0; padding-top: 2px; padding-bottom: 2px; }
      tbody + tbody tr:first-child td { padding-top: 8px; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { checked, comparison, used } = builder;
    if (!checked || !comparison) {
      return html`<p class="small muted">${t.common.counting}</p>`;
    }
    const { summary, spec, costs } = checked.info;
    const sources = sourcesOf(spec.layers);
    const branches = sources.some((from, place) => from.length !== 1 || from[0] !== place - 1);
    const nameAt = (place: number): string => {
      const { name = "input", base: from } = summary.layers[place] ?? {};
      return from !== undefined && !builder.unfolded ? titleOf(from) : name;
    };
    const { layers } = summary;
    const rows = fold(layers.map(({ base: from }) => (builder.unfolded ? null : from)));
    const peak = costs.reduce((sum, { values }) => sum + values, 0);
    const work = costs.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
    const { totalParams, trainableParams } = summary;
    const before = used?.info.summary;
    return html`<table id="summary">
        <caption class="sr">${t.common.tableOfLayers}</caption>
        <thead><tr><th scope="col">${t.common.layerNames}</th><th scope="col">${t.common.outputShape}</th><th scope="col" class="number">${t.common.paramCount}</th>${branches ? html`<th scope="col" class="number">${t.builder.connectedTo}</th>` : nothing}</tr></thead>
        <tbody>${rows.map(({ first, last, base: from }) => {
          const within = layers.slice(first, last + 1);
          if (from !== null) {
            return html`<tr class=${builder.whole?.first === first ? "chosen" : ""}>
              <td><button type="button" aria-expanded="false" @click=${() => builder.unfold(true)}>▸ ${titleOf(from)}</button> <small>(${t.common.count.layers(within.length)}, ${frozenText(t, within)})</small></td>
              <td>${keras(t, within.at(-1)?.outputShape ?? [])}</td>
              <td class="number">${t.count(within.reduce((sum, { params }) => sum + params, 0))}</td>
              ${branches ? html`<td class="number"><small>${(sources[first] ?? []).map(nameAt).join(", ")}</small></td>` : nothing}
            </tr>`;
          }
          const place = first;
          const [row] = within;
          if (!row) return nothing;
          const { name, layer, outputShape, params, trainable } = row;
          const change = comparison.rows[place] ?? { kind: "same" };
          const key = checked.draft.layers[place]?.key;
          const old = change.kind === "changed" ? change.before : null;
          return html`<tr class=${key === builder.selected ? "chosen" : ""}>
            <td><button type="button" @click=${() => key !== undefined && builder.select(key)}>${name}</button> <small>(${layer})${trainable ? "" : t.builder.isFrozen}</small>${mark(t, change)}</td>
            <td>${old && String(old.outputShape) !== String(outputShape) ? html`<del>${keras(t, old.outputShape)}</del><br /><ins>${keras(t, outputShape)}</ins>` : keras(t, outputShape)}</td>
            <td class="number">${old && old.params !== params ? html`<del>${t.count(old.params)}</del><br /><ins>${t.count(params)}</ins>` : t.count(params)}</td>
            ${branches ? html`<td class="number"><small>${(sources[place] ?? []).map(nameAt).join(", ")}</small></td>` : nothing}
          </tr>`;
        })}</tbody>
        <tbody>
          ${total(t, t.common.totalParams, totalParams, before?.totalParams, branches)}
          ${total(t, t.common.trainableParams, trainableParams, before?.trainableParams, branches)}
          ${total(t, t.common.nonTrainableParams, totalParams - trainableParams, before && before.totalParams - before.trainableParams, branches)}
        </tbody>
      </table>
      ${comparison.removed.length > 0 ? html`<p class="small">${t.builder.removed} <del>${comparison.removed.map(({ name }) => name).join(", ")}</del></p>` : nothing}
      <p class="small muted">${t.builder.weightsTake(totalParams * 4, peak, peak * 4, work)}</p>`;
  }
}

/** A shape as Keras prints it. */
function keras(t: Texts, sizes: readonly (number | null)[]): string {
  return `(${sizes.map((size) => (size === null ? t.builder.noSize : String(size))).join(", ")})`;
}

function mark(t: Texts, change: Change): TemplateResult | typeof nothing {
  switch (change.kind) {
    case "new":
      return html` <ins>${t.builder.isNew}</ins>`;
    case "changed":
      return html` <ins>${t.builder.isChanged}</ins>`;
    case "edited":
      return html` <ins title=${t.builder.itWas(change.before || t.builder.asKeras)}>${t.builder.isChanged}</ins>`;
    case "same":
      return nothing;
  }
}

function total(t: Texts, label: string, now: number, before: number | undefined, branches: boolean): TemplateResult {
  const more = before === undefined ? 0 : now - before;
  return html`<tr class="total"><td colspan="2">${label}</td><td class="number"><b>${t.count(now)}</b>${more === 0 ? nothing : html`<br /><ins>${more > 0 ? "+" : ""}${t.count(more)}</ins>`}</td>${branches ? html`<td></td>` : nothing}</tr>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-net-summary": NetSummary;
  }
}
