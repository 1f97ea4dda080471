/** What went wrong, in plain sentences. */
import type { Texts } from "../text/texts";

export type Notice = {
  /** The code of the CnnLabError, or of the warning. */
  code: string;
  /** What happened, and what to do, as it was thrown; the workbench says it in the lab's language. */
  message: string;
  /** Where: a file, a layer, a field. */
  place: string;
};

/** The parts of an error that a person is told. */
export function noticeOf(t: Texts, error: unknown): Notice {
  const { code, message, file, layer, field, line } = error as Partial<Record<string, string | number>>;
  const known = (name: string, value: string | number | undefined): string[] =>
    // Most sentences name the place themselves.
    value === undefined || String(message).includes(String(value)) ? [] : [`${name} ${value}`];
  const place = [
    ...known(t.lab.file, file),
    ...known(t.lab.layer, layer),
    ...known(t.lab.field, field),
    ...known(t.lab.line, line),
  ].join(", ");
  return { code: String(code ?? "error"), message: String(message ?? error), place };
}

/** Whether something was cancelled by the person, which is no error. */
export function isAbort(error: unknown): boolean {
  return (error as { code?: unknown }).code === "aborted";
}

/** Whether the worker or its device was lost, which the lab makes good by itself. */
export function isLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "panic" || code === "device-lost";
}
