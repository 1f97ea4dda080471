import type { ModelSpec } from "../api/types";

/** JSON with a line for each layer: short enough to read, long enough to edit. */
export function specText(spec: ModelSpec | null): string {
  if (!spec) {
    return "";
  }
  // Line breaks in strings are escaped, so those that are left only lay out the text.
  const line = (value: unknown): string => JSON.stringify(value, null, 1).replace(/\n */g, " ");
  const { input_shape, layers, ...rest } = spec;
  const lines = layers.map(({ layer, ...options }) => `    ${line({ layer, ...options })}`);
  const entries = [
    `  "input_shape": ${line(input_shape)}`,
    `  "layers": [\n${lines.join(",\n")}\n  ]`,
    ...Object.entries(rest).map(([key, value]) => `  ${JSON.stringify(key)}: ${line(value)}`),
  ];
  return `{\n${entries.join(",\n")}\n}`;
}

/** Whether a text that is pasted anywhere on the page is meant as a network: other code is none of the lab's business. */
export function isModel(text: string): boolean {
  const code = /\b(Sequential|Conv2D|Dense|keras\.Model)\s*\(|\bModel\s*\(\s*inputs|"class_name"/;
  return code.test(text) || (/"layers"\s*:/.test(text) && /"input_shape"\s*:/.test(text));
}
