import { element } from "./dom";

/** When a refused picture is asked for again: what the server says in Retry-After where it is only busy. */
const RETRY_MS = 1_000;

/** The picture of a challenge, in a box of one size. It is drawn, so that a page need not allow any address for it. */
export class Picture {
  readonly canvas = element("canvas", { role: "img" });
  private address = "";

  /** Empties the box while there is nothing to see, and says why. */
  clear(description: string): void {
    this.address = "";
    this.canvas.width = this.canvas.height = 0;
    this.describe(description);
  }

  /** Draws a GIF in base64 or, without it, what is at the address. Rejects if neither can be had. */
  async show(address: string, description: string, gif?: string): Promise<void> {
    this.address = address;
    this.describe(description);
    const image = await decode(address, gif);
    // Another one may have been asked for meanwhile.
    if (this.address !== address) return;
    this.canvas.width = image.width;
    this.canvas.height = image.height;
    this.canvas.getContext("2d")?.drawImage(image, 0, 0);
  }

  private describe(description: string): void {
    this.canvas.setAttribute("aria-label", description);
  }
}

async function decode(address: string, gif: string | undefined): Promise<ImageBitmap | HTMLImageElement> {
  const reply = gif ? undefined : await load(address);
  try {
    return await createImageBitmap(gif ? unpack(gif) : await reply!.blob());
  } catch {
    const image = new Image();
    image.crossOrigin = "anonymous";
    image.src = address;
    await image.decode();
    return image;
  }
}

/** What is at the address, or nothing where a page does not let it be fetched. Asks once again where it is refused. */
async function load(address: string, isLast = false): Promise<Response | undefined> {
  const reply = await fetch(address, { credentials: "omit" }).catch(() => undefined);
  if (!reply || reply.ok) return reply;
  // An image element would show the server's notice as if it were the challenge.
  if (isLast) throw new Error(`${reply.status}`);
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  return load(address, true);
}

function unpack(gif: string): Blob {
  const bytes = Uint8Array.from(atob(gif), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: "image/gif" });
}
