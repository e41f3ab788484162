// What talks to Python: components that Streamlit hands data to, and the events they send back.

const ANSWER_TIMEOUT = 10000; // milliseconds after which an event that got no answer is given up

/** Sends events one at a time, because Streamlit would keep only the last of several in one run. */
export class Channel {
  constructor(onGiveUp) {
    this.onGiveUp = onGiveUp;
    this.sent = null; // event that the page has not answered yet
    this.queue = []; // events that wait for that answer
    this.offered = null; // passing state that waits for it
    this.number = 0; // of the last event
  }

  /** Take the way to the page, and the number of the last event that it answered. */
  update(send, answered) {
    this.send = send;
    if (this.sent === null || answered !== this.sent.number) return;
    this.stop();
    this.sent = null;
    this.sendNext();
  }

  isBusy() {
    return this.sent !== null;
  }

  /** Events on their way to the page, oldest first. */
  pending() {
    return this.sent === null ? this.queue : [this.sent, ...this.queue];
  }

  /** Send an event; a passing state that still waits comes too late. */
  submit(event) {
    this.queue.push(event);
    this.offered = null;
    if (this.sent === null) this.sendNext();
  }

  /** Send a passing state, such as a place on the way, as soon as nothing else is on its way; a newer one replaces it. */
  offer(event) {
    this.offered = event;
    if (this.sent === null) this.sendNext();
  }

  sendNext() {
    const event = this.queue.shift() ?? this.offered;
    if (event === null) return;
    if (event === this.offered) this.offered = null;
    this.number = Math.max(Date.now(), this.number + 1);
    this.sent = { ...event, number: this.number };
    this.timer = setTimeout(() => this.giveUp(), ANSWER_TIMEOUT);
    this.send(this.sent);
  }

  giveUp() {
    this.sent = null;
    this.queue = [];
    this.offered = null;
    this.onGiveUp();
  }

  stop() {
    clearTimeout(this.timer);
  }
}

const mounted = new WeakMap();

/**
 * Make a component at first and hand it new data whenever they change; the returned function runs at the end.
 *
 * `Kind` is made of the root that `selector` finds; it has `listen(signal)`, `update(data, send)` and `stop()`.
 * What it sends arrives in Python as the trigger.
 */
export function mount({ parentElement, data, setTriggerValue }, selector, Kind, trigger) {
  const root = parentElement.querySelector(selector);
  if (!mounted.has(root)) mounted.set(root, begin(root, new Kind(root)));
  const { component, end } = mounted.get(root);
  component.update(data, (event) => setTriggerValue(trigger, event));
  return end;
}

function begin(root, component) {
  const listening = new AbortController();
  component.listen(listening.signal);
  const end = () => {
    listening.abort();
    component.stop();
    mounted.delete(root);
  };
  return { component, end };
}
