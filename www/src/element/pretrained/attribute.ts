/** The attribute `base` of the element. */
import type { CnnLab } from "../../api/cnn-lab";
import type { Preset } from "../../api/types";
import { AttributeError } from "../settings";
import type { Texts } from "../../text/texts";

/** The preset on a pretrained network, for the loaded pictures; null: there are none yet. Throws an AttributeError. */
export async function presetOn(t: Texts, lab: CnnLab, name: string, presets: readonly Preset[]): Promise<Preset | null> {
  const bases = await lab.bases();
  const base = bases.find((known) => known.name === name);
  if (!base) {
    const names = bases.map((known) => known.name).join(", ");
    throw new AttributeError("base", name, names ? `one of ${names}` : "none: this copy of the lab has no pretrained network. Whoever runs it has to build the data again");
  }
  const { dataset } = lab;
  if (!dataset) return null;
  const preset = presets.find((known) => known.name === name);
  if (preset) return preset;
  throw new AttributeError("base", name, `it photos of 64 × 64 pixels or more; “${dataset.name}” has ${t.shape(dataset.shape)}, and another network is in use`);
}
