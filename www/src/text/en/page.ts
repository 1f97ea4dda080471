import { english } from "./index";

/** What the lab's own page says around the element. */
export const page = {
  about: "Train a convolutional network in this tab, and look inside while it learns.",
  site: "Site",
  lessons: "Lessons",
  lessonsAt: "./lessons/index.html",
  embed: "Put it on your page",
  embedAt: "./embed.html",
  language: "Language",
  staysHere: "Nothing that you draw, drop or train leaves this tab.",
  offline: "This page works offline, too.",
  newVersion: "A new version is ready. A run under way ends with a reload.",
  reload: "Reload",
  later: "Later",
  otherTab: "The lab is open in another tab, on the present version. Close that one first.",
};

Object.assign(english, { page });
