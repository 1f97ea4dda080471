/** Whether a network takes the pictures that are chosen, and tells their classes apart. */
import type { Texts } from "../../text/texts";

/** A sentence on what does not fit; empty where all does. `shape` and `classes` are of the pictures. */
export function misfit(t: Texts, 
  inputShape: readonly number[],
  output: readonly (number | null)[],
  pictures: { shape: readonly number[]; classes: number } | null,
): string {
  if (!pictures) {
    return "";
  }
  const { shape, classes } = pictures;
  const written = (sizes: readonly number[]): string => sizes.join(" × ");
  if (String(inputShape) !== String(shape)) {
    return t.network.otherPictures(written(inputShape), written(shape));
  }
  const units = output.at(-1) ?? 0;
  if (units !== classes && !(units === 1 && classes === 2)) {
    return t.network.otherClasses(units, classes);
  }
  return "";
}
