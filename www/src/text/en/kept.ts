import { bytes, plural } from "./numbers";
import { english } from "./index";

/** The dialog of kept training. */
export const kept = {
  title: "Kept training",
  keepTraining: "Keep training in this browser as it goes",
  keepAwake: "Keep the screen awake while it trains",
  staysAwake: "The screen stays awake until training ends or this tab is left.",
  goesOn: "Training goes on when you leave this tab for another. A laptop that is closed stops it; Continue goes on from the last save.",
  nothingMore: "Nothing more is kept: what you train is lost with this tab, unless you save it to a file.",
  lastSaved: (name: string, when: string, place: string) => `“${name}” was saved ${when}, at ${place}.`,
  everyEpoch: "At every epoch and every few seconds, so that a reload, a crash or an empty battery costs ten seconds at most. Nothing is kept of the network in use yet.",
  nothingYet: "Nothing is kept yet.",
  whatIsKept: "What is kept",
  elsewhere: "It is open in another tab, which keeps it. Go on there, or close that tab.",
  open: "Open",
  export: "Export",
  exportName: (name: string) => `Export ${name} to a file, which Load in Train reads`,
  beingTrained: "It is being trained. Stop it first.",
  oneLoading: "One is being loaded.",
  foot: (trainings: number, size: number) => `${plural(trainings, "training")}, ${bytes(size)}. They leave this browser only as the files that you export. Those that you name stay; of the others the latest ten do.`,
  cannotUndo: (name: string) => `Delete ${name}? This cannot be undone; “Export” saves it to a file.`,
  notKeptLost: "The network in use has learned something that is not kept, and is lost with it. “Save” in Train keeps it in a file.",
  goOn: "Go on",
  deleted: (name: string) => `${name} was deleted.`,
};

Object.assign(english, { kept });
