/** The blocks of a pretrained network, to set the last of them free. */
import type { Summary } from "../../api/types";

type Layer = Summary["layers"][number];

/** What the layers of a block begin with: `expanded_conv`, `block_3` or `block2a`. */
const blockName = /^(expanded_conv|block_?\d+[a-z]?)_/;

/** Its layers with weights, each with the block that it is set free with: what lies behind the last block goes with that. */
function blocks(layers: readonly Layer[]): { layer: Layer; block: number }[] {
  let [name, block] = ["", 0];
  return layers
    .filter(({ base }) => base)
    .map((layer) => {
      const of = blockName.exec(layer.name)?.[1] ?? name;
      // From 1 on; 0 is what comes before the first one.
      if (of !== name) [name, block] = [of, block + 1];
      return { layer, block };
    })
    .filter(({ layer }) => layer.params > 0);
}

/** Batch normalisations stay frozen, as is usual: the few pictures at hand would spoil their means. */
const isNorm = ({ layer }: Layer): boolean => layer === "BatchNormalization";

/** How many blocks there are. */
export function blockCount(layers: readonly Layer[]): number {
  return Math.max(0, ...blocks(layers).map(({ block }) => block));
}

/** How many blocks at the end have something that training changes. */
export function freeBlocks(layers: readonly Layer[]): number {
  const free = blocks(layers).filter(({ layer }) => layer.trainable && !isNorm(layer));
  return free.length === 0 ? 0 : blockCount(layers) + 1 - Math.min(...free.map(({ block }) => Math.max(1, block)));
}

/** What has to be set free and frozen so that the last `n` blocks are free, and no others. */
export function changesFor(layers: readonly Layer[], n: number): { free: string[]; freeze: string[] } {
  const first = blockCount(layers) + 1 - n;
  const names = (wanted: boolean): string[] =>
    blocks(layers)
      .filter(({ layer, block }) => (n > 0 && block >= first && !isNorm(layer)) === wanted && layer.trainable !== wanted)
      .map(({ layer }) => layer.name);
  return { free: names(true), freeze: names(false) };
}
