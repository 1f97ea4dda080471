import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { define } from "../define";
import { Watch } from "../observable";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { type Formula, formulasOf } from "./formulas";
import "../../text/en/builder";

/** Bytes of a 32-bit float. */
const bytesEach = 4;

/** The selected layer in numbers: its formulas filled in, what it sees, takes and does. */
@define("cnn-lab-layer-facts")
export class LayerFacts extends LitElement {
  @property({ attribute: false }) bench!: Workbench;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: grid; gap: 8px; align-content: start; }
      .formula { display: grid; gap: 2px; padding: 8px 12px; border-radius: 6px; background: var(--lab-sunk); }
      .math { font: 13px/20px var(--lab-mono); overflow-wrap: anywhere; }
      .math b { color: var(--lab-accent); font-weight: 700; }
      sub { font-size: 10px; line-height: 0; }
      dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 12px; margin: 0; }
      dt { color: var(--lab-muted); }
      dd { margin: 0; text-align: right; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { selected, checked } = builder;
    if (!checked || selected === "output") {
      return html`${nothing}`;
    }
    if (selected === "input") {
      const size = builder.sizeOf("input") ?? [];
      const values = size.reduce((all, side) => all * side, 1);
      return html`<h3>${t.builder.inNumbers}</h3><dl>
        <dt>${t.builder.onePicture}</dt><dd>${size.map(t.count).join(" × ")} = ${t.common.count.values(values)}, ${t.bytes(values * bytesEach)}</dd></dl>`;
    }
    const facts = builder.facts(selected);
    if (!facts) {
      return html`<p class="small muted">${t.builder.numbersCome}</p>`;
    }
    const { cost, row, output } = facts;
    const [height = 1, width = 1] = checked.info.spec.input_shape;
    const [tall, wide] = cost.receptiveField;
    const all = checked.info.costs.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
    const share = all > 0 ? cost.multiplyAdds / all : 0;
    return html`<h3>${t.builder.inNumbersWhen(checked.draft === builder.draft ? "" : t.builder.whenLastRight)}</h3>
      ${formulasOf(t, { layer: facts.spec, inputs: facts.inputs, output, params: row.params }).map(formula)}
      <dl id="facts">
        <dt>${t.common.output}</dt><dd>${t.shape(output)}</dd>
        <dt>${t.builder.receptiveField}</dt><dd>${tall >= height && wide >= width ? t.builder.seesWhole(tall, wide) : t.builder.seesPixels(tall, wide)}</dd>
        <dt>${t.builder.memoryOutput}</dt><dd>${t.builder.valuesAPicture(cost.values, cost.values * bytesEach)}</dd>
        <dt>${t.builder.memoryWeights}</dt><dd>${row.params === 0 ? t.builder.noMemory : t.bytes(row.params * bytesEach)}</dd>
        <dt>${t.builder.multiplyAdds}</dt><dd>${t.builder.workAPicture(cost.multiplyAdds, share > 0 ? t.builder.ofNetworks(t.percent(share, share < 0.1 ? 1 : 0)) : "")}</dd>
      </dl>`;
  }
}

function formula({ title, rule, filled, result, note }: Formula): TemplateResult {
  return html`<div class="formula"><h3>${title}</h3>
    <p class="math">${rule ? html`${indexed(rule)}<br />= ${filled} = ` : nothing}<b>${result}</b></p>
    ${note ? html`<p class="small muted">${indexed(note)}</p>` : nothing}</div>`;
}

/** What follows an underscore in a word, as an index. */
function indexed(text: string): (TemplateResult | string)[] {
  return text.split(/(_[a-z0-9]+)/).map((part) => (/^_[a-z0-9]{1,3}$/.test(part) ? html`<sub>${part.slice(1)}</sub>` : part));
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-layer-facts": LayerFacts;
  }
}
