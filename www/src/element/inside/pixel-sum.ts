/** The arithmetic of one pixel, as a person would write it down. */
import { css, html, nothing, type TemplateResult } from "lit";
import "../../view/value-grid";
import { type Scale, scaleFor } from "../../view/colormap";
import { agree, type Convolved, largest, type Part, type Pooled } from "./arithmetic";
import "../../text/en/deep";
import type { Texts } from "../../text/texts";

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
function exact(t: Texts, x: number): string {
  return t.decimal(x, 4);
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

function says(t: Texts, made: number | null, found: number): TemplateResult {
  return html`<tr><th scope="row">${t.deep.mapHasThere}</th><td id="sum-map">${exact(t, found)}</td></tr>
    ${made === null || agree(made, found) ? nothing : html`<tr><th scope="row" colspan="2">${t.deep.theyDiffer}</th></tr>`}`;
}

export function convolvedSum(t: Texts, made: Convolved, found: number, inputName: string): TemplateResult {
  const { shown, others, rest } = largest(made.parts, mostParts);
  const patches = scaleOfAll(shown.map(({ patch }) => patch), false);
  const kernels = scaleOfAll(shown.map(({ kernel }) => kernel), true);
  const [rows, columns] = made.window.size;
  const outside = shown[0]?.patch.filter((value) => Number.isNaN(value)).length ?? 0;
  const many = made.parts.length > 1;
  const part = ({ channel, patch, kernel, sum }: Part): TemplateResult => html`<div class="part">
    <span class="small muted">${many ? t.deep.channelOf(channel + 1, inputName) : t.deep.timesKernel(inputName)}</span>
    <div class="row">
      <cnn-lab-value-grid .text=${t} table .values=${patch} rows=${rows} columns=${columns} .scale=${patches} room="120" most="40" name=${t.deep.windowSeesChannel(channel + 1)}></cnn-lab-value-grid>
      <span class="sign" aria-hidden="true">×</span>
      <cnn-lab-value-grid .text=${t} table .values=${kernel} rows=${rows} columns=${columns} .scale=${kernels} room="120" most="40" name=${t.deep.kernelFor(channel + 1)}></cnn-lab-value-grid>
      <span class="sign" aria-hidden="true">=</span> <b>${exact(t, sum)}</b>
    </div></div>`;
  const sum = html`<table class="sum" aria-label=${t.deep.theSum}>
      <tr><th scope="row">${many ? t.deep.channelsBelow(shown.length) : t.deep.theProducts}</th><td>${exact(t, shown.reduce((sum, one) => sum + one.sum, 0))}</td></tr>
      ${others > 0 ? html`<tr><th scope="row">${t.deep.otherChannels(others)}</th><td>${exact(t, rest)}</td></tr>` : nothing}
      <tr><th scope="row">${t.deep.bias}</th><td>${exact(t, made.bias)}</td></tr>
      <tr class="whole"><th scope="row">${t.deep.sum}</th><td>${exact(t, made.sum)}</td></tr>
      <tr><th scope="row">${made.activation === "linear" ? t.deep.noActivation : t.deep.afterActivation(made.activation)}</th><td id="sum-result">${
        made.result === null ? t.deep.needsAll : exact(t, made.result)}</td></tr>
      ${says(t, made.result, found)}
    </table>`;
  const products = html`<div class="scroll" role="region" aria-label=${t.deep.productsOf} tabindex="0"><div class="parts">${shown.map(part)}</div></div>`;
  // Many products would push the sum out of sight.
  return html`
    <p class="small muted">${t.deep.sumHelp(others > 0 ? t.deep.mostShown(shown.length) : "", outside > 0 ? t.deep.beyondEdge(outside) : "")}</p>
    ${many ? html`${sum} ${products}` : html`${products} ${sum}`}`;
}

export function pooledSum(t: Texts, made: Pooled, found: number, inputName: string): TemplateResult {
  const [rows, columns] = made.window.size;
  return html`
    <p class="small muted">${made.takes === "largest" ? t.deep.largestOf(inputName) : t.deep.meanOf(inputName)}</p>
    <div class="row"><cnn-lab-value-grid .text=${t} table .values=${made.patch} rows=${rows} columns=${columns} room="240" most="48" name=${t.deep.windowSees}></cnn-lab-value-grid>
      <table class="sum" aria-label=${t.deep.theResult}>
        <tr class="whole"><th scope="row">${made.takes === "largest" ? t.deep.largest : t.common.mean}</th><td id="sum-result">${exact(t, made.result)}</td></tr>
        ${says(t, made.result, found)}
      </table></div>`;
}
