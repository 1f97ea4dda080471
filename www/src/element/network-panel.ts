import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Summary } from "../api/types";
import { define } from "./define";
import { dialogs, loadDialog } from "./dialogs";
import { linkOf } from "./experiment";
import { asBase, type Listed, own } from "./network-step";
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
    new Watch(this, () => this.bench, true);
  }

  /** There is something to show of a pretrained network, or of frozen layers. */
  get #onBase(): boolean {
    const { hasFrozen, offered, download } = this.bench.network;
    return hasFrozen || offered !== null || download !== null;
  }

  override willUpdate(): void {
    if (!this.#onBase) {
      // What could not be fetched is asked for again the next time.
      this.pretrained &&= this.pretrained === "there" ? "there" : null;
    } else if (!this.pretrained) {
      this.pretrained = "wanted";
      void this.bench.try(async () => {
        await loadDialog(this.bench.text, "pretrained");
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
    const t = this.bench.text;
    const { bench } = this;
    const { network, builder } = bench;
    const { offered } = network;
    const preset = offered ?? network.presets.find(({ name }) => name === network.chosen);
    const why = this.#busy;
    const none = network.summary ? undefined : t.common.noNetwork;
    const closed = bench.fixed ?? none;
    return html`<section aria-labelledby="title">
      <header><span class="place" aria-hidden="true">2</span><h2 id="title" class="grow">${t.network.title}</h2>
        ${button({ id: "export", label: t.network.export, name: t.network.exportName, why: none, onClick: () => bench.open("export") })}
        ${button({ id: "copy-link", label: t.network.copyLink, name: t.network.copyLinkName, why: none, onClick: () => void this.#copyLink() })}
      </header>
      <slot></slot>
      ${field(t, {
        id: "preset",
        label: t.network.ofLesson,
        help: t.network.ofLessonHelp,
        control: html`<select id="preset" ?disabled=${why !== undefined} title=${why ?? nothing}
          @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>
          ${network.presets.map((one) => html`<option value=${one.name} .selected=${live(one === offered || (!offered && one.name === network.chosen))}>${this.#titleOf(one)}</option>`)}
          ${network.chosen === own ? html`<option value=${own} .selected=${live(true)}>${t.network.own}</option>` : nothing}
          ${network.canBeBase ? html`<option value=${asBase}>${t.network.asBase}</option>` : nothing}
        </select>`,
      })}
      <p class="small muted describe">${preset?.head?.classes ? t.network.headHelp(preset.head.classes) : preset ? t.core.says(preset.description) : network.chosen === own ? this.#ownHelp : ""}</p>
      <div class="buttons">
        ${button({ id: "build", label: t.network.build, name: t.network.buildName, why: closed, onClick: () => void builder.open() })}
        ${button({ id: "paste-code", label: t.network.paste, name: t.network.pasteName, why: closed, onClick: () => void builder.open(undefined, "text") })}
      </div>
      <div role="status" class="link small">${this.link ? this.#linkTold(this.link) : nothing}</div>
      ${this.#onBase && this.pretrained === "there" ? dialogs.pretrained.show(bench) : nothing}
      ${network.summary && !network.hasFrozen ? this.#summary(network.summary) : nothing}
    </section>`;
  }

  #choose(name: string): void {
    const { network } = this.bench;
    void (name === asBase ? network.useAsBase() : network.choose(name));
  }

  /** What a network is that is none of the list, and what to do where it does not fit the pictures. */
  get #ownHelp(): string {
    const { network, text: t } = this.bench;
    const { misfit, canBeBase, hasFrozen } = network;
    if (misfit) return canBeBase ? `${misfit} ${t.network.orAsBase(t.network.asBase)}` : misfit;
    return hasFrozen && !network.base ? t.network.asBaseHelp : t.network.ownHelp;
  }

  /** With what it costs, where that is a download. */
  #titleOf(preset: Listed): string {
    const { network, text: t } = this.bench;
    const found = network.baseOf(preset);
    const title = network.titleOf(preset);
    return found ? `${title} · ${found.cached ? t.network.kept : t.bytes(found.bytes)}` : title;
  }

  /** Why the network cannot be changed now. */
  get #busy(): string | undefined {
    return this.bench.fixed ?? (this.bench.training.active ? this.bench.text.common.stopFirstFresh : this.bench.held);
  }

  async #copyLink(): Promise<void> {
    await this.bench.try(async () => {
      const { address, leftOut } = await linkOf(this.bench);
      this.link = { address, leftOut, copied: await copy(address) };
    });
  }

  /** What the link holds; the link itself where the browser does not let it be copied. */
  #linkTold({ address, leftOut, copied }: NonNullable<NetworkPanel["link"]>): TemplateResult {
    const t = this.bench.text;
    return html`<div class="row"><p class="grow">${copied ? t.network.linkCopied : t.network.copyThis} ${leftOut}</p>
      ${button({ id: "close-link", label: "×", name: t.common.closeMessage, kind: "square", onClick: () => (this.link = null) })}</div>
      ${copied ? nothing : html`<input type="text" id="link" readonly aria-label=${t.network.linkName} .value=${address} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} />`}`;
  }

  /** The table that Keras's summary() prints; each layer opens the builder at its numbers. */
  #summary({ layers, totalParams, trainableParams }: Summary): TemplateResult {
    const t = this.bench.text;
    return html`<table>
      <caption class="sr">${t.common.tableOfLayers}</caption>
      <thead><tr><th scope="col">${t.common.layer}</th><th scope="col">${t.common.outputShape}</th><th scope="col" class="number">${t.common.paramCount}</th></tr></thead>
      <tbody>
        ${layers.map(
          ({ name, layer, outputShape, params }) => html`<tr>
            <td>${
              this.bench.fixed
                ? layer
                : html`<button type="button" class="layer" title=${t.common.numbersAndOptions(name)} @click=${() => void this.bench.builder.open(name)}>${layer}</button>`
            }<br /><small>${name}</small></td>
            <td>${t.shape(outputShape).replaceAll("\u202f×\u202f", "×")}</td>
            <td class="number">${t.count(params)}</td>
          </tr>`,
        )}
      </tbody>
      <tbody>
        <tr class="total"><td colspan="2">${t.common.totalParams}</td><td class="number"><b>${t.count(totalParams)}</b></td></tr>
        <tr class="total"><td colspan="2">${t.common.trainableParams}</td><td class="number">${t.count(trainableParams)}</td></tr>
        <tr class="total"><td colspan="2">${t.common.nonTrainableParams}</td><td class="number">${t.count(totalParams - trainableParams)}</td></tr>
      </tbody>
    </table>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-network": NetworkPanel;
  }
}
