/** The attribute `base` of the element. */
import type { CnnLab } from "../../api/cnn-lab";
import type { Preset, Summary } from "../../api/types";
import { fetchFrom, isAddress } from "../model-source";
import { AttributeError } from "../settings";
import type { Texts } from "../../text/texts";

/**
 * What the attribute names, for the loaded pictures: the preset on a pretrained network, or at an
 * address a saved network, which the lab has then, under a new last layer. Null: there are no pictures
 * yet. Throws an AttributeError; the lab has its former network then, with fresh weights.
 */
export const baseFor = (t: Texts, lab: CnnLab, base: string, presets: readonly Preset[]): Promise<Preset | Summary | null> =>
  isAddress(base) ? savedBase(t, lab, base) : presetOn(t, lab, base, presets);

async function savedBase(t: Texts, lab: CnnLab, address: string): Promise<Summary | null> {
  const { dataset, spec: former } = lab;
  if (!dataset) return null;
  const file = await (await fetchFrom("base", address)).blob();
  try {
    await lab.load(file);
    const inputShape = lab.spec?.input_shape ?? [];
    if (String(inputShape) !== String(dataset.shape)) {
      throw new AttributeError("base", address, `a network for the pictures of “${dataset.name}”, ${t.shape(dataset.shape)}; this one takes ${t.shape(inputShape)}`);
    }
    return await lab.useAsBase();
  } catch (error) {
    if (former) await lab.setModel(former);
    if (error instanceof AttributeError) throw error;
    throw new AttributeError("base", address, `the address of a saved network; ${(error as Error).message.replace(/\.$/, "")}`);
  }
}

async function presetOn(t: Texts, lab: CnnLab, name: string, presets: readonly Preset[]): Promise<Preset | null> {
  const bases = await lab.bases();
  const base = bases.find((known) => known.name === name);
  if (!base) {
    const names = bases.map((known) => known.name).join(", ");
    throw new AttributeError("base", name, names ? `one of ${names}, or the address of a saved network` : "the address of a saved network: this copy of the lab has no pretrained one. Whoever runs it has to build the data again");
  }
  const { dataset } = lab;
  if (!dataset) return null;
  const preset = presets.find((known) => known.name === name);
  if (preset) return preset;
  throw new AttributeError("base", name, `it photos of 64 × 64 pixels or more; “${dataset.name}” has ${t.shape(dataset.shape)}, and another network is in use`);
}
