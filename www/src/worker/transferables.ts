/** The big arrays of a result, which are handed over to another thread instead of copied. */
export function transferables(result: unknown): Transferable[] {
  const values: unknown[] = result instanceof Uint8Array ? [result] : Object.values(result ?? {});
  const nested = values.flatMap((value): unknown[] => (isPlain(value) ? Object.values(value) : [value]));
  const buffers = nested.filter((value) => ArrayBuffer.isView(value)).map((view) => view.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}

function isPlain(value: unknown): value is object {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}
