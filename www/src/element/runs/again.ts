/** The settings that do a run again. */
import type { RunRecord } from "../../api/types";
import { defaults, type Settings } from "../settings";

/** What a run was asked for, as settings; and the names of options that the page has no setting for. */
export function settingsOfRun({ options, spec }: Pick<RunRecord, "options" | "spec">): { settings: Partial<Settings>; left: string[] } {
  const { optimizer = spec.compile?.optimizer, classWeight, learningRate, steps: _only, ...others } = options;
  const settings: Partial<Settings> = { augmentation: defaults.augmentation, balance: classWeight === "balanced" };
  const left: string[] = [];
  if (classWeight !== undefined && classWeight !== "balanced" && !("classWeight" in defaults)) left.push("classWeight");
  const name = typeof optimizer === "object" ? optimizer.name : optimizer;
  if (name !== undefined) settings.optimizer = name;
  const rate = learningRate ?? (typeof optimizer === "object" ? optimizer.learning_rate : undefined);
  if (typeof rate === "number") settings.learningRate = rate;
  for (const [key, value] of Object.entries(others)) {
    // Settings go by the names of the options that they become.
    if (key in defaults) Object.assign(settings, { [key]: structuredClone(value) });
    else left.push(key);
  }
  return { settings, left };
}
