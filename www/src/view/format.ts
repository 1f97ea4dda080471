/**
 * Numbers as the page writes them: thin spaces in thousands, a real minus sign, and a fixed
 * number of decimals, so that tabular figures stand still while they change. A language has a
 * decimal point or comma, and a few words of its own.
 */

const thinSpace = "\u202f"; // narrow and not broken at a line's end
const minus = "\u2212";

export type Numbers = ReturnType<typeof numbersIn>;

export function numbersIn(language: string, words: { notANumber: string; any: string; bytes: string; percent: string; dates: string }) {
  const point = new Intl.NumberFormat(language).formatToParts(0.5).find(({ type }) => type === "decimal")?.value ?? ".";

  /** A number with a fixed number of decimals. */
  function decimal(value: number, decimals: number): string {
    if (Number.isNaN(value)) {
      return words.notANumber;
    }
    if (!Number.isFinite(value)) {
      return value > 0 ? "∞" : `${minus}∞`;
    }
    const [whole = "", fraction] = Math.abs(value).toFixed(decimals).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, thinSpace);
    const text = fraction === undefined ? grouped : grouped + point + fraction;
    // What rounds to zero has no sign.
    return value < 0 && /[1-9]/.test(text) ? minus + text : text;
  }

  /** A whole number. */
  function count(value: number): string {
    return decimal(value, 0);
  }

  /** A share of 1 as a percentage. */
  function percent(share: number, decimals = 1): string {
    return decimal(share * 100, decimals) + words.percent;
  }

  /** A loss in nats: four decimals below 1, fewer above, always five figures or less. */
  function loss(value: number): string {
    const size = Math.abs(value);
    return decimal(value, size < 1 ? 4 : size < 10 ? 3 : size < 1000 ? 1 : 0);
  }

  /** A value of a map, to three significant figures. */
  function value(x: number): string {
    if (x === 0) {
      return "0";
    }
    const digits = Math.floor(Math.log10(Math.abs(x)));
    return decimal(x, Math.min(6, Math.max(0, 2 - digits)));
  }

  /** A learning rate to three significant figures: 0.001, 0.000316, 3.16e−5. */
  function rate(x: number): string {
    const text = String(Number(x.toPrecision(3)));
    // From a ten-thousandth on zeros take more room than a power of ten.
    return (x >= 1e-4 || x === 0 ? text : Number(x.toPrecision(3)).toExponential()).replace("-", minus).replace(".", point);
  }

  /** Any value to three significant figures, however small or large: −0.0123, 4.56e−7. */
  function figure(x: number): string {
    const size = Math.abs(x);
    if (!Number.isFinite(x) || (size >= 1000 && size < 1e6)) {
      return decimal(x, 0);
    }
    const text = size < 1000 ? rate(size) : size.toExponential(2).replace("e+", "e").replace(".", point);
    return x < 0 ? minus + text : text;
  }

  /** Bytes as a person reads a download. */
  function bytes(size: number): string {
    if (size < 1000) {
      return `${count(size)} ${words.bytes}`;
    }
    return size < 99_500 ? `${decimal(size / 1e3, 0)} kB` : `${decimal(size / 1e6, 1)} MB`;
  }

  /** Seconds, in the two largest units. */
  function duration(seconds: number): string {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 60) {
      return `${whole} s`;
    }
    const minutes = Math.floor(whole / 60);
    return minutes < 60
      ? `${minutes} min ${whole % 60} s`
      : `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
  }

  /** A layer's output shape without the batch: 26 × 26 × 32. */
  function shape(sizes: readonly (number | null)[]): string {
    return sizes
      .slice(sizes[0] === null ? 1 : 0)
      .map((size) => (size === null ? words.any : count(size)))
      .join(`${thinSpace}×${thinSpace}`);
  }

  return { /** How dates are written, as browsers name it. */ dates: words.dates, percentSign: words.percent, bytes, count, decimal, duration, figure, loss, percent, rate, shape, value };
}
