import { bytes, count, decimal, shape } from "./numbers";
import type { Texts } from "../texts";

export const pretrained: Texts["pretrained"] = {
  intro: (title, trainedOn, size, licence) => `${title} hat gelernt aus: ${trainedOn}. Seine Gewichte (${size}, ${licence}) werden einmal heruntergeladen und in diesem Browser behalten; die eigenen Bilder bleiben hier.`,
  showIt: "Jetzt etwas zeigen: ein Bild auf die Seite ziehen, in Einblick „Bild …“ drücken oder dort die Kamera einschalten. „Einblick …“ zeigt, worauf es achtet.",
  load: (size) => `${size} laden`,
  loaded: (done, total, left) => `${bytes(done)} von ${bytes(total)}${left}`,
  cancelName: "Abbrechen; das jetzige Netz bleibt",
  smallPictures: (sizes, goodSide) => `Es hat aus größeren Bildern gelernt als diesen (${shape(sizes)}) und kann es mit ihnen besser: Sind die eigenen größer, mit ${goodSide}\u202f×\u202f${goodSide} laden.`,
  tableName: "Die Schichten mit Ausgabeform, Zahl der Parameter und ob sie lernen",
  shapeParams: "Ausgabeform, Parameter",
  learns: "Lernt",
  trainable: "Trainierbar",
  learnsTitle: "Training ändert ihre Gewichte",
  frozenTitle: "Eingefroren: Training lässt ihre Gewichte, wie sie sind",
  nameLearns: (name) => `${name} lernt`,
  lastBlocks: "Letzte Blöcke zum Freigeben",
  ofBlocks: (all) => `von ${all}`,
  lastBlocksHelp: "Wie viele Blöcke am Ende des vortrainierten Netzes mitlernen; 0: keiner. Ihre Batch-Normalisierungen bleiben eingefroren, wie üblich: Wenige Bilder verdürben die Mittel, die sie von vielen haben. Gewichte bleiben; ein angehaltener Lauf kann danach nicht weitergehen.",
  setFree: "Freigeben",
  fineTuning: "Erst die neuen Schichten trainieren. Dann die letzten Blöcke freigeben und mit kleiner Lernrate weitermachen: Feinabstimmung.",
  normsFrozen: (smallRate) => `Batch-Normalisierungen bleiben eingefroren. Große Schritte verderben, was die freien Blöcke können: eine Lernrate von ${decimal(smallRate, 5)} nehmen.`,
  rateOf: (smallRate) => `Lernrate ${decimal(smallRate, 5)}`,
  setRate: (smallRate) => `Die Lernrate auf ${decimal(smallRate, 5)} setzen`,
  smallAlready: "Sie ist schon so klein.",
  nowTrainable: (trainableParams) => `${count(trainableParams)} Parameter sind jetzt trainierbar.`,
};
