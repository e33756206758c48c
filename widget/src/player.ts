/** How quickly the slower sound plays. Browsers keep its pitch. */
const SLOWER = 0.75;

interface Listener {
  /** It plays, rests or has come further. */
  onChange(): void;
  onSilent(): void;
}

/**
 * The sound of a challenge. The element comes into being when somebody wants to hear it: some browsers fetch what
 * `preload="none"` should keep them from.
 */
export class Player {
  /** Whether any of it was played. */
  isHeard = false;
  private isSlower = false;
  private address = "";
  /** Half the bytes, for every browser that we know; taken back where it does not play. */
  private format = "&format=mulaw";
  private sound: HTMLAudioElement | undefined;

  constructor(private readonly listener: Listener) {}

  get isPlaying(): boolean {
    return !!this.sound && !this.sound.paused;
  }

  /** From 0 to 1. */
  get progress(): number {
    return this.sound ? this.sound.currentTime / this.sound.duration || 0 : 0;
  }

  /** Forgets the sound of before and fetches nothing. */
  turnTo(address: string): void {
    const { sound } = this;
    if (address !== this.address) this.isHeard = false;
    this.address = address;
    this.sound = undefined;
    if (!sound) return;
    sound.pause();
    sound.removeAttribute("src");
    sound.load();
    this.listener.onChange();
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else if (this.address) void this.start();
  }

  pause(): void {
    this.sound?.pause();
  }

  /** Goes to another moment of the sound and plays on from there. Before anything is loaded that is its start. */
  move(secs: number): void {
    if (!this.address) return;
    const sound = this.wake();
    const end = Number.isFinite(sound.duration) ? sound.duration : 0;
    sound.currentTime = Math.min(Math.max(sound.currentTime + secs, 0), end);
    void this.start();
  }

  /** Whether it is slower now. */
  changePace(): boolean {
    this.isSlower = !this.isSlower;
    if (this.sound) this.sound.playbackRate = this.pace;
    return this.isSlower;
  }

  private get pace(): number {
    return this.isSlower ? SLOWER : 1;
  }

  private async start(): Promise<void> {
    const sound = this.wake();
    try {
      await sound.play();
      if (this.sound === sound) this.isHeard = true;
    } catch (error) {
      // A pause or a new challenge before the sound has come is nothing to complain about.
      if (!(error instanceof DOMException && error.name === "AbortError")) this.fail(sound);
    }
  }

  private wake(): HTMLAudioElement {
    this.sound ??= this.load();
    return this.sound;
  }

  private load(): HTMLAudioElement {
    const sound = new Audio(this.address + this.format);
    sound.defaultPlaybackRate = sound.playbackRate = this.pace;
    for (const name of ["play", "pause", "ended", "timeupdate"]) {
      sound.addEventListener(name, () => this.listener.onChange());
    }
    sound.addEventListener("error", () => this.fail(sound));
    return sound;
  }

  /** The next try begins with a new element. The first one follows at once, in the format that whatever plays has. */
  private fail(sound: HTMLAudioElement): void {
    if (this.sound !== sound) return;
    this.turnTo(this.address);
    if (this.format) {
      this.format = "";
      void this.start();
    } else this.listener.onSilent();
  }
}
