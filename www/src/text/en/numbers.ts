import { numbersIn } from "../../view/format";

export const numbers = numbersIn("en", { notANumber: "not a number", any: "any", bytes: "bytes", dates: "en-GB", percent: "%" });
export const { bytes, count, decimal, duration, figure, loss, percent, rate, shape, value } = numbers;

/** "1 picture", "60 000 pictures". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
