/** States one after another, of which one is the present one. */
export type Steps<T> = {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** What made the present state: the same again, such as typing on in a field, makes no new step. */
  readonly by: string | null;
};

/** More steps than these are forgotten, the oldest first. */
const most = 200;

export function begin<T>(present: T): Steps<T> {
  return { past: [], present, future: [], by: null };
}

/** Goes on to another state. */
export function step<T>({ past, present, by: before }: Steps<T>, next: T, by: string | null = null): Steps<T> {
  const goesOn = by !== null && by === before && past.length > 0;
  return { past: goesOn ? past : [...past.slice(1 - most), present], present: next, future: [], by };
}

export function undo<T>(steps: Steps<T>): Steps<T> {
  const { past, present, future } = steps;
  const last = past.at(-1);
  return last === undefined ? steps : { past: past.slice(0, -1), present: last, future: [present, ...future], by: null };
}

export function redo<T>(steps: Steps<T>): Steps<T> {
  const { past, present, future } = steps;
  const [next, ...later] = future;
  return next === undefined ? steps : { past: [...past, present], present: next, future: later, by: null };
}
