import { plural } from "./numbers";
import { english } from "./index";

/** The dialog that films classes. */
export const camera = {
  title: "Film your own classes",
  where: "Where the pictures go",
  newSet: "A new set",
  addTo: (name: string) => `Add to ${name}`,
  newName: "Name of a new class",
  firstClass: "First class",
  anotherClass: "Another class",
  add: "Add",
  size: "Size of a new set",
  sizeHelp: "Frames are cut square and brought to this size. Smaller learns faster. What is added to a set takes the size of that.",
  sizeGiven: "The set has its size already.",
  nameTwo: "Name at least two classes. Then hold a class's button, or the space key on it, while you show it from all sides.",
  holdAndShow: "Hold a class's button, or the space key on it, and show it from all sides. About fifty pictures of each class are a start.",
  sees: "What the camera sees",
  waiting: "Waiting for your leave …",
  turnOn: "Turn the camera on",
  staysHere: "What it sees stays in this tab.",
  turnOnFirst: "Turn the camera on first.",
  hold: "Hold to film",
  holdName: (name: string, pictures: number) => `Hold to film ${name}, ${plural(pictures, "picture")}`,
  typeName: "Type a name first.",
  nameTaken: "There is a class of that name.",
};

Object.assign(english, { camera });
