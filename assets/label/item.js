// The desk: photo, readings, answers, messages and tools in one component of fixed layout. It is
// built once and refilled, because drawing it anew would take longer than an annotator takes to
// answer. No text, error or mode changes the place of a button: people click without looking.

const PATIENCE = 10_000; // ms without an answer of the server after which one may press again
const READ_IN = 3000; // ms that a count of early presses stays, whatever is pressed meanwhile
const KEYS = [
  ["1 to 6", "the category, from Good to Hazardous"],
  ["n l k f m o", "can't tell: night, cloud, not sky, sensor fault, unit mix-up, other"],
  ["x", "type an exact US AQI; Enter saves it, Esc leaves"],
  ["d", "unsure, on or off"],
  ["t", "note and wrong readings; Esc leaves"],
  ["Enter", "agree with the model (Assisted)"],
  ["b / u / s", "back / undo / skip"],
  ["y / Esc", "yes / no to a question"],
  ["v", "Blind or Assisted"],
  ["+ - Esc", "zoom in, out, whole photo (also wheel, pinch, click; drag moves)"],
  ["[ ]", "darker, brighter"],
  [", .", "less, more contrast"],
  ["0", "reset zoom, brightness and contrast"],
  ["g", "guidelines"],
  ["p", "other photos of the same view; there, a applies your answer to the ticked photos"],
  ["?", "this list"],
  ["swipe", "on a phone, over the photo: left skips, right goes back; a swipe never answers"],
];

const SAME_VIEW = ".st-key-label_same_view button";

class Desk {
  constructor(root) {
    [this.early, this.lastEarly] = [0, 0];
    this.desk = element("div", "aq aq-desk");
    this.desk.append(this.topRow(), this.leftSide(), this.card());
    this.help = keySheet(KEYS);
    this.guidelines = new Sheet("Guidelines");
    root.append(this.desk, this.help.dialog, this.guidelines.dialog);
    this.onKey = (event) => this.keyPressed(event);
    document.addEventListener("keydown", this.onKey, true); // before widgets that keep it to themselves
  }

  topRow() {
    const row = element("div", "aq-top");
    this.message = element("div", "aq-message");
    this.said = element("button", "aq-said-text");
    this.said.type = "button";
    this.said.setAttribute("aria-label", "Show the whole message");
    this.said.append(element("span"));
    this.said.addEventListener("click", () => this.message.classList.toggle("aq-unfolded"));
    this.status = this.said.firstChild;
    this.live = element("span", "aq-hidden");
    this.live.setAttribute("role", "status");
    this.live.setAttribute("aria-live", "polite");
    this.yes = keyButton("Yes", "y", (event) => this.command("confirm", this.yes, event));
    this.no = keyButton("No", "Esc", (event) => this.command("cancel", this.no, event));
    this.message.append(this.said, this.yes, this.no, this.live);
    this.number = element("small");
    this.head = element("h3", "", "Which AQI category? ");
    this.head.append(this.number);
    const pace = element("div", "aq-pace aq-small");
    this.pace = element("span");
    this.share = element("progress");
    this.share.max = 1;
    this.share.setAttribute("aria-label", "Progress towards the goal");
    pace.append(this.pace, this.share);
    row.append(this.message, this.head, pace);
    return row;
  }

