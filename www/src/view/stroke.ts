/**
 * A drawing made to look like a digit of MNIST. Its authors scaled each digit, keeping its
 * proportions, into a box of 20 x 20 pixels, and moved the centre of mass of its ink to the
 * middle of a field of 28 x 28. A network that learned such digits expects the same.
 */

/** Ink from 0 to 255, row by row. */
export type Ink = { data: Uint8Array | Uint8ClampedArray; width: number; height: number };

const field = 28;
const box = 20;
/** Fainter ink is taken for the smooth edge of a stroke and does not widen its box. */
const faint = 16;

type Box = { left: number; top: number; right: number; bottom: number };

function inkBox({ data, width, height }: Ink): Box | null {
  let found: Box | null = null;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if ((data[y * width + x] ?? 0) >= faint) {
        found ??= { left: x, right: x + 1, top: y, bottom: y + 1 };
        found.left = Math.min(found.left, x);
        found.right = Math.max(found.right, x + 1);
        found.bottom = y + 1;
      }
    }
  }
  return found;
}

/** The mean of the ink in a rectangle with borders anywhere between pixels. */
function mean(ink: Ink, x0: number, x1: number, y0: number, y1: number): number {
  let sum = 0;
  for (let y = Math.floor(y0); y < Math.min(Math.ceil(y1), ink.height); y += 1) {
    const tall = Math.min(y + 1, y1) - Math.max(y, y0);
    for (let x = Math.floor(x0); x < Math.min(Math.ceil(x1), ink.width); x += 1) {
      const wide = Math.min(x + 1, x1) - Math.max(x, x0);
      sum += (ink.data[y * ink.width + x] ?? 0) * tall * wide;
    }
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

/** The drawing in a field of 28 x 28 as MNIST has it, or null where nothing is drawn. */
export function mnistDigit(ink: Ink): Uint8ClampedArray | null {
  const found = inkBox(ink);
  if (!found) {
    return null;
  }
  const scale = box / Math.max(found.right - found.left, found.bottom - found.top);
  const width = Math.max(1, Math.round((found.right - found.left) * scale));
  const height = Math.max(1, Math.round((found.bottom - found.top) * scale));
  const stepX = (found.right - found.left) / width;
  const stepY = (found.bottom - found.top) / height;

  const digit = new Float64Array(width * height);
  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const left = found.left + x * stepX;
      const top = found.top + y * stepY;
      const value = mean(ink, left, left + stepX, top, top + stepY);
      digit[y * width + x] = value;
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  }

  // Whole pixels, as MNIST was made: a fraction would blur the strokes once more. The box is
  // smaller than the field, and ink that is far off centre still stays inside it.
  const place = (centre: number, size: number): number =>
    Math.min(field - size, Math.max(0, Math.round(field / 2 - centre)));
  const left = place(massX / mass, width);
  const top = place(massY / mass, height);
  const out = new Uint8ClampedArray(field * field);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      out[(top + y) * field + left + x] = digit[y * width + x] ?? 0;
    }
  }
  return out;
}
