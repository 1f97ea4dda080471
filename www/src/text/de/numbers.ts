import { numbersIn } from "../../view/format";

// Between a number and its percent sign stands a narrow space that does not break.
export const numbers = numbersIn("de", { notANumber: "keine Zahl", any: "beliebig", bytes: "Byte", dates: "de", percent: "\u202f%" });
export const { bytes, count, decimal, duration, figure, loss, percent, rate, shape, value } = numbers;

/** „1 Bild“, „60 000 Bilder“. */
export function plural(n: number, one: string, many: string): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
