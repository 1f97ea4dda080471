import { fetched } from "../fetched";
import type { Texts } from "../texts";

/** Titles and sentences from below the page; `core.test.ts` looks whether they still stand there. */
export const known: Readonly<Record<string, string>> = {
  // Data sets, in `xtask/src/data`.
  "MNIST: handwritten digits": "MNIST: Handschrift-Ziffern",
  "Digits 0 to 9, written by hand, 28 x 28 in grey.": "Ziffern 0 bis 9 von Hand, 28 x 28 in Grau.",
  "Fashion-MNIST: clothes": "Fashion-MNIST: Kleidung",
  "Ten kinds of clothes, 28 x 28 in grey; harder than digits.": "Zehn Arten von Kleidung, 28 x 28 in Grau; schwerer als Ziffern.",
  "CIFAR-10: small photographs": "CIFAR-10: kleine Fotos",
  "Ten kinds of animals and vehicles, 32 x 32 in colour.": "Zehn Arten von Tieren und Fahrzeugen, 32 x 32 in Farbe.",
  // Networks, in `src/model/preset.rs`.
  "Photo convnet 32-64-128-128": "Foto-Faltungsnetz 32-64-128-128",
  "The convnet of the lessons on cats and dogs: four convolutions, each with a pooling.": "Das Faltungsnetz der Lektionen zu Katzen und Hunden: vier Faltungen, jede mit einem Pooling.",
  "Photo convnet with dropout": "Foto-Faltungsnetz mit Dropout",
  "The same with half of the flattened values dropped: for training with augmentation.": "Dasselbe, und die Hälfte der flachen Werte wird verworfen: zum Training mit Augmentierung.",
  "Photo convnet 16-32": "Foto-Faltungsnetz 16-32",
  "The convnet of the lessons on horses and humans: two convolutions, and nearly all its weights in the dense layer after them.": "Das Faltungsnetz der Lektionen zu Pferden und Menschen: zwei Faltungen, und fast alle Gewichte in der dichten Schicht danach.",
  "MobileNetV2, pretrained": "MobileNetV2, vortrainiert",
  "What a net learned from a million photos, frozen, and a new head on it: for a few hundred pictures or more, best of 160 x 160.": "Was ein Netz aus einer Million Fotos gelernt hat, eingefroren, mit einem neuen Kopf: für ein paar hundert Bilder und mehr, am besten mit 160 x 160.",
  "EfficientNet-Lite0, pretrained": "EfficientNet-Lite0, vortrainiert",
  "A larger net than MobileNetV2, which learned from the same photos, frozen, and a new head on it: best of 224 x 224.": "Ein größeres Netz als MobileNetV2, das aus denselben Fotos gelernt hat, eingefroren, mit einem neuen Kopf: am besten mit 224 x 224.",
  "Convnet 32-64-64": "Faltungsnetz 32-64-64",
  "The convnet of the MNIST lessons: three convolutions, two poolings, one hidden layer.": "Das Faltungsnetz der MNIST-Lektionen: drei Faltungen, zwei Poolings, eine verborgene Schicht.",
  "Small convnet 8-16": "Kleines Faltungsnetz 8-16",
  "Two small convolutions: trains in seconds, good for a first look.": "Zwei kleine Faltungen: in Sekunden trainiert, gut für einen ersten Blick.",
  "Padded convnet with dropout": "Faltungsnetz mit Rand und Dropout",
  "Pairs of padded convolutions with dropout against overfitting: for colour pictures.": "Paare von Faltungen mit Rand, mit Dropout gegen Überanpassung: für farbige Bilder.",
  "LeNet-5 style": "Nach Art von LeNet-5",
  "Average pooling and tanh, after LeCun and others, 1998.": "Average Pooling und tanh, nach LeCun und anderen, 1998.",
  "No convolution: two dense layers": "Ohne Faltung: zwei dichte Schichten",
  "A plain network to compare with: it looks at every pixel on its own.": "Ein schlichtes Netz zum Vergleich: Es sieht jedes Pixel für sich an.",
  "Padded convnet 16-32-64": "Faltungsnetz mit Rand 16-32-64",
  "The convnet of the CIFAR-10 lessons: padded windows of 2 x 2, each with a pooling, and dropout.": "Das Faltungsnetz der CIFAR-10-Lektionen: Fenster von 2 x 2 mit Rand, jedes mit Pooling, und Dropout.",
  "Strided convnet 32-64-128": "Faltungsnetz mit Schrittweite 32-64-128",
  "Steps of two instead of pooling, with dropout: the functional net of the Fashion-MNIST and CIFAR-10 lessons.": "Schrittweite zwei statt Pooling, mit Dropout: das funktionale Netz der Lektionen zu Fashion-MNIST und CIFAR-10.",
  "Convnet with batch normalisation": "Faltungsnetz mit Batch-Normalisierung",
  "Convolutions without bias, each normalised over the batch, and an average instead of a dense layer.": "Faltungen ohne Bias, jede über den Batch normalisiert, und ein Mittel statt einer dichten Schicht.",
  "Small residual net 16-32-64": "Kleines residuales Netz 16-32-64",
  "Three blocks whose input is added to what they make of it, after He and others, 2015.": "Drei Blöcke, deren Eingabe zu dem addiert wird, was sie daraus machen, nach He und anderen, 2015.",
  // Devices, in `www/src/worker/device.ts`.
  "You chose the CPU.": "Gewählt ist die CPU.",
  "You chose burn-flex alone; cpu is faster.": "Gewählt ist burn-flex allein; CPU ist schneller.",
  "You chose ndarray, an older way to compute on the CPU; cpu is much faster.": "Gewählt ist ndarray, ein älterer Weg auf der CPU; CPU ist viel schneller.",
  "This browser gives no WebGPU adapter, so training runs on the CPU.": "Dieser Browser gibt keinen WebGPU-Adapter; das Training läuft auf der CPU.",
  "This browser has no SIMD in WebAssembly, which the program for WebGPU needs, so training runs on the CPU.":
    "Dieser Browser hat kein SIMD in WebAssembly, das das Programm für WebGPU braucht; das Training läuft auf der CPU.",
  "This browser has no WebGPU, so training runs on the CPU.": "Dieser Browser hat kein WebGPU; das Training läuft auf der CPU.",
  "WebGPU runs on a software adapter here, so the CPU may be faster.": "WebGPU läuft hier auf einem Software-Adapter; die CPU ist vielleicht schneller.",
  "This browser has WebGPU, so training runs on the graphics processor.": "Dieser Browser hat WebGPU; das Training läuft auf dem Grafikprozessor.",
  "This browser has no relaxed SIMD, so a step takes about a fifth longer.": "Dieser Browser hat kein Relaxed SIMD; ein Schritt dauert etwa ein Fünftel länger.",
  "This browser has no SIMD in WebAssembly, so a step takes six to seven times as long.": "Dieser Browser hat kein SIMD in WebAssembly; ein Schritt dauert sechs- bis siebenmal so lange.",
  "burn-flex with cnn-lab's kernels": "burn-flex mit den Kernen von cnn-lab",
  "The browser tells of one core.": "Der Browser meldet einen Kern.",
};

