/** What the tabs of "Look inside" say, and which layers they are about. */
import type { AttributionMethod, ModelSpec, Summary } from "../../api/types";

export type LayerInfo = Summary["layers"][number];

/** Whether a layer gives pictures, not a vector. */
export function givesMaps({ outputShape }: LayerInfo): boolean {
  return outputShape.length === 4;
}

/** The layers with filters that slide. */
export function convolutions(summary: Summary | null): LayerInfo[] {
  return summary?.layers.filter(({ layer }) => ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"].includes(layer)) ?? [];
}

/** The layers whose maps Grad-CAM can weigh. */
export function withMaps(summary: Summary | null): LayerInfo[] {
  return summary?.layers.filter(givesMaps) ?? [];
}

type MethodInfo = {
  method: AttributionMethod;
  title: string;
  about: string;
  /** It takes more than a moment, and is done when it is asked for. */
  slow?: true;
  /** It weighs a layer's maps. */
  maps?: true;
};

export const methods: readonly [MethodInfo, ...MethodInfo[]] = [
  { method: "grad-cam", title: "Grad-CAM", maps: true, about: "Weighs a layer's maps by how much the class's score rises with each, and adds them up: which places speak for the class." },
  { method: "grad-cam++", title: "Grad-CAM++", maps: true, about: "Grad-CAM with weights of its own for each place, so that several places of the same thing all count." },
  { method: "saliency", title: "Saliency", about: "How much the class's score changes with each pixel: the size of the gradient. It is of the network at this picture, and noisy." },
  { method: "smooth-grad", title: "SmoothGrad", slow: true, about: "The mean of the saliency over 25 copies of the picture with a little noise, which takes the speckles away." },
  { method: "integrated-gradients", title: "Integrated gradients", slow: true, about: "The gradients summed on the way from a black picture to this one. Their sum is the difference of the class's score." },
  { method: "occlusion", title: "Occlusion", slow: true, about: "Covers a part of the picture at a time: how much less likely the class becomes without it." },
];

/** What a person reads of a layer in a list. */
export function layerTitle({ name, layer }: LayerInfo): string {
  return name.replaceAll("_", "").toLowerCase().startsWith(layer.toLowerCase()) ? name : `${name} (${layer})`;
}

/** A layer's place in the list. */
export function placeOf(spec: ModelSpec, layer: string): number {
  return spec.layers.findIndex(({ name }) => name === layer);
}
