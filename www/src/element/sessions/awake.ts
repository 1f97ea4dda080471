/** Keeps the screen, and with it most laptops, awake while training goes on. */
export class Awake {
  /** It is asked for. */
  wanted = false;
  /** The browser does not allow it. */
  refused = false;
  #lock: WakeLockSentinel | null = null;
  #asking = false;

  constructor(
    private readonly training: () => boolean,
    private readonly changed: () => void,
  ) {}

  /** Whether the screen is being kept awake. */
  get holds(): boolean {
    return this.#lock !== null;
  }

  /** Takes the lock or lets go of it, as it has to be now. A browser takes it back with every hidden page. */
  readonly update = (): void => {
    const due = this.wanted && this.training() && document.visibilityState === "visible";
    if (due && !this.#lock && !this.#asking && !this.refused) {
      void this.#take();
    } else if (!due && this.#lock) {
      void this.#lock.release();
    }
  };

  choose(wanted: boolean): void {
    this.wanted = wanted;
    this.refused = false;
    this.update();
    this.changed();
  }

  async #take(): Promise<void> {
    this.#asking = true;
    try {
      // Absent on pages that are not secure, whatever the types say.
      const lock = await navigator.wakeLock.request("screen");
      this.#lock = lock;
      lock.addEventListener("release", () => {
        this.#lock = null;
        this.changed();
      });
    } catch {
      this.refused = true;
    }
    this.#asking = false;
    this.changed();
    // It may have ended meanwhile.
    this.update();
  }

  end(): void {
    this.wanted = false;
    this.update();
  }
}
