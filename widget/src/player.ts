/** How quickly the slower sound plays. Browsers keep its pitch. */
const SLOWER = 0.75;

/** As of `HTMLMediaElement`. */
const HAVE_FUTURE_DATA = 3;

/** Where a sound is, and how it goes on from there. */
export interface Course {
  secs: number;
  /** Of all of it; 1 as long as nobody knows. */
  length: number;
  /** Seconds of it that pass in one; 0 while it rests or waits for more. */
  pace: number;
}

/** After each of these a sound goes on otherwise than before. */
const TURNS = ["play", "playing", "pause", "waiting", "seeked", "ratechange"];

interface Listener {
  /** It goes on otherwise than before. */
  onTurn(): void;
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

  get course(): Course {
    const { sound } = this;
    if (!sound) return { secs: 0, length: 1, pace: 0 };
    const goesOn = this.isPlaying && sound.readyState >= HAVE_FUTURE_DATA;
    return { secs: sound.currentTime, length: sound.duration || 1, pace: goesOn ? this.pace : 0 };
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
    this.listener.onTurn();
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
    for (const name of TURNS) sound.addEventListener(name, () => this.listener.onTurn());
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
