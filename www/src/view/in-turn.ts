/** Milliseconds of drawing between two frames: what is left of a frame is for the browser's own work, and for a click. */
const share = 4;
/** A canvas that was drawn costs the browser as much once more, which cannot be measured here. */
const most = 3;

const waiting = new Set<() => unknown>();
let begun = false;

/**
 * Draws when it is its turn: between any two frames as many of those that wait as fit, at least one.
 * All at once they would hold up the page, and with a frame for each the page would do little else.
 * What waits already is not drawn twice. Who changes the document returns a promise of the change,
 * which must not wait for another task; no more is drawn then before the next frame, or the browser
 * would have to lay out the page for it twice.
 */
export function inTurn(draw: () => unknown): void {
  waiting.add(draw);
  if (!begun) {
    begun = true;
    next();
  }
}

/** It will not be drawn. */
export function outOfTurn(draw: () => unknown): void {
  waiting.delete(draw);
}

function next(): void {
  // After the frame, so that none of it waits for this.
  requestAnimationFrame(() => setTimeout(() => void some()));
}

async function some(): Promise<void> {
  const until = performance.now() + share;
  let drawn = 0;
  try {
    for (const draw of waiting) {
      waiting.delete(draw);
      const change = draw();
      drawn += 1;
      if (change instanceof Promise) {
        await change;
        break;
      }
      if (drawn === most || performance.now() >= until) break;
    }
  } finally {
    begun = waiting.size > 0;
    if (begun) next();
  }
}
