import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Summary } from "../api/types";
import { count, shape } from "../view/format";
import { define } from "./define";
import { own } from "./network-step";
import { Watch } from "./observable";
import { button, field } from "./parts";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";

/** The second step, Network. */
@define("cnn-lab-network")
export class NetworkPanel extends LitElement {
  @property({ attribute: false }) bench!: Workbench;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    panel,
    css`
      .describe { min-height: 40px; }
      table { width: 100%; border-collapse: collapse; font-size: 12px; line-height: 16px; }
      caption { text-align: left; padding-bottom: 4px; }
      th { padding: 4px 0; text-align: left; font-weight: 600; color: var(--lab-muted); border-bottom: 1px solid var(--lab-line); }
      td { padding: 4px 0; border-bottom: 1px solid var(--lab-line); vertical-align: baseline; }
      td:nth-child(2) { padding-left: 6px; white-space: nowrap; }
      th:nth-child(2) { padding-left: 6px; }
      td:first-child { max-width: 98px; overflow: hidden; text-overflow: ellipsis; }
      td small { color: var(--lab-muted); font-size: 11px; }
      th.number, td.number { padding-left: 6px; }
      tr.total td { border: 0; padding-top: 2px; padding-bottom: 2px; }
      tr.total:first-child td { padding-top: 8px; }
      tr.wrong td { background: var(--lab-bad-wash); }
      details > div { display: grid; gap: 8px; margin-top: 8px; }
      textarea { min-height: 320px; }
      .verdict { min-height: 32px; font-size: 12px; line-height: 16px; }
      .verdict.bad { color: var(--lab-bad); }
    `,
  ];

  override render(): TemplateResult {
    const { network } = this.bench;
    const preset = network.presets.find(({ name }) => name === network.chosen);
    const why = this.#busy;
    return html`<section aria-labelledby="title">
      <header><span class="place" aria-hidden="true">2</span><h2 id="title" class="grow">Network</h2></header>
      ${field({
        id: "preset",
        label: "Network of the lesson",
        help: "A ready-made network, made for the pictures you chose. Choosing one starts with fresh random weights.",
        control: html`<select id="preset" ?disabled=${why !== undefined} title=${why ?? nothing}
          @change=${(event: Event) => void network.choose((event.target as HTMLSelectElement).value)}>
          ${network.presets.map(({ name, title }) => html`<option value=${name} .selected=${live(name === network.chosen)}>${title}</option>`)}
          ${network.chosen === own ? html`<option value=${own} .selected=${live(true)}>Your own</option>` : nothing}
        </select>`,
      })}
      <p class="small muted describe">${preset?.description ?? (network.chosen === own ? "A network of your own, or from a file." : "")}</p>
      ${network.summary ? summaryTable(network.summary) : nothing}
      ${this.#editor(why)}
    </section>`;
  }

  /** Why the network cannot be changed now. */
  get #busy(): string | undefined {
    return this.bench.training.active ? "Stop the run first: another network starts from fresh weights." : undefined;
  }

  #editor(busy: string | undefined): TemplateResult {
    const { network } = this.bench;
    const { problem, draft } = network;
    const why = busy ?? (problem ? "The text has a mistake; it is named above." : undefined);
    return html`<details>
      <summary>Edit as JSON</summary>
      <div>
        <p id="verdict" class="verdict ${problem ? "bad" : "muted"}" role="status">
          ${problem
            ? html`${problem.message}${problem.place ? html` (${problem.place})` : nothing}`
            : draft
              ? `Fine: ${count(draft.totalParams)} parameters.`
              : "Layers and options have Keras's names. What you type is checked at once."}
        </p>
        <label class="sr" for="spec">The network as JSON</label>
        <textarea id="spec" spellcheck="false" autocapitalize="off" autocomplete="off"
          aria-describedby="verdict" aria-invalid=${problem ? "true" : "false"}
          .value=${live(network.text)}
          @input=${(event: Event) => network.edit((event.target as HTMLTextAreaElement).value)}></textarea>
        <div class="row">
          ${button({ id: "apply", label: "Use this network", why, onClick: () => void network.apply() })}
        </div>
      </div>
    </details>`;
  }
}

/** The table that Keras's summary() prints. */
function summaryTable({ layers, totalParams, trainableParams }: Summary): TemplateResult {
  return html`<table>
    <caption class="sr">The layers, with their output shapes and numbers of parameters</caption>
    <thead><tr><th scope="col">Layer</th><th scope="col">Output shape</th><th scope="col" class="number">Param #</th></tr></thead>
    <tbody>
      ${layers.map(
        ({ name, layer, outputShape, params }) => html`<tr>
          <td title=${name}>${layer}<br /><small>${name}</small></td>
          <td>${shape(outputShape).replaceAll("\u202f×\u202f", "×")}</td>
          <td class="number">${count(params)}</td>
        </tr>`,
      )}
    </tbody>
    <tbody>
      <tr class="total"><td colspan="2">Total params</td><td class="number"><b>${count(totalParams)}</b></td></tr>
      <tr class="total"><td colspan="2">Trainable params</td><td class="number">${count(trainableParams)}</td></tr>
      <tr class="total"><td colspan="2">Non-trainable params</td><td class="number">${count(totalParams - trainableParams)}</td></tr>
    </tbody>
  </table>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-network": NetworkPanel;
  }
}
