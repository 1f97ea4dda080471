/** Brings a lab to where a session was saved. */
import { CnnLabError, toCnnLabError } from "./error";
import type { Host } from "./host";
import type { OwnPictures } from "./own-pictures";
import type { Loaded } from "./protocol";
import type { SessionLog } from "./session-log";
import type { RestoredSession, RestoreOptions, SessionData } from "./session-types";
import type { DatasetInfo } from "./types";

type Lab = { host: Host; own: OwnPictures; sessions: SessionLog; onLoaded: (loaded: Loaded, bytes: Uint8Array<ArrayBuffer>) => void; onWarning: (error: CnnLabError) => void };

/**
 * The network first, which is all that is kept for sure; then the pictures, as far as they can be
 * had. Where the network cannot be read, nothing was changed.
 */
export async function restoreSession({ host, own, sessions, onLoaded, onWarning }: Lab, id: string, o: RestoreOptions): Promise<RestoredSession> {
  const { session, bytes, older } = await sessions.read(id);
  const settle = await sessions.claim(session);
  let loaded: Loaded;
  try {
    loaded = await host.call("load", [bytes]);
  } catch (thrown) {
    settle(false);
    const { code, message } = toCnnLabError(thrown);
    throw new CnnLabError({ code, file: session.name, message: `“${session.name}” cannot be restored: ${message}` });
  }
  onLoaded(loaded, bytes);
  settle(true);
  if (older) {
    onWarning(new CnnLabError({
      code: "storage",
      message: `The latest save of “${session.name}” was damaged, so the one before it is used, of step ${session.step}.`,
    }));
  }
  const [dataset, missing] = await picturesOf(own, session.data, o);
  return { session: sessions.session ?? session, summary: loaded.summary, dataset, missing };
}

async function picturesOf(own: OwnPictures, data: SessionData | null, o: RestoreOptions): Promise<[DatasetInfo | null, string | null]> {
  if (!data) return [null, "It is not known which pictures it learned from. Load them in Data."];
  const { name, source, edits } = data;
  if (source.kind === "own") {
    const pictures = data.splits.train + data.splits.validation + data.splits.test;
    return [null, `The pictures of “${name}” (${pictures} in ${data.classes.length} classes) are not kept in this browser. Drop them in Data again, then go on.`];
  }
  try {
    const dataset = await own.restore(source, edits, o);
    const same = String(dataset.classes) === String(data.classes) && JSON.stringify(dataset.splits) === JSON.stringify(data.splits);
    return [dataset, same ? null : `The pictures of “${name}” are not the same as then: they were changed since. Going on trains with what is there now.`];
  } catch (thrown) {
    const { message } = toCnnLabError(thrown);
    return [null, `The network is back, but the pictures of “${name}” could not be loaded: ${message}`];
  }
}
