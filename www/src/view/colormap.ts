/**
 * Values to colours. Maps of values that are never negative use a sequential map that
 * rises evenly in lightness (after viridis); signed values use one that is white at zero.
 */

type Rgb = readonly [number, number, number];

/** Every eighth of viridis. */
const sequential: readonly Rgb[] = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
  [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];

/** Blue for negative, red for positive, alike in lightness at equal distance from zero. */
const diverging: readonly Rgb[] = [
  [5, 48, 97], [67, 147, 195], [209, 229, 240], [247, 247, 247], [253, 219, 199], [214, 96, 77], [103, 0, 31],
];

/** 256 colours between the stops, as they lie in a canvas (red in the lowest byte). */
function table(stops: readonly Rgb[]): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const [a, b] = [stops[low], stops[low + 1]] as [Rgb, Rgb];
    const channel = (c: 0 | 1 | 2): number => Math.round(a[c] + (b[c] - a[c]) * (at - low));
    return ((255 << 24) | (channel(2) << 16) | (channel(1) << 8) | channel(0)) >>> 0;
  });
}

const sequentialTable = table(sequential);
const divergingTable = table(diverging);

/** How a set of values is coloured: from `low` to `high`. */
export type Scale = { low: number; high: number; signed: boolean };

/** The scale that fits all these values: from zero up, or alike to both sides of zero. */
export function scaleFor(values: Float32Array): Scale {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low < 0) {
    const reach = Math.max(high, -low);
    return { low: -reach, high: reach, signed: true };
  }
  return { low: 0, high, signed: false };
}

const known = new WeakMap<Float32Array, Scale>();

/** The same, looked for once: of maps that are shown again with every move of the pointer. */
export function scaleOnce(values: Float32Array): Scale {
  const scale = known.get(values) ?? scaleFor(values);
  known.set(values, scale);
  return scale;
}

const signed = new WeakMap<Float32Array, Scale>();

/** A scale alike to both sides of zero, for weights and gradients, looked for once. */
export function signedOnce(values: Float32Array): Scale {
  const { low, high } = scaleOnce(values);
  const reach = Math.max(high, -low);
  const scale = signed.get(values) ?? { low: -reach, high: reach, signed: true };
  signed.set(values, scale);
  return scale;
}

/** The colour of a value, as a canvas stores it. What is no number is transparent. */
export function colour(value: number, scale: Scale): number {
  const span = scale.high - scale.low;
  const share = span > 0 ? (value - scale.low) / span : scale.signed ? 0.5 : 0;
  if (Number.isNaN(share)) {
    return 0;
  }
  const index = Math.round(Math.min(1, Math.max(0, share)) * 255);
  return (scale.signed ? divergingTable : sequentialTable)[index] ?? 0;
}
