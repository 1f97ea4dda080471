import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { ExportFormat, ModelTextFormat } from "../api/types";
import { define } from "./define";
import { dialogStyles, Modal } from "./dialog";
import { isAbort } from "./notices";
import { Watch } from "./observable";
import { button, copy, download, field } from "./parts";
import { base } from "./styles";
import type { Workbench } from "./workbench";
import "../text/en/exporting";
import { phrase, type Phrase, type Texts } from "../text/texts";

type Format = {
  title: string | Phrase;
  about: Phrase;
  ending: string;
  /** Whether the file can hold what is done to pictures before the first layer, and another end. */
  layers: boolean;
  /** How it is opened, for a file of some name. */
  opened: (file: string, t: Texts) => string;
  /** The code that the file belongs to. */
  code?: ModelTextFormat;
};

const formats: Record<ExportFormat, Format> = {
  keras: {
    title: "Keras", about: (t) => t.exporting.keras, ending: "keras", layers: true,
    opened: (file) => `import keras\n\nmodel = keras.models.load_model("${file}")\nmodel.predict(pictures)  # [batch, height, width, channels]`,
  },
  "keras-weights": {
    title: (t) => t.exporting.kerasWeightsTitle, about: (t) => t.exporting.kerasWeights, ending: "weights.h5", layers: false,
    opened: (file) => `model.load_weights("${file}")`, code: "keras",
  },
  onnx: {
    title: "ONNX", about: (t) => t.exporting.onnx, ending: "onnx", layers: true,
    opened: (file) => `import onnxruntime\n\nsession = onnxruntime.InferenceSession("${file}")\nsession.run(None, {"input": pictures})  # [batch, channels, height, width]`,
  },
  safetensors: {
    title: "PyTorch (safetensors)", about: (t) => t.exporting.pytorch, ending: "safetensors", layers: false,
    opened: (file) => `from safetensors.torch import load_file\n\nmodel.load_state_dict(load_file("${file}"))\nmodel.eval()`, code: "pytorch",
  },
  "tensorflow-js": {
    title: "TensorFlow.js", about: (t) => t.exporting.tensorflow, ending: "tfjs.zip", layers: true,
    opened: () => `const model = await tf.loadLayersModel("model.json");\nmodel.predict(pictures); // [batch, height, width, channels]`,
  },
  html: {
    title: (t) => t.exporting.pageTitle, about: (t) => t.exporting.page, ending: "html", layers: false,
    opened: (_file, t) => t.exporting.pageUse,
  },
};

const names = Object.keys(formats) as ExportFormat[];

