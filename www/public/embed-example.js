// Listens to the element on embed.html. Its events bubble, so any ancestor hears them too.
const said = document.querySelector("output");
const element = document.querySelector("cnn-lab");

element.addEventListener("cnn-lab-epoch", ({ detail }) => {
  const accuracy = detail.valAccuracy ?? detail.accuracy;
  said.textContent = `Epoch ${detail.epoch}: ${(100 * accuracy).toFixed(1)}% of the validation pictures right.`;
});

element.addEventListener("cnn-lab-done", async () => {
  // The class behind the element does whatever the page does.
  const lab = await element.lab;
  const { accuracy, count } = await lab.evaluate("test");
  said.textContent = `Trained. ${(100 * accuracy).toFixed(1)}% of ${count} test pictures right.`;
});

element.addEventListener("cnn-lab-error", ({ detail }) => {
  said.textContent = `${detail.code}: ${detail.message}`;
});
