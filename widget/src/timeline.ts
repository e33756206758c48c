import type { Course } from "./player";

/** Shows how far a sound is by a line that the browser moves by itself, since each step of ours would cost a frame. */
export function follow(line: HTMLElement, { secs, length, pace }: Course): void {
  for (const motion of line.getAnimations()) motion.cancel();
  const motion = line.animate({ transform: ["scaleX(0)", "none"] }, { duration: length * 1000, fill: "both" });
  motion.currentTime = secs * 1000;
  if (pace) motion.playbackRate = pace;
  else motion.pause();
}
