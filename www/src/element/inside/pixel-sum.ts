/** The arithmetic of one pixel, as a person would write it down. */
import { css, html, nothing, type TemplateResult } from "lit";
import "../../view/value-grid";
import { type Scale, scaleFor } from "../../view/colormap";
import { decimal, plural } from "../../view/format";
import { agree, type Convolved, largest, type Part, type Pooled } from "./arithmetic";

/** Input channels that are shown with all their products. */
const mostParts = 6;

export const sumStyles = css`
  .parts { display: flex; flex-wrap: wrap; gap: 12px 24px; }
  .part { display: grid; gap: 4px; }
  .part > .row { gap: 8px; }
  .part .sign { font-size: 16px; }
  table.sum { border-collapse: collapse; }
  table.sum :is(th, td) { padding: 2px 16px 2px 0; text-align: left; font-weight: 400; }
  table.sum td { text-align: right; font-variant-numeric: tabular-nums; }
  table.sum tr.whole > * { border-top: 1px solid var(--lab-edge); font-weight: 650; }
`;

/** Four decimals, so that it can be added up again. */
function exact(x: number): string {
  return decimal(x, 4);
}

function scaleOfAll(all: readonly Float32Array[], signed: boolean): Scale {
  let [low, high] = [0, 0];
  for (const values of all) {
    const scale = scaleFor(values);
    low = Math.min(low, scale.low);
    high = Math.max(high, scale.high);
  }
  const reach = Math.max(high, -low);
  return signed || low < 0 ? { low: -reach, high: reach, signed: true } : { low: 0, high, signed: false };
}

function says(made: number | null, found: number): TemplateResult {
  return html`<tr><th scope="row">The map has there</th><td id="sum-map">${exact(found)}</td></tr>
    ${made === null || agree(made, found) ? nothing : html`<tr><th scope="row" colspan="2">They differ: the network has learned on in between.</th></tr>`}`;
}

export function convolvedSum(made: Convolved, found: number, inputName: string): TemplateResult {
  const { shown, others, rest } = largest(made.parts, mostParts);
  const patches = scaleOfAll(shown.map(({ patch }) => patch), false);
  const kernels = scaleOfAll(shown.map(({ kernel }) => kernel), true);
  const [rows, columns] = made.window.size;
  const outside = shown[0]?.patch.filter((value) => Number.isNaN(value)).length ?? 0;
  const many = made.parts.length > 1;
  const part = ({ channel, patch, kernel, sum }: Part): TemplateResult => html`<div class="part">
    <span class="small muted">${many ? `Channel ${channel + 1} of ${inputName}` : `${inputName} × kernel`}</span>
    <div class="row">
      <cnn-lab-value-grid table .values=${patch} rows=${rows} columns=${columns} .scale=${patches} room="120" most="40" name="What the window sees of channel ${channel + 1}"></cnn-lab-value-grid>
      <span class="sign" aria-hidden="true">×</span>
      <cnn-lab-value-grid table .values=${kernel} rows=${rows} columns=${columns} .scale=${kernels} room="120" most="40" name="The kernel for channel ${channel + 1}"></cnn-lab-value-grid>
      <span class="sign" aria-hidden="true">=</span> <b>${exact(sum)}</b>
    </div></div>`;
  const sum = html`<table class="sum" aria-label="The sum">
      <tr><th scope="row">${many ? `${plural(shown.length, "channel")} below` : "The products"}</th><td>${exact(shown.reduce((sum, one) => sum + one.sum, 0))}</td></tr>
      ${others > 0 ? html`<tr><th scope="row">${plural(others, "other channel")}</th><td>${exact(rest)}</td></tr>` : nothing}
      <tr><th scope="row">Bias</th><td>${exact(made.bias)}</td></tr>
      <tr class="whole"><th scope="row">Sum</th><td>${exact(made.sum)}</td></tr>
      <tr><th scope="row">${made.activation === "linear" ? "No activation" : `After ${made.activation}`}</th><td id="sum-result">${
        made.result === null ? "needs all maps" : exact(made.result)}</td></tr>
      ${says(made.result, found)}
    </table>`;
  const products = html`<div class="scroll" role="region" aria-label="Products of each channel" tabindex="0"><div class="parts">${shown.map(part)}</div></div>`;
  // Many products would push the sum out of sight.
  return html`
    <p class="small muted">Each value that the window sees times the kernel’s value at the same place, all added up.${others > 0 ? ` The ${shown.length} channels that count most are shown.` : ""}${
      outside > 0 ? ` ${plural(outside, "place lies", "places lie")} beyond the edge (–) and count as 0.` : ""}</p>
    ${many ? html`${sum} ${products}` : html`${products} ${sum}`}`;
}

export function pooledSum(made: Pooled, found: number, inputName: string): TemplateResult {
  const [rows, columns] = made.window.size;
  return html`
    <p class="small muted">The ${made.takes === "largest" ? "largest value" : "mean"} of what the window sees in the same map of ${inputName}.</p>
    <div class="row"><cnn-lab-value-grid table .values=${made.patch} rows=${rows} columns=${columns} room="240" most="48" name="What the window sees"></cnn-lab-value-grid>
      <table class="sum" aria-label="The result">
        <tr class="whole"><th scope="row">${made.takes === "largest" ? "Largest" : "Mean"}</th><td id="sum-result">${exact(made.result)}</td></tr>
        ${says(made.result, found)}
      </table></div>`;
}
