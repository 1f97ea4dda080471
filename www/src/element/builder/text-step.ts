import { isAbort, type Notice, noticeOf } from "../notices";
import type { Workbench } from "../workbench";
import type { BuilderStep } from "./builder-step";
import { draftOf, placeNamed, textOf } from "./draft";
import { lineOf } from "./lines";

/** Text is read when the typing pauses, in milliseconds. */
const pause = 250;

/** The network that is being built, as text: JSON, or whatever else the core reads. */
export class TextStep {
  problem: (Notice & { line: number | null }) | null = null;
  /** What reading it left out. */
  notes: readonly string[] = [];
  /** As it was typed; null: as the draft gives it. */
  #typed: string | null = null;
  #reading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly bench: Workbench,
    private readonly builder: BuilderStep,
  ) {}

  get shown(): string {
    return this.#typed ?? textOf(this.builder.draft);
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
        this.builder.takeChecked({ draft: draftOf(info.spec, this.builder.draft), info }, "text");
      }
    } catch (error) {
      if (text === this.#typed && !isAbort(error)) {
        this.#reading = false;
        this.problem = { ...noticeOf(error), line: textLine(error, text) };
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
