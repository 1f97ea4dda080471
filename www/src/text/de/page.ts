import type { Texts } from "../texts";

export const page: Texts["page"] = {
  about: "Ein Faltungsnetz in diesem Tab trainieren und hineinsehen, während es lernt.",
  site: "Website",
  lessons: "Lektionen",
  lessonsAt: "./lessons/de/index.html",
  embed: "Einbetten",
  embedAt: "./embed.de.html",
  language: "Sprache",
  staysHere: "Nichts, was gezeichnet, hineingezogen oder trainiert wird, verlässt diesen Tab.",
  offline: "Diese Seite geht auch offline.",
  newVersion: "Eine neue Version ist bereit. Ein laufendes Training endet beim Neuladen.",
  reload: "Neu laden",
  later: "Später",
  otherTab: "Das Labor ist in einem anderen Tab mit der jetzigen Version offen. Erst diesen schließen.",
};
