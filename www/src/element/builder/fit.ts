/** Whether a network takes the pictures that are chosen, and tells their classes apart. */

/** A sentence on what does not fit; empty where all does. `shape` and `classes` are of the pictures. */
export function misfit(
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
    return `It takes pictures of ${written(inputShape)}, and those chosen in Data are ${written(shape)}: it cannot be trained on them.`;
  }
  const units = output.at(-1) ?? 0;
  if (units !== classes && !(units === 1 && classes === 2)) {
    return `It tells ${units} classes apart, and the pictures have ${classes}: it cannot be trained on them.`;
  }
  return "";
}
