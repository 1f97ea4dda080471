import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Preset, Summary } from "../api/types";
import { bytes, count, shape } from "../view/format";
import { define } from "./define";
import { dialogs, loadDialog } from "./dialogs";
import { linkOf } from "./experiment";
import { own } from "./network-step";
import { Watch } from "./observable";
import { button, copy, field } from "./parts";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";

/** The second step, Network. */
@define("cnn-lab-network")
export class NetworkPanel extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** The link that was copied last, until its message is closed. */
  @state() private link: { address: string; leftOut: string; copied: boolean } | null = null;

  /** What shows pretrained networks is there. */
  @state() private pretrained: "wanted" | "there" | null = null;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  /** There is something to show of a pretrained network. */
  get #onBase(): boolean {
    const { base: name, offered, download } = this.bench.network;
    return name !== undefined || offered !== null || download !== null;
  }

  override willUpdate(): void {
    if (!this.#onBase) {
      // What could not be fetched is asked for again the next time.
      this.pretrained &&= this.pretrained === "there" ? "there" : null;
    } else if (!this.pretrained) {
      this.pretrained = "wanted";
      void this.bench.try(async () => {
        await loadDialog("pretrained");
        this.pretrained = "there";
      });
    }
  }

  static override styles = [
    base,
    panel,
    css`
      header { flex-wrap: wrap; gap: 6px; }
      header h2 { min-width: max-content; }
      header .button { padding: 0 5px; }
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
      button.layer { max-width: 100%; padding: 0; border: 0; background: none; color: inherit; text-align: left; cursor: pointer; overflow: hidden; text-overflow: ellipsis; text-decoration: underline; text-decoration-color: var(--lab-edge); text-underline-offset: 3px; }
      .buttons { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
      .link:empty { display: none; }
      .link { padding: 8px 12px; border-radius: 6px; background: var(--lab-wash); overflow-wrap: anywhere; }
    `,
  ];

  override render(): TemplateResult {
    const { bench } = this;
    const { network, builder } = bench;
    const { offered } = network;
    const preset = offered ?? network.presets.find(({ name }) => name === network.chosen);
    const why = this.#busy;
    const none = network.summary ? undefined : "There is no network yet.";
    const closed = bench.fixed ?? none;
    return html`<section aria-labelledby="title">
      <header><span class="place" aria-hidden="true">2</span><h2 id="title" class="grow">Network</h2>
        ${button({ id: "export", label: "Export", name: "Export the network: Keras, ONNX, PyTorch, TensorFlow.js, a page by itself", why: none, onClick: () => bench.open("export") })}
        ${button({ id: "copy-link", label: "Copy link", name: "Copy a link to the whole experiment", why: none, onClick: () => void this.#copyLink() })}
      </header>
      <slot></slot>
      ${field({
        id: "preset",
        label: "Network of the lesson",
        help: "A ready-made network, made for the pictures you chose. Choosing one starts with fresh random weights.",
        control: html`<select id="preset" ?disabled=${why !== undefined} title=${why ?? nothing}
          @change=${(event: Event) => void network.choose((event.target as HTMLSelectElement).value)}>
          ${network.presets.map((one) => html`<option value=${one.name} .selected=${live(one === offered || (!offered && one.name === network.chosen))}>${this.#titleOf(one)}</option>`)}
          ${network.chosen === own ? html`<option value=${own} .selected=${live(true)}>Your own</option>` : nothing}
        </select>`,
      })}
      <p class="small muted describe">${preset?.description ?? (network.chosen === own ? "A network of your own, or from a file." : "")}</p>
      <div class="buttons">
        ${button({ id: "build", label: "Build …", name: "Build the network: its layers, one by one", why: closed, onClick: () => void builder.open() })}
        ${button({ id: "paste-code", label: "Paste code …", name: "Paste Keras code or JSON", why: closed, onClick: () => void builder.open(undefined, "text") })}
      </div>
      <div role="status" class="link small">${this.link ? this.#linkTold(this.link) : nothing}</div>
      ${this.#onBase && this.pretrained === "there" ? dialogs.pretrained.show(bench) : nothing}
      ${network.summary && !network.base ? this.#summary(network.summary) : nothing}
    </section>`;
  }

  /** With what it costs, where that is a download. */
  #titleOf(preset: Preset): string {
    const found = this.bench.network.baseOf(preset);
    return found ? `${preset.title} · ${found.cached ? "kept" : bytes(found.bytes)}` : preset.title;
  }

  /** Why the network cannot be changed now. */
  get #busy(): string | undefined {
    return this.bench.fixed ?? (this.bench.training.active ? "Stop the run first: another network starts from fresh weights." : this.bench.held);
  }

  async #copyLink(): Promise<void> {
    await this.bench.try(async () => {
      const { address, leftOut } = await linkOf(this.bench);
      this.link = { address, leftOut, copied: await copy(address) };
    });
  }

  /** What the link holds; the link itself where the browser does not let it be copied. */
  #linkTold({ address, leftOut, copied }: NonNullable<NetworkPanel["link"]>): TemplateResult {
    return html`<div class="row"><p class="grow">${copied ? "Link copied: it opens this data, network and training, with fresh weights." : "Copy this link:"} ${leftOut}</p>
      ${button({ id: "close-link", label: "×", name: "Close this message", kind: "square", onClick: () => (this.link = null) })}</div>
      ${copied ? nothing : html`<input type="text" id="link" readonly aria-label="Link to the experiment" .value=${address} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} />`}`;
  }

  /** The table that Keras's summary() prints; each layer opens the builder at its numbers. */
  #summary({ layers, totalParams, trainableParams }: Summary): TemplateResult {
    return html`<table>
      <caption class="sr">The layers, with their output shapes and numbers of parameters</caption>
      <thead><tr><th scope="col">Layer</th><th scope="col">Output shape</th><th scope="col" class="number">Param #</th></tr></thead>
      <tbody>
        ${layers.map(
          ({ name, layer, outputShape, params }) => html`<tr>
            <td>${
              this.bench.fixed
                ? layer
                : html`<button type="button" class="layer" title="${name}: its numbers and options" @click=${() => void this.bench.builder.open(name)}>${layer}</button>`
            }<br /><small>${name}</small></td>
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
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-network": NetworkPanel;
  }
}
