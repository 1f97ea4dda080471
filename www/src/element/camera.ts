/** The camera: turned on, turned off, and what to say where there is none. */

/** Turns the camera on, once the user gives leave; rejects with what `refusalOf` puts into words. */
export async function openCamera(): Promise<MediaStream> {
  // Without a safe connection browsers give no devices at all.
  const devices = (navigator as Partial<Navigator>).mediaDevices;
  if (!devices) {
    throw new DOMException("", "SecurityError");
  }
  return devices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } }, audio: false });
}

export function closeCamera(stream: MediaStream): void {
  stream.getTracks().forEach((track) => track.stop());
}

/** Why there is no camera, and what to do, in a sentence. */
export function refusalOf(error: unknown): string {
  switch ((error as { name?: unknown }).name) {
    case "NotAllowedError":
      return "Your browser did not let this page use the camera. Allow it beside the address, and press again; or drop pictures instead.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "There is no camera here. Connect one and press again, or drop pictures instead.";
    case "NotReadableError":
    case "AbortError":
      return "The camera is used by another program. Close that, and press again.";
    case "SecurityError":
      return "This page may not use a camera: that takes an https address, and the leave of a page that embeds it. Drop pictures instead.";
    default:
      return "The camera did not start. Press again, or drop pictures instead.";
  }
}
