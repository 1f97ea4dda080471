/** Both ways of using the package, typed: the element of the page, then the class. */
import { CnnLab, CnnLabError, type TrainEvent } from "cnn-lab";

async function train(): Promise<string> {
  const element = document.querySelector("cnn-lab");
  if (!element) throw new CnnLabError({ code: "state", message: "There is no element." });
  const figures = await new Promise<number | undefined>((resolve) => {
    element.addEventListener("cnn-lab-done", ({ detail }) => resolve(detail.valAccuracy));
  });
  const lab: CnnLab = await CnnLab.create({ device: "cpu", workers: 2, seed: 1 });
  await lab.loadBundled("mnist", { limit: 1500 });
  // Read by another module of the package.
  await lab.setModel(`
model = Sequential()
model.add(Conv2D(8, (3, 3), activation='relu', input_shape=(28, 28, 1)))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(10, activation='softmax'))
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy')`);
  const losses: number[] = [];
  for await (const event of lab.train({ epochs: 1, batchSize: 32, steps: 30 })) {
    const { type }: TrainEvent = event;
    if (type === "step") losses.push((event as Extract<TrainEvent, { type: "step" }>).loss);
  }
  const { accuracy } = await lab.evaluate("test");
  lab.dispose();
  return `trained: ${figures ?? NaN}, ${losses.length} steps, loss ${losses[0] ?? NaN} to ${losses.at(-1) ?? NaN}, test ${accuracy}`;
}

document.title = await train().catch((error: unknown) => `failed: ${String(error)}`);
