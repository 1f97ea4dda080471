import { count, duration } from "./numbers";

/** Kept training as the page offers and names it. */
export const sessions = {
  notAwake: "The browser does not allow it here, as with a low battery.",
  isLoading: "It is being loaded.",
  offer: "Training that can go on",
  continueThis: "Continue this training",
  notNow: "Not now",
  all: "All …",
  allKept: "All … that is kept",
  otherNumbers: (name: string) => `“${name}” learned from other numbers of pictures than are loaded now. Going on trains with these.`,
  picturesMissing: (name: string) => `The pictures of “${name}” are not kept in this browser. Drop them in Data first, then go on.`,
  background: (seconds: number) => `Went on in the background for ${duration(seconds)}.`,
  someTime: "some time ago",
  yesterday: (time: string) => `yesterday, ${time}`,
  place: (epoch: number, of: number, step: number) => `epoch ${count(epoch)} of ${count(of)}, step ${count(step)}`,
  finished: "finished",
  saved: (when: string) => `saved ${when}`,
  openElsewhere: "open in another tab",
  inUse: "in use here",
  dropAgain: " Its pictures are not kept here: you drop them in Data again.",
  canGoOn: (when: string, data: string, place: string, pictures: string) => `Your training of ${when}${data}, ${place}, can go on.${pictures}`,
  on: (name: string) => ` on ${name}`,
};
