import { bytes, plural } from "./numbers";
import type { Texts } from "../texts";

export const kept: Texts["kept"] = {
  title: "Gespeichertes Training",
  keepTraining: "Training in diesem Browser laufend speichern",
  keepAwake: "Bildschirm beim Training wach halten",
  staysAwake: "Der Bildschirm bleibt wach, bis das Training endet oder dieser Tab verlassen wird.",
  goesOn: "Training läuft weiter, wenn ein anderer Tab vorn ist. Ein zugeklappter Laptop hält es an; Fortsetzen macht beim letzten Speichern weiter.",
  nothingMore: "Es wird nichts mehr gespeichert: Was trainiert wird, geht mit diesem Tab verloren, wenn es nicht in eine Datei gespeichert wird.",
  lastSaved: (name, when, place) => `„${name}“ wurde gespeichert: ${when}, ${place}.`,
  everyEpoch: "Bei jeder Epoche und alle paar Sekunden, sodass Neuladen, Absturz oder leerer Akku höchstens zehn Sekunden kosten. Vom jetzigen Netz ist noch nichts gespeichert.",
  nothingYet: "Noch ist nichts gespeichert.",
  whatIsKept: "Was gespeichert ist",
  elsewhere: "Es ist in einem anderen Tab offen, der es speichert. Dort weitermachen oder diesen Tab schließen.",
  open: "Öffnen",
  export: "Export",
  exportName: (name) => `${name} in eine Datei exportieren, die „Laden“ unter Training liest`,
  beingTrained: "Es wird gerade trainiert. Erst anhalten.",
  oneLoading: "Eines wird gerade geladen.",
  foot: (trainings, size) => `${plural(trainings, "Training", "Trainings")}, ${bytes(size)}. Sie verlassen diesen Browser nur als exportierte Dateien. Benannte bleiben; von den anderen die letzten zehn.`,
  cannotUndo: (name) => `${name} löschen? Das lässt sich nicht rückgängig machen; „Export“ speichert es in einer Datei.`,
  notKeptLost: "Das jetzige Netz hat etwas gelernt, das nicht gespeichert ist und mit ihm verloren geht. „Sichern“ unter Training sichert es in einer Datei.",
  goOn: "Weiter",
  deleted: (name) => `${name} wurde gelöscht.`,
};
