import { html, type TemplateResult } from "lit";
import { scaleFor } from "../../view/colormap";
import "../../view/colour-bar";
import "../../view/value-grid";
import type { Workbench } from "../workbench";
import type { LayerInfo } from "./words";
import "../../text/en/deep";

/** Rows and columns that a strip of values is broken into. */
export function stripOf(length: number): { rows: number; columns: number } {
  const columns = length <= 32 ? Math.min(length, 10) : Math.min(64, Math.ceil(Math.sqrt(length * 4)));
  return { rows: Math.ceil(length / columns), columns };
}

/** A layer without maps: its values as a strip, and what the largest is. */
export function vectorView({ name, outputShape }: LayerInfo, values: Float32Array, bench: Workbench): TemplateResult {
  const t = bench.text;
  const { rows, columns } = stripOf(values.length);
  const full = new Float32Array(rows * columns).fill(NaN);
  full.set(values);
  const best = values.reduce((most, of, i) => (of > (values[most] ?? -Infinity) ? i : most), 0);
  const zeros = values.filter((of) => of === 0).length;
  const last = bench.network.summary?.layers.at(-1)?.name === name;
  const { classes } = bench;
  const room = Math.min(640, Math.max(240, innerWidth - 72));
  return html`
    <p id="inside-vector">${t.deep.vector(name, outputShape.at(-1) ?? values.length, last ? t.deep.scoresBefore : "")}</p>
    <figure><cnn-lab-value-grid .text=${t} table .values=${full} rows=${rows} columns=${columns} .scale=${scaleFor(values)} room=${room} most="48" name=${t.deep.valuesOf(name)}></cnn-lab-value-grid>
      <figcaption>${t.deep.valueByValue(zeros > 0 ? t.deep.areZero(zeros) : "")}</figcaption></figure>
    <cnn-lab-colour-bar .text=${t} .scale=${scaleFor(values)}></cnn-lab-colour-bar>
    <p class="small">${t.deep.largestIs(last && classes.length > 0 ? t.deep.thatOf(classes[best] ?? best + 1) : t.deep.numberN(best + 1), values[best] ?? NaN)}</p>`;
}
