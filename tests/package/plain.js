document.addEventListener("cnn-lab-done", ({ detail }) => {
  document.title = `trained: ${detail.valAccuracy}`;
});
