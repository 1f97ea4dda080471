/**
 * Which lab writes a session: it holds a lock of the session's name, which the browser takes back
 * when the tab ends, however it ends. A tab that holds one is not frozen in the background either.
 * Only secure pages have locks; elsewhere two tabs cannot know of each other.
 */

const PREFIX = "cnn-lab-session:";
/** The tab before a reload may need a moment to be gone, in milliseconds. */
const PATIENCE = 1000;

const locks = (): LockManager | undefined => (typeof navigator === "undefined" ? undefined : navigator.locks);

/** Takes a session; gives what lets go of it, or null where another lab keeps it. */
export async function take(id: string): Promise<(() => void) | null> {
  const manager = locks();
  if (!manager) return () => undefined;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  return new Promise((resolve) => {
    manager
      .request(PREFIX + id, { signal: patience.signal }, () => {
        clearTimeout(timer);
        return new Promise<void>((release) => resolve(release));
      })
      .catch((error: unknown) => {
        // A browser that forbids storage forbids locks, too; then nothing is written anyway.
        resolve((error as DOMException).name === "AbortError" ? null : () => undefined);
      });
  });
}

/** Sessions of other tabs whose end is waited for already. */
const awaited = new Set<string>();

/** Tells once when a session of another tab is free; of a tab that is killed, nothing else does. */
export function whenFree(id: string, then: () => void): void {
  const manager = locks();
  if (!manager || awaited.has(id)) return;
  awaited.add(id);
  // Shared, so that those who only wait are not in each other's way.
  void manager.request(PREFIX + id, { mode: "shared" }, () => undefined).then(then, () => undefined).finally(() => awaited.delete(id));
}

/** The sessions that some lab, here or in another tab, is writing. */
export async function taken(): Promise<Set<string>> {
  const { held = [] } = (await locks()?.query().catch(() => undefined)) ?? {};
  return new Set(held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [])));
}
