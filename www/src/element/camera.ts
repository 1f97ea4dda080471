/** The camera: turned on, turned off, and what to say where there is none. */
import type { Texts } from "../text/texts";

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
export function refusalOf(t: Texts, error: unknown): string {
  switch ((error as { name?: unknown }).name) {
    case "NotAllowedError":
      return t.lab.cameraDenied;
    case "NotFoundError":
    case "OverconstrainedError":
      return t.lab.noCamera;
    case "NotReadableError":
    case "AbortError":
      return t.lab.cameraBusy;
    case "SecurityError":
      return t.lab.cameraForbidden;
    default:
      return t.lab.cameraFailed;
  }
}
