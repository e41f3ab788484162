// Asks the page now and then whether there is something new; a tab that nobody sees asks nothing until it is seen.

class Poll {
  constructor() {
    this.number = 0;
    this.listening = new AbortController();
    document.addEventListener("visibilitychange", () => this.ask(), { signal: this.listening.signal });
  }

  update(every, send) {
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

  end() {
    clearInterval(this.timer);
    this.listening.abort();
  }
}

const polls = new WeakMap();

/** Streamlit calls this at first and again whenever the data change; the returned function runs at the end. */
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".poll");
  if (!polls.has(root)) polls.set(root, new Poll());
  const poll = polls.get(root);
  poll.update(data.every, (number) => setTriggerValue("asked", number));
  return () => {
    poll.end();
    polls.delete(root);
  };
}
