/** The squares of a grid: where keys lead, and what can be read on a colour. */

/** Where a key leads from a square; null for other keys. */
export function moveIn(key: string, { row, column }: { row: number; column: number }, rows: number, columns: number): { row: number; column: number } | null {
  const within = (to: number, size: number): number => Math.min(size - 1, Math.max(0, to));
  switch (key) {
    case "ArrowLeft": return { row, column: within(column - 1, columns) };
    case "ArrowRight": return { row, column: within(column + 1, columns) };
    case "ArrowUp": return { row: within(row - 1, rows), column };
    case "ArrowDown": return { row: within(row + 1, rows), column };
    case "Home": return { row, column: 0 };
    case "End": return { row, column: columns - 1 };
    default: return null;
  }
}

/** Black or white, whichever is read better on a colour as a canvas stores it. */
export function inkOn(colour: number): string {
  const linear = (channel: number): number => (channel / 255) ** 2.2;
  const light = 0.2126 * linear(colour & 255) + 0.7152 * linear((colour >> 8) & 255) + 0.0722 * linear((colour >> 16) & 255);
  return light > 0.18 ? "#000" : "#fff";
}
