import { css } from "lit";

/** What the tabs of "Look inside" share. */
export const tabBase = css`
  :host { display: flex; flex-direction: column; gap: 12px; min-width: 0; }
  .fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(176px, 100%), 1fr)); gap: 8px 12px; align-items: end; }
  .figures { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
  figure { margin: 0; min-width: 0; max-width: 100%; display: grid; gap: 4px; justify-items: start; }
  figcaption { order: -1; font-size: 12px; line-height: 16px; color: var(--lab-muted); }
  .check { display: flex; align-items: center; gap: 8px; min-height: 32px; }
  .job { min-height: 32px; }
  .reading { min-height: 20px; }
  .note { padding: 8px 12px; border-radius: 6px; background: var(--lab-sunk); }
  .scroll { overflow: auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; }
`;
