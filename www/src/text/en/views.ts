import { count, decimal, figure, plural } from "./numbers";
import { english } from "./index";

export const views = {
  colours: (from: string, to: string) => `Colours from ${from} to ${to}`,
  nothingMeasured: "nothing measured",
  valueAtEpoch: (format: string, x: number) => `${format} at epoch ${decimal(x, 1)}`,
  distribution: (name: string, all: number, low: number, high: number, mean: number, std: number) => `${name}: ${count(all)} values from ${figure(low)} to ${figure(high)}, mean ${figure(mean)}, standard deviation ${figure(std)}.`,
  valuesUpTo: (most: number) => `values, up to ${count(most)}`,
  histogramLatest: (words: string) => `Histogram of the latest ${words}`,
  barIs: (low: number, low2: number, bar: number) => `${figure(low)} to ${figure(low2)}: ${plural(bar, "value")}`,
  notNumbers: (wrong: number) => `${plural(wrong, "value")} more: not a number.`,
  picture: (current: number) => `Picture ${count(current)}`,
  noPictures: "No pictures",
  range: (from: number, to: number) => `${count(from)} to ${count(to)}`,
  pictures: "pictures",
  pixels: (name: string, countOf: number) => `${name} pixels: ${plural(countOf, "picture")}`,
  histogram: (across: string, said: string) => `Histogram of the ${across}. ${said}.`,
  nothingYetMeasured: "Nothing measured yet",
  stepColon: (steps: number) => `step ${count(steps)}: `,
  nothingYet: "Nothing yet.",
  overSteps: (of: string, steps: number, first: number, last: number) => `Chart of ${of} over steps: ${plural(steps, "snapshot")} from step ${count(first)} to ${count(last)}.`,
  usual: (format: string, format2: string) => ` Usual are ${format} to ${format2}.`,
  fromRead: (where: string, read: string, read2: string, usual: string) => `${where} From ${read} to ${read2}.${usual}`,
  latestGo: (where: string, low: number, high: number, mean: number, std: number) => `${where} The latest go from ${figure(low)} to ${figure(high)}, mean ${figure(mean)}, standard deviation ${figure(std)}.`,
  step: (steps: number) => `step ${count(steps)}`,
  yAtX: (formatY: string, formatX: string) => `${formatY} at ${formatX}`,
  nothingToDraw: (name: string, across: string) => `Chart of ${name} over ${across}. Nothing to draw yet.`,
  lowest: (formatY: string, formatX: string) => ` Lowest, ${formatY}, at ${formatX}.`,
  marked: (text: string) => ` Marked: ${text}.`,
  chart: (name: string, across: string, formatY: string, formatX: string, formatY2: string, formatX2: string, low: string, mark: string) => `Chart of ${name} over ${across}: from ${formatY} at ${formatX} to ${formatY2} at ${formatX2}.${low}${mark}`,
  rowColumn: (row: number, column: number) => `, row ${row}, column ${column}`,
  asNumbers: "As numbers",
  firstRows: (rows: number, wide: number) => `The first ${rows} rows and ${wide} columns.`,
  nameAsNumbers: (name: string) => `${name}, as numbers`,
};

Object.assign(english, { views });
