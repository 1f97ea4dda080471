import { count, duration } from "./numbers";

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
  background: (now: number) => `Went on in the background for ${duration(now)}.`,
  someTime: "some time ago",
  yesterday: (time: string) => `yesterday, ${time}`,
  place: (epoch: number, max: number, step: number) => `epoch ${count(epoch)} of ${count(max)}, step ${count(step)}`,
  finished: "finished",
  saved: (when: string) => `saved ${when}`,
  openElsewhere: "open in another tab",
  inUse: "in use here",
  dropAgain: " Its pictures are not kept here: you drop them in Data again.",
  canGoOn: (when: string, words: string, place: string, pictures: string) => `Your training of ${when}${words}, ${place}, can go on.${pictures}`,
  on: (name: string) => ` on ${name}`,
};
