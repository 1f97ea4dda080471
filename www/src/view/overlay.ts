/** What a decision rests on, in colours to lay over the picture. */
import { colour, type Scale } from "./colormap";

/** Values of `height` x `width`, row by row. */
export type Heat = { height: number; width: number; data: Float32Array };

/** The scale of what a decision rests on: from zero, or alike to both sides of it where it has signs. */
export function heatScale({ data }: Heat): Scale {
  let [low, high] = [0, 0];
  for (const value of data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const reach = Math.max(high, -low);
  return low < 0 ? { low: -reach, high: reach, signed: true } : { low: 0, high, signed: false };
}

/**
 * Colours of the size that is wanted, with linear interpolation in between where the values are
 * fewer. What says nothing can be seen through.
 */
export function overlay(heat: Heat, width: number, height: number, scale = heatScale(heat)): ImageData {
  const picture = new ImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  const reach = Math.max(scale.high, -scale.low);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const value = at(heat, ((row + 0.5) * heat.height) / height - 0.5, ((column + 0.5) * heat.width) / width - 0.5);
      const share = reach > 0 ? Math.min(1, Math.abs(value) / reach) : 0;
      pixels[row * width + column] = ((colour(value, scale) & 0xffffff) | (Math.round(255 * share) << 24)) >>> 0;
    }
  }
  return picture;
}

/** The value at a place between the middles of pixels; beyond the outermost it stays theirs. */
function at({ height, width, data }: Heat, row: number, column: number): number {
  const [y, x] = [Math.min(height - 1, Math.max(0, row)), Math.min(width - 1, Math.max(0, column))];
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [bottom, right] = [Math.min(height - 1, top + 1), Math.min(width - 1, left + 1)];
  const of = (r: number, c: number): number => data[r * width + c] ?? 0;
  const along = (r: number): number => of(r, left) + (of(r, right) - of(r, left)) * (x - left);
  return along(top) + (along(bottom) - along(top)) * (y - top);
}
