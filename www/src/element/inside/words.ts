/** What the tabs of "Look inside" say, and which layers they are about. */
import type { AttributionMethod, ModelSpec, Summary } from "../../api/types";
import "../../text/en/deep";
import type { Phrase } from "../../text/texts";

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
  title: string | Phrase;
  about: Phrase;
  /** It takes more than a moment, and is done when it is asked for. */
  slow?: true;
  /** It weighs a layer's maps. */
  maps?: true;
};

export const methods: readonly [MethodInfo, ...MethodInfo[]] = [
  { method: "grad-cam", title: "Grad-CAM", maps: true, about: (t) => t.deep.gradCam },
  { method: "grad-cam++", title: "Grad-CAM++", maps: true, about: (t) => t.deep.gradCamPlus },
  { method: "saliency", title: (t) => t.deep.saliencyTitle, about: (t) => t.deep.saliency },
  { method: "smooth-grad", title: "SmoothGrad", slow: true, about: (t) => t.deep.smoothGrad },
  { method: "integrated-gradients", title: (t) => t.deep.integratedTitle, slow: true, about: (t) => t.deep.integrated },
  { method: "occlusion", title: (t) => t.deep.occlusionTitle, slow: true, about: (t) => t.deep.occlusion },
];

/** What a person reads of a layer in a list. */
export function layerTitle({ name, layer }: LayerInfo): string {
  return name.replaceAll("_", "").toLowerCase().startsWith(layer.toLowerCase()) ? name : `${name} (${layer})`;
}

/** A layer's place in the list. */
export function placeOf(spec: ModelSpec, layer: string): number {
  return spec.layers.findIndex(({ name }) => name === layer);
}
