// A loudspeaker for each browser, with a microphone before it: PulseAudio's null sinks and their monitors.
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { join } from "node:path";
import { start, stop } from "./programs.mjs";

export const needs = { pulseaudio: "pulseaudio", parec: "pulseaudio-utils" };

/** Of haechi's sounds: one channel of 16 bits. */
export const hertz = 16_000;

/** PulseAudio has a folder `pulse` beside it. */
const socketName = "loudspeakers";

export class Loudspeakers {
  static async start(folder, names) {
    const socket = join(folder, socketName);
    const sinks = names.map((name) => `module-null-sink sink_name=${name} rate=48000`);
    const modules = [...sinks, `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
    const settings = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"];
    const own = { HOME: folder, XDG_RUNTIME_DIR: folder };
    const loudspeakers = new Loudspeakers();
    loudspeakers.socket = socket;
    loudspeakers.server = start("pulseaudio", [...settings, ...modules.map((module) => `--load=${module}`)], {
      env: { ...process.env, ...own },
    });
    await appears(folder, socketName);
    return loudspeakers;
  }

  /** By this a browser finds its own. */
  environment(name) {
    return { PULSE_SERVER: `unix:${this.socket}`, PULSE_SINK: name };
  }

  /** Records from now on, until the returned function is called, which gives the samples. */
  async record(name) {
    const format = ["--raw", `--rate=${hertz}`, "--channels=1", "--format=s16le", "--latency-msec=20"];
    const recorder = start("parec", [`--device=${name}.monitor`, ...format], {
      env: { ...process.env, ...this.environment(name) },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const chunks = [];
    recorder.stdout.on("data", (chunk) => chunks.push(chunk));
    // From then on it hears, be it silence.
    await once(recorder.stdout, "data", { signal: AbortSignal.timeout(10_000) });
    return async () => {
      await stop(recorder);
      return samplesOf(Buffer.concat(chunks));
    };
  }

  async stop() {
    await stop(this.server);
  }
}

/** What a WAV has after its head, which is of 44 bytes. */
export function samplesOfWav(bytes) {
  return samplesOf(Buffer.from(bytes).subarray(44));
}

function samplesOf(bytes) {
  return Float32Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readInt16LE(2 * at));
}

async function appears(folder, name) {
  const changes = watch(folder);
  while (!existsSync(join(folder, name))) await once(changes, "change", { signal: AbortSignal.timeout(10_000) });
  changes.close();
}
