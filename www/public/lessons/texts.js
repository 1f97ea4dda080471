// What lesson.js and arithmetic.js say, in the languages in which lessons are written. The pages
// themselves stand in a folder for each language; a test (src/text/lessons.test.ts) compares them.

const en = {
  // Places of labs.
  open: "Open the lab here",
  close: "Close this lab",
  log: "What each epoch gave",
  logCaption: "What each epoch gave, over all its pictures",
  // On a phone a long word may be parted.
  logColumns: ["Run", "Epoch", "Loss", "Accuracy", "Vali\u00addation loss", "Vali\u00addation accuracy"],
  number: (value, digits) => value.toFixed(digits),
  percent: (points) => `${points.toFixed(1)}%`,

  // Answers.
  openFirst: "Open the lab of this step first",
  trainFirst: "Train in the lab of this step first",
  evaluateFirst: "Press Evaluate in the lab of this step first",
  noRun: (run) => `There is no run ${run} yet`,
  checkedAgainst: (first) => `${first}: your answer is checked against its figures.`,
  giveNumber: "Give a number.",
  right: "Right.",
  wrong: "Not that.",
  again: "Look again.",

  // Calculators.
  layer: "layer",
  sides: { height: "height", width: "width", channels: "channels" },
  facts: { code: "Code", span: "Window spans", height: "Height", width: "Width", output: "Output", parameters: "Parameters" },
  wholeNumbers: "Give whole numbers from 1.",
  eitherOr: "Keras has no strides above 1 together with a dilation_rate above 1.",
  doesNotFit: (span, size) => `A window that spans ${span} does not fit into ${size}. With padding "same" it does.`,
  nothingToLearn: "a pooling has nothing to learn: 0",
  mapDrawn: "The map, the border that counts for nothing, and the window",
  pictureDrawn: "The picture, its border of zeros, and the window",
  outputDrawn: "The output, and the value that the window makes",
  whereWindow: "Where the window lies",
  place: (row, rows, column, columns) => `row ${row} of ${rows}, column ${column} of ${columns}`,
};

const de = {
  open: "Labor hier öffnen",
  close: "Dieses Labor schließen",
  log: "Was jede Epoche ergab",
  logCaption: "Was jede Epoche ergab, über alle ihre Bilder",
  logColumns: ["Lauf", "Epoche", "Verlust", "Ge\u00adnau\u00adig\u00adkeit", "Vali\u00addie\u00adrungs\u00adver\u00adlust", "Vali\u00addie\u00adrungs\u00adge\u00adnau\u00adig\u00adkeit"],
  number: (value, digits) => value.toFixed(digits).replace(".", ","),
  percent: (points) => `${points.toFixed(1).replace(".", ",")}\u202f%`,

  openFirst: "Öffne erst das Labor dieses Schritts",
  trainFirst: "Trainiere erst im Labor dieses Schritts",
  evaluateFirst: "Drücke erst „Auswerten“ im Labor dieses Schritts",
  noRun: (run) => `Einen Lauf ${run} gibt es noch nicht`,
  checkedAgainst: (first) => `${first}: Deine Antwort wird mit seinen Zahlen verglichen.`,
  giveNumber: "Gib eine Zahl ein.",
  right: "Richtig.",
  wrong: "Das ist es nicht.",
  again: "Sieh noch einmal nach.",

  layer: "Schicht",
  sides: { height: "Höhe", width: "Breite", channels: "Kanäle" },
  facts: { code: "Code", span: "Das Fenster reicht über", height: "Höhe", width: "Breite", output: "Ausgabe", parameters: "Parameter" },
  wholeNumbers: "Gib ganze Zahlen ab 1 ein.",
  eitherOr: "In Keras gehen strides über 1 und eine dilation_rate über 1 nicht zusammen.",
  doesNotFit: (span, size) => `Ein Fenster, das über ${span} reicht, passt nicht in ${size}. Mit padding "same" passt es.`,
  nothingToLearn: "ein Pooling hat nichts zu lernen: 0",
  mapDrawn: "Die Karte, der Rand, der nicht zählt, und das Fenster",
  pictureDrawn: "Das Bild, sein Rand aus Nullen und das Fenster",
  outputDrawn: "Die Ausgabe und der Wert, den das Fenster ergibt",
  whereWindow: "Wo das Fenster liegt",
  place: (row, rows, column, columns) => `Zeile ${row} von ${rows}, Spalte ${column} von ${columns}`,
};

export const texts = { en, de };
