import { css } from "lit";

/**
 * The look of the lab, as custom properties that the panels inherit through their shadow
 * roots. An embedder may set any `--lab-*` on `cnn-lab`, or its `color-scheme`.
 */
export const tokens = css`
  :host {
    color-scheme: light dark;
    --lab-ground: light-dark(#f3f4f6, #121417);
    --lab-panel: light-dark(#ffffff, #1b1e23);
    --lab-sunk: light-dark(#f3f4f6, #14161a);
    --lab-text: light-dark(#1a1d21, #e8eaed);
    --lab-muted: light-dark(#565d66, #a4abb4);
    --lab-line: light-dark(#dcdfe3, #31363d);
    --lab-edge: light-dark(#868d96, #717983);
    --lab-accent: light-dark(#0f6e66, #3cc9b8);
    --lab-on-accent: light-dark(#ffffff, #05201d);
    --lab-wash: light-dark(#e3f1ef, #1d3634);
    --lab-bad: light-dark(#b3261e, #f2938c);
    --lab-bad-wash: light-dark(#fdecea, #3a2220);
    /* Blue and orange are told apart by every kind of colour vision. */
    --lab-training: light-dark(#0067a8, #5ab4ee);
    --lab-validation: light-dark(#b25000, #f0a03c);
    --lab-mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  }
`;

/** What every part of the lab shares: type, controls, focus. */
export const base = css`
  :host {
    display: block;
    box-sizing: border-box;
    color: var(--lab-text);
    font: 14px/20px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
    font-variant-numeric: tabular-nums;
  }
  *, *::before, *::after { box-sizing: border-box; }
  [hidden] { display: none !important; }

  h2 { margin: 0; font-size: 16px; line-height: 24px; font-weight: 650; }
  h3 { margin: 0; font-size: 12px; line-height: 16px; font-weight: 600; color: var(--lab-muted); }
  p { margin: 0; }
  .small { font-size: 12px; line-height: 16px; }
  .muted { color: var(--lab-muted); }
  .number { text-align: right; white-space: nowrap; }
  .row { display: flex; align-items: center; gap: 8px; }
  .between { justify-content: space-between; }
  .wrap { flex-wrap: wrap; }
  .grow { flex: 1 1 0; min-width: 0; }

  button, input, select, textarea { font: inherit; font-variant-numeric: inherit; color: inherit; }
  input[type="number"], input[type="text"], select, textarea {
    width: 100%;
    min-width: 0;
    height: 32px;
    padding: 0 8px;
    border: 1px solid var(--lab-edge);
    border-radius: 6px;
    background: var(--lab-panel);
  }
  textarea { height: auto; padding: 8px; resize: vertical; font: 12px/18px var(--lab-mono); }
  input[type="range"] { width: 100%; height: 24px; margin: 0; accent-color: var(--lab-accent); }
  input[type="radio"], input[type="checkbox"] { accent-color: var(--lab-accent); margin: 0; }
  input:disabled, select:disabled { opacity: 1; color: var(--lab-muted); background: var(--lab-sunk); border-color: var(--lab-line); }
  input[aria-invalid="true"], textarea[aria-invalid="true"] { border-color: var(--lab-bad); }

  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    height: 32px;
    padding: 0 12px;
    border: 1px solid var(--lab-edge);
    border-radius: 6px;
    background: var(--lab-panel);
    white-space: nowrap;
    cursor: pointer;
  }
  .button:hover { background: var(--lab-sunk); }
  .button.primary {
    border-color: var(--lab-accent);
    background: var(--lab-accent);
    color: var(--lab-on-accent);
    font-weight: 650;
  }
  .button.primary:hover { filter: brightness(1.08); }
  .button.square { width: 32px; padding: 0; }
  .button.plain { border-color: transparent; background: none; padding: 0 8px; }
  .button[aria-disabled="true"] {
    border-color: var(--lab-line);
    background: var(--lab-sunk);
    color: var(--lab-muted);
    font-weight: 400;
    cursor: not-allowed;
    filter: none;
  }
  .button.plain[aria-disabled="true"] { border-color: transparent; background: none; }
  :focus-visible { outline: 2px solid var(--lab-accent); outline-offset: 2px; }

  .field { display: flex; flex-direction: column; gap: 2px; min-width: 0; }
  .field > .caption { display: flex; align-items: center; gap: 2px; min-height: 20px; font-size: 12px; color: var(--lab-muted); }
  .caption label { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }

  summary { cursor: pointer; border-radius: 4px; }

  progress { display: block; width: 100%; height: 6px; border: 0; border-radius: 3px; overflow: hidden; background: var(--lab-line); appearance: none; }
  progress::-webkit-progress-bar { background: var(--lab-line); }
  progress::-webkit-progress-value { background: var(--lab-accent); }
  progress::-moz-progress-bar { background: var(--lab-accent); }

  .sr { position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }

  @media (pointer: coarse) {
    .button, input[type="number"], input[type="text"], select { height: 44px; font-size: 16px; }
    .button.square { width: 44px; }
    input[type="range"] { height: 44px; }
  }
`;

/** A panel: one of the four steps. */
export const panel = css`
  :host { min-width: 0; min-height: 0; }
  section {
    display: flex;
    flex-direction: column;
    gap: 12px;
    height: 100%;
    padding: 12px 16px 16px;
    border: 1px solid var(--lab-line);
    border-radius: 10px;
    background: var(--lab-panel);
    overflow: hidden auto;
    scrollbar-width: thin;
    scrollbar-color: var(--lab-line) transparent;
  }
  /* What does not fit is scrolled to, not squeezed. */
  section > * { flex-shrink: 0; }
  /* What the page around the lab says of this step. */
  ::slotted(*) { margin-block: 0; }
  header { display: flex; align-items: center; gap: 8px; min-height: 32px; }
  header .place {
    display: grid;
    place-items: center;
    width: 24px;
    height: 24px;
    border-radius: 50%;
    background: var(--lab-wash);
    color: var(--lab-accent);
    font-size: 12px;
    font-weight: 700;
  }
`;
