/** What Keras's optimizers have and the lab does not: it is left out of a spec, with a note. */

/** Each with the values that change nothing; null: any does, for it works only with another or computes the same faster. */
const foreign: Readonly<Record<string, readonly unknown[] | null>> = {
  use_ema: [false, null],
  ema_momentum: null,
  ema_overwrite_frequency: null,
  loss_scale_factor: [null],
  gradient_accumulation_steps: [null, 1],
  jit_compile: null,
  is_legacy_optimizer: null,
};

/** A spec's JSON without them. What is no JSON, or none of a spec, stays for the core to refuse. */
export function withoutForeign(json: string): { json: string; notes: string[] } {
  if (!Object.keys(foreign).some((name) => json.includes(name))) {
    return { json, notes: [] };
  }
  let spec: { compile?: { optimizer?: Record<string, unknown> } };
  try {
    spec = JSON.parse(json) as typeof spec;
  } catch {
    return { json, notes: [] };
  }
  const optimizer: unknown = (Object(spec) as typeof spec).compile?.optimizer;
  if (optimizer === null || typeof optimizer !== "object") {
    return { json, notes: [] };
  }
  const kept = Object.entries(optimizer).filter(([name]) => !(name in foreign));
  const changing = Object.entries(optimizer).filter(([name, value]) => foreign[name]?.includes(value) === false);
  return {
    json: JSON.stringify({ ...spec, compile: { ...spec.compile, optimizer: Object.fromEntries(kept) } }),
    notes: changing.map(([name, value]) => `The optimizer's ${name} (${JSON.stringify(value)}) is left out: the lab trains without it.`),
  };
}
