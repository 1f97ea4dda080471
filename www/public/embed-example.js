// Listens to the element on embed.html. Its events bubble, so any ancestor hears them too.
const said = document.querySelector("output");
const element = document.querySelector("cnn-lab");

// The page is there in two languages.
const texts = {
  en: {
    epoch: (epoch, percent) => `Epoch ${epoch}: ${percent}% of the validation pictures right.`,
    done: (percent, count) => `Trained. ${percent}% of ${count} test pictures right.`,
  },
  de: {
    epoch: (epoch, percent) => `Epoche ${epoch}: ${percent}\u202f% der Validierungsbilder richtig.`,
    done: (percent, count) => `Trainiert. ${percent}\u202f% von ${count} Testbildern richtig.`,
  },
};
const { lang } = document.documentElement;
const t = texts[lang];
const percentOf = (share) => (100 * share).toLocaleString(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

element.addEventListener("cnn-lab-epoch", ({ detail }) => {
  said.textContent = t.epoch(detail.epoch, percentOf(detail.valAccuracy ?? detail.accuracy));
});

element.addEventListener("cnn-lab-done", async () => {
  // The class behind the element does whatever the page does.
  const lab = await element.lab;
  const { accuracy, count } = await lab.evaluate("test");
  said.textContent = t.done(percentOf(accuracy), count);
});

element.addEventListener("cnn-lab-error", ({ detail }) => {
  said.textContent = `${detail.code}: ${detail.message}`;
});
