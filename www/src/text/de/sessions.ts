import { count, duration } from "./numbers";
import type { Texts } from "../texts";

export const sessions: Texts["sessions"] = {
  notAwake: "Der Browser erlaubt es hier nicht, etwa bei schwachem Akku.",
  isLoading: "Es wird gerade geladen.",
  offer: "Training, das weitergehen kann",
  continueThis: "Dieses Training fortsetzen",
  notNow: "Nicht jetzt",
  all: "Alle …",
  allKept: "Alle … die gespeichert sind",
  otherNumbers: (name) => `„${name}“ hat aus anderen Bilderzahlen gelernt als jetzt geladen. Fortsetzen trainiert mit diesen.`,
  picturesMissing: (name) => `Die Bilder von „${name}“ sind nicht in diesem Browser gespeichert. Sie erst unter Daten hineinziehen, dann fortsetzen.`,
  background: (seconds) => `Lief ${duration(seconds)} im Hintergrund weiter.`,
  someTime: "vor einiger Zeit",
  yesterday: (time) => `gestern, ${time}`,
  place: (epoch, of, step) => `Epoche ${count(epoch)} von ${count(of)}, Schritt ${count(step)}`,
  finished: "beendet",
  saved: (when) => `gespeichert ${when}`,
  openElsewhere: "in einem anderen Tab offen",
  inUse: "hier in Gebrauch",
  dropAgain: " Seine Bilder sind hier nicht gespeichert: Sie müssen unter Daten wieder hineingezogen werden.",
  canGoOn: (when, data, place, pictures) => `Das Training von ${when}${data}, ${place}, kann weitergehen.${pictures}`,
  on: (name) => ` auf ${name}`,
};
