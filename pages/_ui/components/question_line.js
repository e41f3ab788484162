// A line for a question, with the words that can end the one being typed: Tab takes the first, arrows choose.

import { mount } from "./channel.js";
import { makeElement } from "./dom.js";

const MOST_WORDS = 8;
const PUNCTUATION = /[^\p{L}\p{N}'-]/gu;

class Asking {
  constructor(root) {
    this.input = root.querySelector("input");
    this.list = root.querySelector("ul");
    this.button = root.querySelector("button");
    this.chosen = 0;
    this.found = [];
    this.shown = null; // what the page said last
  }

  listen(signal) {
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal });
    on(this.input, "input", () => this.suggest());
    on(this.input, "keydown", (event) => onKey(event, this));
    on(this.input, "blur", () => this.close());
    on(this.button, "click", () => this.submit());
    on(this.list, "pointerdown", (event) => onPress(event, this));
  }

  stop() {}

  update(data, send) {
    this.data = data;
    this.send = send;
    if (data.text !== this.shown) this.input.value = data.text;
    this.shown = data.text;
  }

  /** The word before the cursor, and where it begins. */
  word() {
    const before = this.input.value.slice(0, this.input.selectionStart ?? 0);
    const start = before.search(/\S+$/);
    return start < 0 ? { start: before.length, text: "" } : { start, text: before.slice(start) };
  }

  suggest() {
    const typed = this.word().text.replace(PUNCTUATION, "").toLowerCase();
    const fits = (word) => word.startsWith(typed) && word !== typed;
    this.found = typed ? this.data.words.filter(fits).slice(0, MOST_WORDS) : [];
    this.chosen = 0;
    this.draw();
  }

  draw() {
    const items = this.found.map((word, k) => {
      const isChosen = k === this.chosen;
      return makeElement("li", { id: `word-${k}`, role: "option", "aria-selected": isChosen }, [word]);
    });
    this.list.replaceChildren(...items);
    this.list.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", items.length > 0);
    if (items.length > 0) this.input.setAttribute("aria-activedescendant", `word-${this.chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  /** Put a whole word in the place of the one being typed. */
  take(word) {
    const { value, selectionStart } = this.input;
    const { start } = this.word();
    const rest = value.slice(selectionStart);
    const written = start === 0 ? word[0].toUpperCase() + word.slice(1) : word;
    this.input.value = `${value.slice(0, start)}${written} ${rest.trimStart()}`;
    this.input.setSelectionRange(start + written.length + 1, start + written.length + 1);
    this.input.focus();
    this.suggest();
  }

  choose(way) {
    this.chosen = (this.chosen + way + this.found.length) % this.found.length;
    this.draw();
  }

  close() {
    this.found = [];
    this.draw();
  }

  submit() {
    this.close();
    this.shown = null; // whatever the page says next is written into the line, also what it said before
    this.send({ text: this.input.value, number: Date.now() });
  }
}

function onKey(event, asking) {
  const open = asking.found.length > 0;
  if (event.key === "Enter") asking.submit();
  else if (!open || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  else if (event.key === "Tab") asking.take(asking.found[asking.chosen]);
  else if (event.key === "ArrowDown") asking.choose(1);
  else if (event.key === "ArrowUp") asking.choose(-1);
  else if (event.key === "Escape") asking.close();
  else return;
  event.preventDefault();
}

/** Take the word that is pressed, before the line loses the focus, which closes the list. */
function onPress(event, asking) {
  event.preventDefault();
  const item = event.target.closest("li");
  if (item) asking.take(item.textContent);
}

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function draw(component) {
  return mount(component, ".asking", Asking, "asked");
}
