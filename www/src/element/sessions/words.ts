/** What is kept, in words. */
import type { BundledSet, Session } from "../../api/types";
import { bytes, count } from "../../view/format";

const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** "12:31", "yesterday, 12:31" or "3 May, 12:31", in the person's own time. */
export function when(iso: string, now = new Date()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) {
    return "some time ago";
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  // Noon, so that a change of the clock moves neither day.
  const day = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate(), 12).getTime();
  const days = Math.round((day(now) - day(at)) / 86_400_000);
  return days === 0 ? time : days === 1 ? `yesterday, ${time}` : `${at.getDate()} ${months[at.getMonth()]}, ${time}`;
}

/** "epoch 3 of 5, step 1 240". */
export function place({ epoch, epochs, step }: Session): string {
  return `epoch ${count(epoch)} of ${count(Math.max(epoch, epochs))}, step ${count(step)}`;
}

/** What a session learns from, by the name that its set is shown with; empty where that is not known. */
export function dataName({ data }: Session, sets: readonly Pick<BundledSet, "name" | "title">[]): string {
  const { source, name = "" } = data ?? {};
  const title = source?.kind === "bundled" ? sets.find((set) => set.name === source.name)?.title : undefined;
  // "MNIST: handwritten digits".
  return title?.split(":")[0] ?? name;
}

/** "MNIST, epoch 3 of 5, step 1 240, saved 12:31, 2.2 MB, open in another tab". */
export function described(session: Session, data: string, now = new Date()): string {
  const { saved, unfinished, open } = session;
  return [
    ...(data ? [data] : []),
    place(session),
    ...(unfinished ? [] : ["finished"]),
    `saved ${when(saved, now)}`,
    bytes(session.bytes),
    ...(open === "elsewhere" ? ["open in another tab"] : open === "here" ? ["in use here"] : []),
  ].join(", ");
}

/** What is offered after a visit that ended in the middle of training. */
export function offered(session: Session, name: string, now = new Date()): string {
  const { data, saved } = session;
  const pictures = data?.source.kind === "own" ? " Its pictures are not kept here: you drop them in Data again." : "";
  return `Your training of ${when(saved, now)}${name ? ` on ${name}` : ""}, ${place(session)}, can go on.${pictures}`;
}
