// A place where a copied picture is pasted: by keyboard into it, or by its button. Large ones are made smaller first.

import { mount } from "./channel.js";
import { write } from "./dom.js";

const NO_PICTURE = "There is no picture on the clipboard; copy one first.";
const NOT_ALLOWED = "The browser does not let the page read the clipboard; press Ctrl or ⌘ and V here instead.";
const BROKEN = "The browser cannot read what was pasted as a picture; upload its file instead.";

class Pasting {
  constructor(root) {
    this.root = root;
    this.button = root.querySelector("button");
    this.said = root.querySelector(".said");
  }

  listen(signal) {
    this.root.addEventListener("paste", (event) => this.onPaste(event), { signal });
    this.button.addEventListener("click", () => this.onClick(), { signal });
  }

  stop() {}

  update(data, send) {
    this.data = data;
    this.send = send;
  }

  async onPaste(event) {
    event.preventDefault();
    const item = [...event.clipboardData.items].find((one) => one.type.startsWith("image/"));
    await this.take(item?.getAsFile());
  }

  async onClick() {
    let found;
    try {
      found = await readClipboard();
    } catch {
      write(this.said, NOT_ALLOWED);
      return;
    }
    await this.take(found);
  }

  /** Send a picture, or say why there is none. */
  async take(picture) {
    if (!picture) {
      write(this.said, NO_PICTURE);
      return;
    }
    try {
      this.send({ content: await encode(picture, this.data.longest), number: Date.now() });
      write(this.said, "");
    } catch {
      write(this.said, BROKEN);
    }
  }
}

/** Return the first picture on the clipboard, or undefined; asks the browser, which may ask the person. */
async function readClipboard() {
  for (const item of await navigator.clipboard.read()) {
    const type = item.types.find((one) => one.startsWith("image/"));
    if (type) return item.getType(type);
  }
  return undefined;
}

/** Return a picture as PNG in base64, its longer side at most so many pixels; transparent parts become white. */
async function encode(picture, longest) {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(scale * bitmap.width));
  canvas.height = Math.max(1, Math.round(scale * bitmap.height));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.toDataURL("image/png").split(",")[1];
}

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function draw(component) {
  return mount(component, ".paste", Pasting, "pasted");
}
