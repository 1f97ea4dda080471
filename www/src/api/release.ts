/** A port that nobody listens to. */
let nowhere: MessagePort | undefined;

/**
 * Lets go of the memory behind an array that nobody reads any more, by giving it away to nobody.
 * The collector would do so too, but late: hundreds of megabytes of pictures pass by before.
 * (`ArrayBuffer.transfer` would not do: of a buffer that came in a message, Chrome keeps a hold.)
 */
export function release({ buffer }: Uint8Array<ArrayBuffer>): void {
  if (buffer.byteLength === 0) return;
  if (!nowhere) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    nowhere = port1;
  }
  nowhere.postMessage(null, [buffer]);
}
