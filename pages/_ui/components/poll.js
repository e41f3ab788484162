// Asks the page now and then whether there is something new; a tab that nobody sees asks nothing until it is seen.

import { mount } from "./channel.js";

class Poll {
  constructor() {
    this.number = 0;
  }

  listen(signal) {
    document.addEventListener("visibilitychange", () => this.ask(), { signal });
  }

  update({ every }, send) {
    this.send = send;
    if (every === this.every) return;
    this.every = every;
    clearInterval(this.timer);
    this.timer = setInterval(() => this.ask(), 1000 * every);
  }

  ask() {
    if (document.visibilityState !== "visible") return;
    this.number += 1;
    this.send(this.number);
  }

  stop() {
    clearInterval(this.timer);
  }
}

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function ask(component) {
  return mount(component, ".poll", Poll, "asked");
}