/** Writes the trained network for others: one format, what it is to hold, and how it is opened. */
@define("cnn-lab-export")
export class ExportDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private format: ExportFormat = "keras";
  @state() private prepares = true;
  @state() private end: "as-is" | "probabilities" | "logits" = "as-is";
  @state() private writing = false;
  @state() private told = "";

  #cancel = new AbortController();
  readonly #modal = new Modal(this, () => this.bench, "export", () => this.#cancel.abort());

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 640px; }
      .formats { display: grid; gap: 2px; margin: 0; padding: 0; border: 0; }
      .formats label { display: grid; grid-template-columns: 20px 168px 1fr; gap: 4px; align-items: baseline; padding: 4px; border-radius: 6px; }
      .formats label:has(:checked) { background: var(--lab-wash, color-mix(in srgb, var(--lab-accent) 12%, transparent)); }
      pre { margin: 0; padding: 8px 12px; border: 1px solid var(--lab-line); border-radius: 6px; overflow: auto; font-size: 12px; line-height: 18px; }
      @media (max-width: 520px) { .formats label { grid-template-columns: 20px 1fr; } .formats label .muted { grid-column: 2; } }
    `,
  ];

  override render(): TemplateResult {
    return html`<dialog id="export" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head(this.bench.text.exporting.title)} ${this.#body()}` : nothing}
    </dialog>`;
  }

  /** The name of the file: the data set and the network, as far as file systems take it. */
  get #file(): string {
    const { bench } = this;
    const name = `${bench.data.info?.name ?? bench.settings.dataset}-${bench.network.chosen}`;
    return `${name.replace(/[\\/:*?"<>|]/g, "-")}.${formats[this.format].ending}`;
  }

  #body(): TemplateResult {
    const t = this.bench.text;
    const { about, layers, opened, code } = formats[this.format];
    const { lab, training } = this.bench;
    return html`<div class="body">
        ${training.trained ? nothing : html`<p class="muted">${t.exporting.untrained}</p>`}
        <fieldset class="formats" ?disabled=${this.writing}><legend class="sr">${t.exporting.format}</legend>
          ${names.map((name) => html`<label><input type="radio" name="format" value=${name} .checked=${name === this.format}
            @change=${() => { this.format = name; this.told = ""; }} /><span>${phrase(t, formats[name].title)}</span><span class="small muted">${formats[name].about(t)}</span></label>`)}
        </fieldset>
        ${layers ? this.#choices() : nothing}
        <h3>${this.format === "html" ? t.exporting.howUsed : t.exporting.howOpened}</h3>
        <pre tabindex="0" aria-label=${about(t)}>${opened(this.#file, t)}</pre>
        ${code && lab ? html`<div>${button({ id: "export-code", label: t.exporting.copyCode, onClick: () => void this.#copyCode(code) })}</div>` : nothing}
      </div>
      <footer>
        <p class="grow small" role="status">${this.told}</p>
        ${this.writing
          ? button({ id: "cancel-export", label: t.common.cancel, onClick: () => this.#cancel.abort() })
          : button({ id: "export-file", label: t.exporting.export, kind: "primary", why: lab?.summary ? undefined : t.common.noNetwork, onClick: () => void this.#write() })}
      </footer>`;
  }

  #choices(): TemplateResult {
    const t = this.bench.text;
    return html`<div class="fields">
      ${field(t, {
        id: "export-pictures", label: t.exporting.goIn, help: t.exporting.goInHelp,
        control: html`<select id="export-pictures" ?disabled=${this.writing} @change=${(event: Event) => (this.prepares = (event.target as HTMLSelectElement).value === "raw")}>
          <option value="raw" ?selected=${this.prepares}>${t.exporting.from0to255}</option><option value="prepared" ?selected=${!this.prepares}>${t.exporting.prepared}</option></select>`,
      })}
      ${field(t, {
        id: "export-end", label: t.exporting.comesOut, help: t.exporting.comesOutHelp,
        control: html`<select id="export-end" ?disabled=${this.writing} @change=${(event: Event) => (this.end = (event.target as HTMLSelectElement).value as typeof this.end)}>
          <option value="as-is" ?selected=${this.end === "as-is"}>${t.exporting.asNetworkHasIt}</option><option value="probabilities" ?selected=${this.end === "probabilities"}>${t.exporting.probabilities}</option><option value="logits" ?selected=${this.end === "logits"}>${t.exporting.logits}</option></select>`,
      })}
    </div>`;
  }

  async #write(): Promise<void> {
    const t = this.bench.text;
    const { lab } = this.bench;
    if (!lab || this.writing) return;
    const [format, name] = [this.format, this.#file];
    this.#cancel = new AbortController();
    const title = t.exporting.pageName(lab.dataset?.name);
    const layers = formats[format].layers ? { preprocessing: this.prepares, ...(this.end !== "as-is" && { softmax: this.end === "probabilities" }) } : {};
    this.writing = true;
    this.told = t.exporting.writing;
    try {
      const blob = await lab.save(format, { ...layers, title, signal: this.#cancel.signal });
      download(blob, name);
      this.told = t.exporting.written(name, blob.size);
    } catch (error) {
      this.told = isAbort(error) ? t.exporting.notWritten : "";
      if (!isAbort(error)) this.bench.fail(error);
    } finally {
      this.writing = false;
    }
  }

  async #copyCode(format: ModelTextFormat): Promise<void> {
    const t = this.bench.text;
    await this.bench.try(async () => {
      const text = await this.bench.lab?.modelText(format);
      if (text === undefined) return;
      this.told = (await copy(text)) ? t.exporting.codeCopied : t.exporting.cannotCopy;
    });
  }
}
