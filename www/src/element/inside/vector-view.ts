import { html, type TemplateResult } from "lit";
import { scaleFor } from "../../view/colormap";
import { plural, value } from "../../view/format";
import "../../view/colour-bar";
import "../../view/value-grid";
import type { Workbench } from "../workbench";
import type { LayerInfo } from "./words";

/** Rows and columns that a strip of values is broken into. */
export function stripOf(length: number): { rows: number; columns: number } {
  const columns = length <= 32 ? Math.min(length, 10) : Math.min(64, Math.ceil(Math.sqrt(length * 4)));
  return { rows: Math.ceil(length / columns), columns };
}

/** A layer without maps: its values as a strip, and what the largest is. */
export function vectorView({ name, outputShape }: LayerInfo, values: Float32Array, bench: Workbench): TemplateResult {
  const { rows, columns } = stripOf(values.length);
  const full = new Float32Array(rows * columns).fill(NaN);
  full.set(values);
  const best = values.reduce((most, of, i) => (of > (values[most] ?? -Infinity) ? i : most), 0);
  const zeros = values.filter((of) => of === 0).length;
  const last = bench.network.summary?.layers.at(-1)?.name === name;
  const classes = bench.data.info?.classes;
  const room = Math.min(640, Math.max(240, innerWidth - 72));
  return html`
    <p id="inside-vector">${name} gives no maps but a vector of ${plural(outputShape.at(-1) ?? values.length, "value")}: where in the picture they come from is not kept.
      ${last ? "These are the scores before the last activation; that makes probabilities of them." : ""}</p>
    <figure><cnn-lab-value-grid table .values=${full} rows=${rows} columns=${columns} .scale=${scaleFor(values)} room=${room} most="48" name="Values of ${name}, row by row"></cnn-lab-value-grid>
      <figcaption>Value by value, row by row${zeros > 0 ? `; ${plural(zeros, "is", "are")} zero` : ""}</figcaption></figure>
    <cnn-lab-colour-bar .scale=${scaleFor(values)}></cnn-lab-colour-bar>
    <p class="small">The largest is ${last && classes ? `that of ${classes[best] ?? best + 1}` : `number ${best + 1}`}: ${value(values[best] ?? NaN)}.</p>`;
}
