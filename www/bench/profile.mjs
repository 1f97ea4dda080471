/** Which functions the training worker spends its time in. */

/** How many functions are printed. */
const MOST = 15;

/**
 * Samples the stack of a page's training worker once a millisecond, from the worker's start on;
 * what comes of this ends that and prints the functions that most samples were in.
 */
export async function profile(page) {
  const devtools = await page.context().newCDPSession(page);
  const answers = new Map();
  let worker;
  // The worker's session is reached through the page's, by messages within messages.
  const send = (method, params = {}) => new Promise((resolve) => {
    const id = answers.size + 1;
    answers.set(id, resolve);
    void devtools.send("Target.sendMessageToTarget", { sessionId: worker, message: JSON.stringify({ id, method, params }) });
  });
  devtools.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result } = JSON.parse(message);
    answers.get(id)?.(result);
  });
  const started = new Promise((resolve) => {
    devtools.on("Target.attachedToTarget", async ({ sessionId, targetInfo }) => {
      if (targetInfo.type !== "worker" || worker !== undefined) return;
      worker = sessionId;
      await send("Profiler.enable");
      await send("Profiler.setSamplingInterval", { interval: 1000 });
      await send("Profiler.start");
      resolve();
    });
  });
  await devtools.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return async () => {
    await started;
    const { profile: { nodes, samples } } = await send("Profiler.stop");
    const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName || "(anonymous)"]));
    const counts = new Map();
    for (const id of samples) counts.set(names.get(id), (counts.get(names.get(id)) ?? 0) + 1);
    for (const name of ["(idle)", "(program)", "(root)"]) counts.delete(name);
    const busy = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, MOST);
    for (const [name, count] of most) console.log(`    ${((100 * count) / busy).toFixed(1).padStart(5)} %  ${name}`);
  };
}
