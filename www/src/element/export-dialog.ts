import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import type { ExportFormat, ModelTextFormat } from "../api/types";
import { bytes } from "../view/format";
import { define } from "./define";
import { dialogStyles, Modal } from "./dialog";
import { isAbort } from "./notices";
import { Watch } from "./observable";
import { button, copy, download, field } from "./parts";
import { base } from "./styles";
import type { Workbench } from "./workbench";

type Format = {
  title: string;
  about: string;
  ending: string;
  /** Whether the file can hold what is done to pictures before the first layer, and another end. */
  layers: boolean;
  /** How it is opened, for a file of some name. */
  opened: (file: string) => string;
  /** The code that the file belongs to. */
  code?: ModelTextFormat;
};

const formats: Record<ExportFormat, Format> = {
  keras: {
    title: "Keras", about: "The whole network for Keras 3, in Python.", ending: "keras", layers: true,
    opened: (file) => `import keras\n\nmodel = keras.models.load_model("${file}")\nmodel.predict(pictures)  # [batch, height, width, channels]`,
  },
  "keras-weights": {
    title: "Keras weights (HDF5)", about: "The numbers alone, for a model of the same layers.", ending: "weights.h5", layers: false,
    opened: (file) => `model.load_weights("${file}")`, code: "keras",
  },
  onnx: {
    title: "ONNX", about: "For onnxruntime, and much else, in any language.", ending: "onnx", layers: true,
    opened: (file) => `import onnxruntime\n\nsession = onnxruntime.InferenceSession("${file}")\nsession.run(None, {"input": pictures})  # [batch, channels, height, width]`,
  },
  safetensors: {
    title: "PyTorch (safetensors)", about: "The numbers, by the names that the PyTorch code has.", ending: "safetensors", layers: false,
    opened: (file) => `from safetensors.torch import load_file\n\nmodel.load_state_dict(load_file("${file}"))\nmodel.eval()`, code: "pytorch",
  },
  "tensorflow-js": {
    title: "TensorFlow.js", about: "A layers model, for other pages: a zip to unpack beside yours.", ending: "tfjs.zip", layers: true,
    opened: () => `const model = await tf.loadLayersModel("model.json");\nmodel.predict(pictures); // [batch, height, width, channels]`,
  },
  html: {
    title: "A page by itself", about: "One HTML file that classifies pictures dropped on it, without a network connection.", ending: "html", layers: false,
    opened: () => "Open the file in a browser, and drop pictures on it.",
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
      ${this.#modal.open ? html`${this.#modal.head("Export the network")} ${this.#body()}` : nothing}
    </dialog>`;
  }

  /** The name of the file: the data set and the network, as far as file systems take it. */
  get #file(): string {
    const { bench } = this;
    const name = `${bench.data.info?.name ?? bench.settings.dataset}-${bench.network.chosen}`;
    return `${name.replace(/[\\/:*?"<>|]/g, "-")}.${formats[this.format].ending}`;
  }

  #body(): TemplateResult {
    const { about, layers, opened, code } = formats[this.format];
    const { lab, training } = this.bench;
    return html`<div class="body">
        ${training.trained ? nothing : html`<p class="muted">This network has not been trained yet; its weights are as they were drawn.</p>`}
        <fieldset class="formats" ?disabled=${this.writing}><legend class="sr">Format</legend>
          ${names.map((name) => html`<label><input type="radio" name="format" value=${name} .checked=${name === this.format}
            @change=${() => { this.format = name; this.told = ""; }} /><span>${formats[name].title}</span><span class="small muted">${formats[name].about}</span></label>`)}
        </fieldset>
        ${layers ? this.#choices() : nothing}
        <h3>${this.format === "html" ? "How it is used" : "How it is opened"}</h3>
        <pre tabindex="0" aria-label="${about}">${opened(this.#file)}</pre>
        ${code && lab ? html`<div>${button({ id: "export-code", label: "Copy the code of the model", onClick: () => void this.#copyCode(code) })}</div>` : nothing}
      </div>
      <footer>
        <p class="grow small" role="status">${this.told}</p>
        ${this.writing
          ? button({ id: "cancel-export", label: "Cancel", onClick: () => this.#cancel.abort() })
          : button({ id: "export-file", label: "Export", kind: "primary", why: lab?.summary ? undefined : "There is no network yet.", onClick: () => void this.#write() })}
      </footer>`;
  }

  #choices(): TemplateResult {
    return html`<div class="fields">
      ${field({
        id: "export-pictures", label: "Pictures go in", help: "The lab divides every value by 255, or does what the augmentation's options say. That can be the first layer of the file, so that whoever uses it need not know.",
        control: html`<select id="export-pictures" ?disabled=${this.writing} @change=${(event: Event) => (this.prepares = (event.target as HTMLSelectElement).value === "raw")}>
          <option value="raw" ?selected=${this.prepares}>From 0 to 255</option><option value="prepared" ?selected=${!this.prepares}>Prepared already</option></select>`,
      })}
      ${field({
        id: "export-end", label: "What comes out", help: "Probabilities add up to 1. Logits are what softmax or a sigmoid makes them of; some programs want those.",
        control: html`<select id="export-end" ?disabled=${this.writing} @change=${(event: Event) => (this.end = (event.target as HTMLSelectElement).value as typeof this.end)}>
          <option value="as-is" ?selected=${this.end === "as-is"}>As the network has it</option><option value="probabilities" ?selected=${this.end === "probabilities"}>Probabilities</option><option value="logits" ?selected=${this.end === "logits"}>Logits</option></select>`,
      })}
    </div>`;
  }

  async #write(): Promise<void> {
    const { lab } = this.bench;
    if (!lab || this.writing) return;
    const [format, name] = [this.format, this.#file];
    this.#cancel = new AbortController();
    const title = `${lab.dataset?.name ?? "Image"} classifier`;
    const layers = formats[format].layers ? { preprocessing: this.prepares, ...(this.end !== "as-is" && { softmax: this.end === "probabilities" }) } : {};
    this.writing = true;
    this.told = "Writing …";
    try {
      const blob = await lab.save(format, { ...layers, title, signal: this.#cancel.signal });
      download(blob, name);
      this.told = `${name} is written: ${bytes(blob.size)}.`;
    } catch (error) {
      this.told = isAbort(error) ? "Nothing was written." : "";
      if (!isAbort(error)) this.bench.fail(error);
    } finally {
      this.writing = false;
    }
  }

  async #copyCode(format: ModelTextFormat): Promise<void> {
    await this.bench.try(async () => {
      const text = await this.bench.lab?.modelText(format);
      if (text === undefined) return;
      this.told = (await copy(text)) ? "The code is copied." : "Your browser does not allow copying; open the builder, which shows the code.";
    });
  }
}
