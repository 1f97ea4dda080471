/** The one error of the public class, and the ways into it. */

/** Stable names; tell errors apart by these, never by their words. */
export type ErrorCode =
  | "spec"
  | "spec-json"
  | "input-shape"
  | "class-count"
  | "data-missing"
  | "shard-truncated"
  | "shard-corrupt"
  | "checkpoint"
  | "image"
  | "webgpu-unavailable"
  | "webgpu-failed"
  | "device-lost"
  | "panic"
  | "option"
  | "state"
  | "aborted"
  | "unsupported"
  | "network";

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
