// One item to label: photo, readings, and a key for every answer. It is built once and refilled,
// because drawing it anew would take longer than an annotator takes to answer.

const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]";
const PRESSED_BY_ENTER = "button:not([role=radio]), a, summary, .aq-zoom";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text; // never HTML: names and notes come from outside
  return made;
}

function keyButton(text, key, press) {
  const button = element("button");
  button.type = "button";
  button.append(element("span", "", text), element("kbd", "", key));
  button.addEventListener("click", press);
  return button;
}

class Item {
  constructor(root) {
    this.photo = element("div", "aq-zoom");
    this.photo.tabIndex = 0;
    this.photo.setAttribute("aria-label", "Photo; click to enlarge");
    this.image = element("img");
    this.image.alt = "The photo to label";
    this.photo.append(this.image);
    this.missing = element("p", "aq-small");
    this.about = element("div", "aq-muted aq-small aq-about");
    this.readings = element("dl", "aq-readings aq-small");
    const left = element("div");
    left.append(this.photo, this.missing, this.about, this.readings);

    this.number = element("small", "");
    this.head = element("h3", "", "How is the air? ");
    this.head.append(this.number);
    this.suggestion = element("div", "aq-suggestion aq-small");
    this.categories = element("div", "aq-keys");
    this.reasons = element("div", "aq-keys aq-row");
    this.unsure = element("input");
    this.unsure.type = "checkbox";
    const unsure = element("label", "aq-unsure");
    unsure.append(this.unsure, "I am unsure");
    this.card = element("section", "aq-card");
    this.card.append(
      this.head, this.suggestion, this.categories, this.exactForm(),
      element("div", "aq-title aq-small", "Can't tell, because of"), this.reasons, unsure,
    );
    const desk = element("div", "aq aq-desk");
    desk.append(left, this.card);
    root.append(desk);

    this.onKey = (event) => this.keyPressed(event);
    document.addEventListener("keydown", this.onKey, true); // before widgets that keep it to themselves
  }

  exactForm() {
    const form = element("form", "aq-exact");
    const label = element("label", "aq-small", "Exact US AQI, if you know it");
    this.exact = element("input");
    this.exact.inputMode = "numeric";
    this.exact.maxLength = 3;
    this.exact.autocomplete = "off";
    label.append(this.exact);
    const save = element("button", "", "Save this AQI");
    form.append(label, save);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send({ aqi: this.exact.value }, save);
    });
    return form;
  }

  fill(data, trigger) {
    const isNew = !this.data || this.data.request !== data.request;
    this.data = data;
    this.trigger = trigger;
    this.sent = false; // the same item again: what was sent has been refused, and may be mended
    for (const button of this.card.querySelectorAll(".aq-pressed")) {
      button.classList.remove("aq-pressed");
    }
    if (!this.buttons) this.addButtons(data);
    if (isNew) {
      this.exact.value = "";
      this.exact.blur(); // the next key is an answer again
      this.unsure.checked = false;
      this.number.textContent = `item ${data.item}`;
      this.photo.hidden = !data.photo;
      if (data.photo) this.image.src = data.photo;
      this.missing.textContent = data.missing;
      this.readings.replaceChildren(...data.readings.map(([name, value]) => {
        const cell = element("div");
        cell.append(element("dt", "", name), element("dd", "", value));
        return cell;
      }));
    }
    this.about.replaceChildren(...data.about.map((line) => element("p", "", line)));
    data.categories.forEach((_, number) => {
      this.categories.children[number].classList.toggle("aq-said", data.said === number);
    });
    this.suggest(data.suggestion);
  }

  addButtons(data) {
    this.buttons = new Map();
    data.categories.forEach(({ words, colour }, number) => {
      const button = keyButton(words, `${number + 1}`, () => this.send({ category: number }, button));
      button.style.borderLeftColor = colour;
      this.categories.append(button);
      this.buttons.set(`${number + 1}`, button);
    });
    for (const { reason, words, key } of data.reasons) {
      const button = keyButton(words, key.toUpperCase(), () => this.send({ cant_tell: reason }, button));
      this.reasons.append(button);
      this.buttons.set(key, button);
    }
  }

  suggest(told) {
    this.suggestion.hidden = !told;
    this.suggestion.replaceChildren();
    this.buttons.delete("Enter");
    if (!told) return;
    this.suggestion.append(element("div", "aq-title", "The model suggests"));
    if (!told.aqi) {
      this.suggestion.append(element("p", "", told.words));
      return;
    }
    const pill = element("span", "aq-pill", told.words);
    pill.style.background = told.colour;
    pill.style.color = told.ink;
    const line = element("p");
    line.append(element("strong", "", told.aqi), " ", pill, ` (${told.range})`);
    const agree = keyButton("Agree with the model", "Enter", () =>
      this.send({ category: told.category }, agree));
    this.suggestion.append(line, agree);
    this.buttons.set("Enter", agree);
  }

  keyPressed(event) {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.(TYPING)) return;
    if (event.key === "Enter" && event.target.closest?.(PRESSED_BY_ENTER)) return;
    const button = this.buttons?.get(event.key);
    if (!button) return;
    event.preventDefault();
    button.click();
  }

  send(answer, button) {
    if (this.sent) return; // the second half of a double press
    this.sent = true;
    button.classList.add("aq-pressed");
    this.trigger("answer", {
      request: this.data.request, unsure: this.unsure.checked, ...answer,
    });
  }

  leave() {
    document.removeEventListener("keydown", this.onKey, true);
  }
}

const items = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  if (!items.has(parentElement)) items.set(parentElement, new Item(parentElement));
  const item = items.get(parentElement);
  item.fill(data, setTriggerValue);
  return () => {
    item.leave();
    items.delete(parentElement);
    parentElement.replaceChildren();
  };
}
