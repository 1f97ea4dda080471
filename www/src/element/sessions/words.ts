/** What is kept, in words. */
import type { BundledSet, Session } from "../../api/types";
import type { Texts } from "../../text/texts";

/** "12:31", "yesterday, 12:31" or "3 May, 12:31", in the person's own time. */
export function when(t: Texts, iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) {
    return t.sessions.someTime;
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  // Noon, so that a change of the clock moves neither day.
  const day = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate(), 12).getTime();
  const days = Math.round((day(now) - day(at)) / 86_400_000);
  return days === 0 ? time : days === 1 ? t.sessions.yesterday(time) : `${at.toLocaleString(t.dates, { day: "numeric", month: "long" })}, ${time}`;
}

/** "epoch 3 of 5, step 1 240". */
export function place(t: Texts, { epoch, epochs, step }: Session): string {
  return t.sessions.place(epoch, Math.max(epoch, epochs), step);
}

/** What a session learns from, by the name that its set is shown with; empty where that is not known. */
export function dataName({ data }: Session, sets: readonly Pick<BundledSet, "name" | "title">[]): string {
  const { source, name = "" } = data ?? {};
  const title = source?.kind === "bundled" ? sets.find((set) => set.name === source.name)?.title : undefined;
  // "MNIST: handwritten digits".
  return title?.split(":")[0] ?? name;
}

/** "MNIST, epoch 3 of 5, step 1 240, saved 12:31, 2.2 MB, open in another tab". */
export function described(t: Texts, session: Session, data: string, now = new Date()): string {
  const { saved, unfinished, open } = session;
  return [
    ...(data ? [data] : []),
    place(t, session),
    ...(unfinished ? [] : [t.sessions.finished]),
    t.sessions.saved(when(t, saved, now)),
    t.bytes(session.bytes),
    ...(open === "elsewhere" ? [t.sessions.openElsewhere] : open === "here" ? [t.sessions.inUse] : []),
  ].join(", ");
}

/** What is offered after a visit that ended in the middle of training. */
export function offered(t: Texts, session: Session, name: string, now = new Date()): string {
  const { data, saved } = session;
  const pictures = data?.source.kind === "own" ? t.sessions.dropAgain : "";
  return t.sessions.canGoOn(when(t, saved, now), name ? t.sessions.on(name) : "", place(t, session), pictures);
}