  leftSide() {
    this.photo = new PhotoBox((way) => this.command(way === "left" ? "skip" : "back"));
    const corner = element("div", "aq-over aq-light");
    const light = element("button", "", "Light");
    light.type = "button";
    light.title = "Brightness and contrast";
    light.setAttribute("aria-expanded", "false");
    const sliders = element("div", "aq-sliders");
    sliders.hidden = true;
    const reset = element("button", "", "Reset");
    reset.type = "button";
    reset.addEventListener("click", () => this.photo.resetLight());
    const row = (name, slider) => {
      const label = element("label", "aq-small", name);
      label.append(slider);
      return label;
    };
    sliders.append(
      row("Brightness", this.photo.brightness), row("Contrast", this.photo.contrast), reset,
    );
    light.addEventListener("click", () => {
      sliders.hidden = !sliders.hidden;
      light.setAttribute("aria-expanded", String(!sliders.hidden));
    });
    corner.append(light, sliders);
    this.remarks = new Remarks((differs) => this.remarked(differs));
    this.remarks.panel.addEventListener("input", () => { // what is typed survives a reload
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.keepDraft(), 1000);
    });
    this.photo.box.append(corner);
    this.about = element("p", "aq-muted aq-small aq-about");
    this.readings = element("dl", "aq-readings aq-small");
    const left = element("section", "aq-left");
    left.setAttribute("aria-label", "Photo and readings");
    left.append(this.photo.box, this.remarks.panel, this.about, this.readings);
    return left;
  }

  card() {
    this.buttons = new Map();
    this.suggestion = element("div", "aq-suggestion aq-small");
    this.suggested = element("p");
    this.agree = keyButton("Agree", "Enter", (event) =>
      this.answer({ category: this.data.suggestion.category }, this.agree, event));
    this.suggestion.append(this.suggested, this.agree);
    this.buttons.set("Enter", this.agree);
    this.categories = element("div", "aq-keys aq-categories");
    this.reasons = element("div", "aq-keys aq-reasons");
    this.section = element("section", "aq-card");
    this.section.setAttribute("aria-label", "Answers");
    this.section.append(
      this.suggestion, this.categories, this.marks(),
      element("div", "aq-title aq-small", "Can't tell, because of"), this.reasons, this.tools(),
    );
    // A finger that slides over a button has not pressed it.
    this.section.addEventListener("pointerdown", (event) => {
      this.down = [event.clientX, event.clientY];
    }, true);
    this.section.addEventListener("click", (event) => {
      const [x, y] = this.down ?? [event.clientX, event.clientY];
      if (!event.detail || Math.hypot(event.clientX - x, event.clientY - y) < 12) return;
      event.preventDefault();
      event.stopPropagation();
    }, true);
    return this.section;
  }

  marks() {
    const row = element("form", "aq-marks");
    this.exact = element("input", "aq-exact");
    this.exact.inputMode = "numeric";
    this.exact.maxLength = 3;
    this.exact.autocomplete = "off";
    this.exact.placeholder = "US AQI x";
    this.exact.setAttribute("aria-label", "Exact US AQI, if you know it");
    this.exact.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.exact.blur();
    });
    this.save = element("button", "", "Save AQI");
    this.unsure = keyButton("Unsure", "d", () => this.toggleUnsure());
    this.unsure.setAttribute("aria-label", "I am unsure");
    this.note = keyButton("Note", "t", () => this.toggleNote());
    this.note.setAttribute("aria-label", "Note and wrong readings");
    row.append(this.exact, this.save, this.unsure, this.note);
    row.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer({ aqi: this.exact.value }, this.save);
    });
    this.buttons.set("d", this.unsure);
    this.buttons.set("t", this.note);
    return row;
  }

  tools() {
    const row = element("div", "aq-tools");
    const tool = (text, key, press) => {
      const button = keyButton(text, key, press);
      this.buttons.set(key, button);
      row.append(button);
      return button;
    };
    this.moves = ["back", "undo", "skip"].map((name) => {
      const words = name[0].toUpperCase() + name.slice(1);
      const button = tool(words, name[0], (event) => this.command(name, button, event));
      return button;
    });
    this.mode = tool("Blind", "v", (event) =>
      this.command("mode", this.mode, event, this.data.mode === "blind" ? "assisted" : "blind"));
    this.mode.setAttribute("role", "switch");
    this.mode.setAttribute("aria-label", "Assisted: show the model's prediction");
    // The dialog of these photos is the page's, not the desk's: its button stands below.
    this.alike = tool("Similar", "p", () => document.querySelector(SAME_VIEW)?.click());
    this.alike.disabled = true;
    tool("Guide", "g", () => this.openGuidelines()).setAttribute("aria-label", "Guidelines");
    tool("Keys", "?", () => this.help.toggle());
    return row;
  }

  addAnswers(data) {
    data.categories.forEach(({ words, span, colour }, number) => {
      const button = keyButton(words, `${number + 1}`, (event) =>
        this.answer({ category: number }, button, event));
      button.firstChild.append(element("small", "", ` ${span}`));
      button.style.borderLeftColor = colour;
      this.categories.append(button);
      this.buttons.set(`${number + 1}`, button);
    });
    for (const { reason, words, key } of data.reasons) {
      const button = keyButton(words, key, (event) =>
        this.answer({ cant_tell: reason }, button, event));
      this.reasons.append(button);
      this.buttons.set(key, button);
    }
  }

  // `turn` is another one after each thing that the server has done. All of the next item comes at
  // once, when its photo can be shown: until then the desk is busy and a press answers nothing.
  async fill(data, trigger) {
    this.trigger = trigger;
    if (!this.categories.childElementCount) this.addAnswers(data);
    this.tellPace(data.pace);
    if (data.turn === this.turn) return;
    this.turn = data.turn;
    this.desk.setAttribute("aria-busy", "true");
    let photo = data.photo;
    if (photo && photo !== this.data?.photo) {
      const next = new Image();
      next.src = photo;
      const late = new Promise((done) => setTimeout(done, PATIENCE));
      await Promise.race([next.decode().catch(() => { photo = ""; }), late]);
      if (data.turn !== this.turn) return; // another one has come meanwhile
    }
    this.apply(data, photo);
  }

  apply(data, photo) {
    const isNew = this.data?.request !== data.request;
    this.data = data;
    this.rest();
    if (isNew) this.lay(data, photo);
    this.about.textContent = this.about.title = data.about;
    this.mode.firstChild.textContent = data.mode === "blind" ? "Blind" : "Assisted";
    this.mode.setAttribute("aria-checked", String(data.mode !== "blind"));
    [...this.categories.children].forEach((button, number) => {
      button.classList.toggle("aq-said", data.said.category === number);
    });
    this.suggest(data);
    const { alike } = data;
    this.alike.firstChild.textContent = alike ? `${alike} similar` : "Similar";
    this.alike.disabled = !alike;
    this.alike.setAttribute("aria-label", `Other photos of the same view: ${alike}`);
    if (data.guidelines) fillGuidelines(this.guidelines, data.guidelines);
    const { text, kind, ask } = data.message;
    this.tell(this.early ? `${this.earlyWords()} ${text}` : text, this.early ? "warning" : kind, ask);
  }

  // Another item, or the same one anew: nothing of the one before stays in a field.
  lay(data, photo) {
    const missing = data.item ? data.missing || "This photo cannot be shown." : data.end;
    this.number.textContent = data.item ? `item ${data.item}` : "no item";
    this.desk.classList.toggle("aq-empty", !data.item);
    this.photo.show(photo, missing);
    this.exact.value = "";
    this.exact.placeholder = data.said.aqi === null ? "US AQI x" : `was ${data.said.aqi}`;
    if (document.activeElement === this.exact) this.exact.blur(); // the next key is an answer again
    this.setUnsure(data.said.unsure);
    this.remarks.panel.hidden = true;
    this.remarks.fill(data);
    this.markNote();
    this.readings.replaceChildren(...data.readings.map(({ label, value, unit }) => {
      const cell = element("div");
      cell.append(element("dt", "", label), element("dd", "", value));
      cell.lastChild.append(element("small", "", ` ${unit}`));
      return cell;
    }));
  }

  suggest({ suggestion: model, mode, item, blind }) {
    this.agree.disabled = !model?.aqi;
    this.suggested.replaceChildren();
    if (!item) return;
    if (!model?.aqi) {
      this.suggested.textContent = model?.words
        ?? (mode !== "blind" ? "" : blind
          ? "Blind: the model's prediction is shown after your answer."
          : "Not blind: you have seen the prediction or others' answers.");
      return;
    }
    const pill = element("span", "aq-pill", model.words);
    pill.style.background = model.colour;
    pill.style.color = model.ink;
    this.suggested.append(
      "The model suggests ", element("strong", "", model.aqi), " ", pill, ` (${model.range})`,
    );
    this.suggested.title = this.suggested.textContent;
  }

  tellPace({ words, share }) {
    this.pace.textContent = this.pace.title = words;
    this.share.hidden = share === null;
    this.share.value = share ?? 0;
  }

  tell(text, kind, ask = false) {
    this.status.textContent = this.said.title = text;
    if (this.live.textContent !== text) this.live.textContent = text;
    this.message.dataset.kind = text ? kind : "";
    this.message.classList.remove("aq-unfolded");
    this.yes.hidden = this.no.hidden = !ask;
  }

  earlyWords() {
    const presses = this.early === 1 ? "one press was" : `${this.early} presses were`;
    return `Too early: ${presses} ignored, because the next photo was not shown yet.`;
  }

  // A press that came before anybody can have seen the next photo.
  tooEarly() {
    this.early += 1;
    this.lastEarly = Date.now();
    this.tell(this.earlyWords(), "warning");
    this.message.classList.remove("aq-flash");
    void this.message.offsetWidth; // so that the mark flashes again
    this.message.classList.add("aq-flash");
  }

  get isUnsure() {
    return this.unsure.getAttribute("aria-pressed") === "true";
  }

  setUnsure(unsure) {
    this.unsure.setAttribute("aria-pressed", String(Boolean(unsure)));
  }

  toggleUnsure() {
    this.setUnsure(!this.isUnsure);
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.keepDraft(), 300); // an answer that follows takes it along
  }

  toggleNote() {
    if (this.remarks.isOpen) this.remarks.close();
    else if (this.data?.item) this.remarks.open();
  }

  markNote() {
    this.note.setAttribute("aria-pressed", String(!this.remarks.isEmpty));
  }

  remarked(differs) {
    this.markNote();
    this.note.focus({ preventScroll: true });
    this.note.blur();
    if (differs) this.keepDraft();
  }

  keepDraft() {
    clearTimeout(this.typing);
    if (!this.busy && this.data?.item) {
      this.act("draft", { unsure: this.isUnsure, ...this.remarks.value() });
    }
  }

  openGuidelines() {
    this.guidelines.toggle();
    if (!this.guidelines.isOpen) return;
    if (!this.guidelines.body.childElementCount) {
      this.guidelines.body.append(element("p", "", "Loading ..."));
    }
    if (!this.busy) this.act("guidelines");
  }

  answer(answer, button, event) {
    if (!this.data?.item) return;
    const whole = { unsure: this.isUnsure, ...this.remarks.value(), ...answer };
    this.leave(button, event, () => this.trigger("answer", { request: this.data.request, ...whole }));
  }

  command(name, button, event, value) {
    this.leave(button, event, () => this.act(name, { value }));
  }

  act(name, more = {}) {
    this.trigger("command", { name, request: this.data.request, ...more });
  }

  // Do what leads away from what is shown. The second half of a double press does nothing.
  leave(button, event, act) {
    if (!this.data || this.busy || event?.detail > 1) {
      this.tooEarly();
      return;
    }
    if (Date.now() - this.lastEarly > READ_IN) this.early = 0; // hasty presses are counted together
    this.busy = true;
    clearTimeout(this.typing); // an answer takes the note along
    this.desk.setAttribute("aria-busy", "true");
    button?.classList.add("aq-pressed");
    if (event?.detail) button?.blur(); // Enter is not this button's from now on
    act();
    this.waiting = setTimeout(() => {
      this.rest();
      this.tell("The server has not answered for 10 seconds. Press again: your answer is saved only once.", "warning");
    }, PATIENCE);
  }

  rest() {
    clearTimeout(this.waiting);
    this.busy = false;
    this.desk.setAttribute("aria-busy", "false");
    for (const pressed of this.desk.querySelectorAll(".aq-pressed")) {
      pressed.classList.remove("aq-pressed");
    }
  }

  keyPressed(event) {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = event.target;
    if (this.help.isOpen || this.guidelines.isOpen) {
      if (key === "?" && this.help.isOpen) this.help.toggle();
      if (key === "g" && this.guidelines.isOpen) this.guidelines.toggle();
      return;
    }
    if (document.querySelector('[data-testid="stDialog"]')) return; // what lies behind is not answered
    if (target.closest?.(TYPING) || this.remarks.panel.contains(target)) return;
    if (key === "Enter" && target.closest?.(PRESSED_BY_ENTER)) return;
    const work = this.keyWork(key);
    if (!work) return;
    event.preventDefault();
    event.stopPropagation();
    work();
  }

  keyWork(key) {
    const { photo } = this;
    if (!this.yes.hidden && key === "y") return () => this.yes.click();
    if (!this.yes.hidden && key === "Escape") return () => this.no.click();
    if (key === "Escape") {
      if (this.remarks.isOpen) return () => this.remarks.close();
      return photo.isZoomed ? () => photo.whole() : null;
    }
    const button = this.buttons.get(key);
    if (button) return button.disabled ? null : () => button.click();
    return {
      x: () => this.exact.focus({ preventScroll: true }),
      "+": () => photo.zoomBy(1.5),
      "=": () => photo.zoomBy(1.5),
      "-": () => photo.zoomBy(1 / 1.5),
      "[": () => photo.light(photo.brightness, -10),
      "]": () => photo.light(photo.brightness, 10),
      ",": () => photo.light(photo.contrast, -10),
      ".": () => photo.light(photo.contrast, 10),
      0: () => { photo.whole(); photo.resetLight(); },
    }[key] ?? null;
  }

  close() {
    clearTimeout(this.waiting);
    clearTimeout(this.typing);
    document.removeEventListener("keydown", this.onKey, true);
  }
}

const desks = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  if (!desks.has(parentElement)) desks.set(parentElement, new Desk(parentElement));
  const desk = desks.get(parentElement);
  desk.fill(data, setTriggerValue);
  return () => {
    // Streamlit also calls this for a drawing that a newer one overtook: that one still needs the desk.
    if (parentElement.isConnected) return;
    desk.close();
    desks.delete(parentElement);
  };
}
