/** The settings that do a run again. */
import type { RunRecord } from "../../api/types";
import { defaults, settingsOfOptions, type Settings } from "../settings";

/** What a run was asked for, as settings; what it was not asked for is as at first. */
export function settingsOfRun({ options, spec }: Pick<RunRecord, "options" | "spec">): Partial<Settings> {
  const { schedule, reduceOnPlateau, earlyStopping, augmentation, classWeight, shuffle, validate } = defaults;
  const optimizer = options.optimizer ?? spec.compile?.optimizer;
  return {
    ...{ schedule, reduceOnPlateau, earlyStopping, augmentation, classWeight, shuffle, validate },
    ...settingsOfOptions(structuredClone({ ...options, ...(optimizer && { optimizer }) })),
  };
}
