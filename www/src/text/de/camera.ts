import { plural } from "./numbers";
import type { Texts } from "../texts";

export const camera: Texts["camera"] = {
  title: "Eigene Klassen filmen",
  where: "Wohin mit den Bildern",
  newSet: "Ein neuer Datensatz",
  addTo: (name) => `Zu ${name} dazu`,
  newName: "Name einer neuen Klasse",
  firstClass: "Erste Klasse",
  anotherClass: "Weitere Klasse",
  add: "Dazu",
  size: "Größe des neuen Datensatzes",
  sizeHelp: "Aufnahmen werden quadratisch beschnitten und auf diese Größe gebracht. Kleiner lernt schneller. Was zu einem Datensatz dazukommt, nimmt dessen Größe an.",
  sizeGiven: "Der Datensatz hat seine Größe schon.",
  nameTwo: "Mindestens zwei Klassen benennen. Dann den Knopf einer Klasse halten, oder darauf die Leertaste, und sie von allen Seiten zeigen.",
  holdAndShow: "Den Knopf einer Klasse halten, oder darauf die Leertaste, und sie von allen Seiten zeigen. Etwa fünfzig Bilder je Klasse sind ein Anfang.",
  sees: "Was die Kamera sieht",
  waiting: "Wartet auf die Erlaubnis …",
  turnOn: "Kamera einschalten",
  staysHere: "Was sie sieht, bleibt in diesem Tab.",
  turnOnFirst: "Erst die Kamera einschalten.",
  hold: "Zum Filmen halten",
  holdName: (name, pictures) => `Zum Filmen halten: ${name}, ${plural(pictures, "Bild", "Bilder")}`,
  typeName: "Erst einen Namen eingeben.",
  nameTaken: "Eine Klasse dieses Namens gibt es schon.",
};