/** A sentence with a number in it, or as it is. */
function sentence(text: string): string {
  const workers = /^(\d+) workers share each batch(, by messages: the page is not cross-origin isolated)?\.$/.exec(text);
  if (workers) return `${workers[1]} Worker teilen sich jeden Batch${workers[2] ? ", über Nachrichten: Die Seite ist nicht cross-origin isoliert" : ""}.`;
  return known[text] ?? text;
}

const sentences = (text: string): string[] => text.split(/(?<=\.) /);

/** Errors and warnings: a file of their own, that is fetched when the first is shown. */
let translate: ((text: string) => string) | null = null;
/** Who shows something in English until then. */
const waiting = new Set<() => void>();
/** When they were last asked for: where they could not be had, what is drawn later tries again. */
let asked = -Infinity;
const patience = 5_000;

const messages = fetched(() => import("./messages"));

async function learn(): Promise<void> {
  try {
    ({ translate } = await messages());
  } catch {
    // What is drawn again waits again.
    waiting.clear();
    return;
  }
  waiting.forEach((learned) => learned());
  waiting.clear();
}

export const core: Texts["core"] = {
  says: (text) => known[text] ?? sentences(text).map(sentence).join(" "),
  message: (text, learned) => {
    if (sentences(text).every((one) => sentence(one) !== one)) return core.says(text);
    if (translate) return core.says(translate(text));
    waiting.add(learned);
    if (performance.now() - asked > patience) {
      asked = performance.now();
      void learn();
    }
    return core.says(text);
  },
};
