import { count, decimal, figure, plural } from "./numbers";
import { english } from "./index";

/** Charts and pictures of the dialogs. */
export const views = {
  colours: (from: string, to: string) => `Colours from ${from} to ${to}`,
  nothingMeasured: "nothing measured",
  valueAtEpoch: (measured: string, epoch: number) => `${measured} at epoch ${decimal(epoch, 1)}`,
  distribution: (name: string, all: number, low: number, high: number, mean: number, std: number) => `${name}: ${count(all)} values from ${figure(low)} to ${figure(high)}, mean ${figure(mean)}, standard deviation ${figure(std)}.`,
  valuesUpTo: (most: number) => `values, up to ${count(most)}`,
  histogramLatest: (words: string) => `Histogram of the latest ${words}`,
  barIs: (low: number, high: number, bar: number) => `${figure(low)} to ${figure(high)}: ${plural(bar, "value")}`,
  notNumbers: (wrong: number) => `${plural(wrong, "value")} more: not a number.`,
  picture: (current: number) => `Picture ${count(current)}`,
  noPictures: "No pictures",
  range: (from: number, to: number) => `${count(from)} to ${count(to)}`,
  pictures: "pictures",
  pixels: (name: string, n: number) => `${name} pixels: ${plural(n, "picture")}`,
  histogram: (across: string, said: string) => `Histogram of the ${across}. ${said}.`,
  nothingYetMeasured: "Nothing measured yet",
  stepColon: (steps: number) => `step ${count(steps)}: `,
  nothingYet: "Nothing yet.",
  overSteps: (of: string, steps: number, first: number, last: number) => `Chart of ${of} over steps: ${plural(steps, "snapshot")} from step ${count(first)} to ${count(last)}.`,
  usual: (low: string, high: string) => ` Usual are ${low} to ${high}.`,
  fromRead: (where: string, first: string, last: string, usual: string) => `${where} From ${first} to ${last}.${usual}`,
  latestGo: (where: string, low: number, high: number, mean: number, std: number) => `${where} The latest go from ${figure(low)} to ${figure(high)}, mean ${figure(mean)}, standard deviation ${figure(std)}.`,
  step: (steps: number) => `step ${count(steps)}`,
  yAtX: (y: string, x: string) => `${y} at ${x}`,
  nothingToDraw: (name: string, across: string) => `Chart of ${name} over ${across}. Nothing to draw yet.`,
  lowest: (y: string, x: string) => ` Lowest, ${y}, at ${x}.`,
  marked: (text: string) => ` Marked: ${text}.`,
  chart: (name: string, across: string, fromY: string, fromX: string, toY: string, toX: string, low: string, mark: string) => `Chart of ${name} over ${across}: from ${fromY} at ${fromX} to ${toY} at ${toX}.${low}${mark}`,
  rowColumn: (row: number, column: number) => `, row ${row}, column ${column}`,
  asNumbers: "As numbers",
  firstRows: (rows: number, wide: number) => `The first ${rows} rows and ${wide} columns.`,
  nameAsNumbers: (name: string) => `${name}, as numbers`,
};

Object.assign(english, { views });
