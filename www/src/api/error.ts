/** The one error of the public class, and the ways into it. */

/** Stable names; tell errors apart by these, never by their words. */
export const errorCodes = [
  "spec",
  "spec-json",
  "model-text",
  "input-shape",
  "class-count",
  "data-missing",
  "shard-truncated",
  "shard-corrupt",
  "checkpoint",
  "image",
  "files",
  "quota",
  "storage",
  "webgpu-unavailable",
  "webgpu-failed",
  "device-lost",
  "panic",
  "option",
  "state",
  "aborted",
  "unsupported",
  "network",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What crosses from the worker, where an Error object would lose its own fields. */
export type ErrorFields = {
  code: ErrorCode;
  message: string;
  file?: string;
  layer?: string;
  field?: string;
  line?: number;
};

/** Every promise of the lab that rejects carries one of these. */
export class CnnLabError extends Error {
  override readonly name = "CnnLabError";
  readonly code: ErrorCode;
  /** The file at fault, where one is known. */
  readonly file?: string;
  /** The layer at fault, where one is known. */
  readonly layer?: string;
  /** The field or option at fault, where one is known. */
  readonly field?: string;
  /** The line at fault, counted from 1, where one is known. */
  readonly line?: number;

  constructor({ code, message, file, layer, field, line }: ErrorFields) {
    super(message);
    this.code = code;
    if (file !== undefined) this.file = file;
    if (layer !== undefined) this.layer = layer;
    if (field !== undefined) this.field = field;
    if (line !== undefined) this.line = line;
  }
}

/** What of an error crosses from the worker. */
export function fieldsOf(error: CnnLabError): ErrorFields {
  const { code, message, file, layer, field, line } = error;
  return {
    code,
    message,
    ...(file !== undefined && { file }),
    ...(layer !== undefined && { layer }),
    ...(field !== undefined && { field }),
    ...(line !== undefined && { line }),
  };
}

/** A wrong argument, naming it. */
export function optionError(field: string, message: string): CnnLabError {
  return new CnnLabError({ code: "option", field, message });
}

/** A call that makes no sense now. */
export function stateError(message: string): CnnLabError {
  return new CnnLabError({ code: "state", message });
}

/** What an aborted call rejects with. */
export function abortedError(message = "Cancelled; nothing was changed."): CnnLabError {
  return new CnnLabError({ code: "aborted", message });
}

/** The browser gives no more room for what has to be kept in its storage. */
export function quotaError(
  message = "The browser's storage is full, so nothing was changed. Choose smaller or fewer pictures, forget a remembered set, or free some disk space.",
): CnnLabError {
  return new CnnLabError({ code: "quota", message });
}

/** Any thrown value as a `CnnLabError`. What nobody foresaw counts as a failure of the core. */
export function toCnnLabError(error: unknown): CnnLabError {
  if (error instanceof CnnLabError) return error;
  if (error instanceof DOMException && error.name === "AbortError") return abortedError();
  if (error instanceof DOMException && error.name === "QuotaExceededError") return quotaError();
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && "code" in error && isCode(error.code)) {
    const { file, layer, field, line } = error as Partial<ErrorFields>;
    return new CnnLabError({
      code: error.code,
      message,
      ...(typeof file === "string" && { file }),
      ...(typeof layer === "string" && { layer }),
      ...(typeof field === "string" && { field }),
      ...(typeof line === "number" && { line }),
    });
  }
  return new CnnLabError({ code: "panic", message: `The lab met an internal error (${message}).` });
}

function isCode(code: unknown): code is ErrorCode {
  return (errorCodes as readonly unknown[]).includes(code);
}
