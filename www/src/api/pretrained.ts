/** Pretrained networks as they came, with their own heads. */
import type { Base, ModelSpec } from "./types";

/** A network that tells the classes of its base apart, without any training. Its pictures are stretched to those that the base learned from. */
export function withHead({ layer, side }: Base): ModelSpec {
  return {
    input_shape: [side, side, 3],
    // From the lab's values, 0 to 1, to those of every base.
    layers: [{ layer: "Rescaling", scale: 2, offset: -1 }, { layer, include_top: true }],
  };
}
