import { html, nothing, type TemplateResult } from "lit";
import "./help";
import type { Texts } from "../text/texts";

/** Small pieces that several panels are made of. */

type ButtonOptions = {
  label: string | TemplateResult;
  onClick: () => void;
  /** Why it cannot be pressed now; absent where it can. */
  why?: string | undefined;
  kind?: "primary" | "plain" | "square";
  /** Said instead of the label, where that is a sign. */
  name?: string;
  id: string;
};

/**
 * A button that stays reachable by keyboard while it is disabled, so that its reason can be
 * read there: by the pointer as a tooltip, by a screen reader as its description.
 */
export function button({ label, onClick, why, kind, name, id }: ButtonOptions): TemplateResult {
  return html`<button
      type="button"
      id=${id}
      class="button ${kind ?? ""}"
      aria-label=${name ?? nothing}
      aria-disabled=${why ? "true" : nothing}
      aria-describedby=${why ? `${id}-why` : nothing}
      title=${why ?? name ?? nothing}
      @click=${() => {
        if (!why) onClick();
      }}
    >${label}</button>${why ? html`<span id="${id}-why" class="sr">${why}</span>` : nothing}`;
}

type FieldOptions = {
  id: string;
  label: string;
  help: string;
  control: TemplateResult;
  /** Stands at the right of the label. */
  value?: string;
};

/** A control under its label and "?". The control carries `id` itself. */
export function field(t: Texts, { id, label, help, control, value }: FieldOptions): TemplateResult {
  return html`<div class="field">
    <div class="caption">
      <label for=${id}>${label}</label>
      <cnn-lab-help .text=${t} about=${label}>${help}</cnn-lab-help>
      ${value === undefined ? nothing : html`<span class="grow number">${value}</span>`}
    </div>
    ${control}
  </div>`;
}

/** A whole or decimal number that a person typed, or null where it is none or out of range. */
export function typedNumber(input: HTMLInputElement): number | null {
  const value = input.valueAsNumber;
  return Number.isFinite(value) && input.validity.valid ? value : null;
}

/** Puts a text on the clipboard; resolves to whether it is there. A page that is not secure has no clipboard, whatever the types say. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Hands a file to the person as a download. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken the address by the time the click returns; a second is generous.
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
