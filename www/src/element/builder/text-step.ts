import { isSpec } from "../../api/model-text";
import { isAbort, type Notice, noticeOf } from "../notices";
import type { ModelTextFormat } from "../../api/types";
import type { Workbench } from "../workbench";
import type { BuilderStep } from "./builder-step";
import { type Draft, draftOf, placeNamed, specOf, textOf } from "./draft";
import { lineOf } from "./lines";

/** Text is read when the typing pauses, in milliseconds. */
const pause = 250;

/** What the text is shown as; whatever can be read may be typed in its place. */
export type TextFormat = "json" | ModelTextFormat;

/** The network that is being built, as text: JSON, Keras's Python, or a program to take away. */
export class TextStep {
  format: TextFormat = "json";
  problem: (Notice & { line: number | null }) | null = null;
  /** What reading it left out. */
  notes: readonly string[] = [];
  /** As it was typed; null: as the draft gives it. */
  #typed: string | null = null;
  #reading = false;
  /** The draft as a program; null while it is being written. */
  #program: { draft: Draft; format: TextFormat; text: string; /** Why it cannot be written. */ failed?: string } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly bench: Workbench,
    private readonly builder: BuilderStep,
  ) {}

  /** What stands in the field. */
  get shown(): string {
    const { draft } = this.builder;
    if (this.#typed !== null || this.format === "json") {
      return this.#typed ?? textOf(draft);
    }
    if (this.#program?.draft !== draft || this.#program.format !== this.format) {
      void this.#write(draft, this.format);
    }
    const { text = "", failed } = this.#program ?? {};
    return failed === undefined ? text : this.bench.text.network.cannotBeWritten(this.bench.says(failed));
  }

  /** Whether it can be typed into: PyTorch and Burn are written, not read. */
  get editable(): boolean {
    return this.format === "json" || this.format === "keras";
  }

  /** Shows the draft as something else. */
  show(format: TextFormat): void {
    this.forget();
    this.format = format;
    this.#program = null;
    this.bench.changed();
  }

  async #write(draft: Draft, format: ModelTextFormat): Promise<void> {
    // At once: it is asked for again whenever the field is drawn.
    const before = this.#program;
    const program = (this.#program = { ...before, draft, format, text: before?.text ?? "" });
    const lab = await this.bench.ready;
    const written = await lab.modelText(format, { spec: specOf(draft), fit: draft.said?.fit ?? {} }).then(
      (text) => ({ text }),
      (error: unknown) => ({ text: "", failed: noticeOf(this.bench.text, error).message }),
    );
    if (this.#program === program) {
      this.#program = { draft, format, ...written };
      this.bench.changed();
    }
  }

  /** The draft is what the text says. */
  get settled(): boolean {
    return !this.#reading && this.problem === null;
  }

  /** Takes what was typed. */
  type(text: string): void {
    this.#typed = text;
    this.#reading = true;
    this.builder.asking = null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#read(text), pause);
    this.bench.changed();
  }

  /** The draft has become another one: it gives the text again. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#typed = null;
    this.#reading = false;
    this.problem = null;
    this.notes = [];
  }

  /** The draft becomes what the text says, once that is right; until then it stays. */
  async #read(text: string): Promise<void> {
    const lab = await this.bench.ready;
    try {
      const info = await lab.inspectModel(text);
      // Another letter may have been typed meanwhile, or the draft have been changed.
      if (text === this.#typed) {
        this.#reading = false;
        this.problem = null;
        this.notes = info.notes;
        const { draft } = this.builder;
        // A spec's own text has no word for training: what code said before holds.
        const said = isSpec(text) ? draft.said : { fit: info.fit, validation: info.validationSplit };
        this.builder.takeChecked({ draft: { ...draftOf(info.spec, draft), ...(said && { said }) }, info }, "text");
      }
    } catch (error) {
      if (text === this.#typed && !isAbort(error)) {
        this.#reading = false;
        this.problem = { ...noticeOf(this.bench.text, error), line: textLine(error, text) };
      }
    }
    this.bench.changed();
  }
}

/** The line of an error: the core's own or, where it names a layer and JSON was typed, that one's. */
function textLine(error: unknown, text: string): number | null {
  const { line, layer, field } = error as { line?: number; layer?: string; field?: string };
  if (line !== undefined) {
    return line;
  }
  if (layer === undefined) {
    return lineOf(text, null, field ?? null);
  }
  let layers: unknown;
  try {
    ({ layers } = JSON.parse(text) as { layers?: unknown });
  } catch {
    return null;
  }
  const place = placeNamed(layer, Array.isArray(layers) ? layers : []);
  return place < 0 ? null : lineOf(text, place, field ?? null);
}
