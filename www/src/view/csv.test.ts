import { expect, test } from "vitest";
import { historyCsv, warningsCsv } from "./csv";

test("steps come first, then epochs, and what was not measured stays empty", () => {
  const csv = historyCsv({
    steps: [{ epoch: 1, loss: 2.302585092994046, accuracy: 0.109375, learningRate: 0.001 }, { epoch: 1, loss: 2, accuracy: 0.25 }],
    epochs: [
      { epoch: 1, loss: 0.5, accuracy: 0.85, valLoss: 0.25, valAccuracy: 0.9, learningRate: 0.0005 },
      { epoch: 2, loss: 0.4, accuracy: 0.875 },
    ],
  });
  expect(csv.split("\r\n")).toEqual([
    "kind,epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate",
    "step,1,1,2.302585092994046,0.109375,,,0.001",
    "step,1,2,2,0.25,,,",
    "epoch,1,,0.5,0.85,0.25,0.9,0.0005",
    "epoch,2,,0.4,0.875,,,",
    "",
  ]);
});

test("warnings are quoted where they have to be", () => {
  expect(warningsCsv([
    { file: "CAT/1.jpg", message: "Cut off." },
    { file: 'CAT/"2", große.jpg', message: "Not a picture,\nbut text." },
  ])).toBe('file,message\r\nCAT/1.jpg,Cut off.\r\n"CAT/""2"", große.jpg","Not a picture,\nbut text."\r\n');
});
