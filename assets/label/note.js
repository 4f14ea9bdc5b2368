// What may go with an answer: a note, and readings that are wrong. It opens over the photo, so that
// no button moves; keys that are typed in it never answer.

class Remarks {
  // `changed` is called when the panel is closed and something in it is another than before.
  constructor(changed) {
    this.changed = changed;
    this.panel = element("section", "aq-over aq-remarks");
    this.panel.setAttribute("aria-label", "Note and wrong readings");
    const label = element("label", "", "Note");
    this.note = element("textarea");
    this.note.maxLength = 500;
    this.note.rows = 3;
    label.append(this.note);
    this.rows = element("div", "aq-wrong");
    this.done = element("button", "", "Done (Esc)");
    this.done.type = "button";
    this.done.addEventListener("click", () => this.close());
    this.panel.append(label, this.rows, this.done);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.close();
    });
    this.panel.hidden = true;
  }

  fill({ note, corrections, readings }) {
    this.note.value = note;
    this.fields = new Map();
    this.rows.replaceChildren(...readings.map(({ name, label, unit }) => {
      const row = element("div");
      const mark = element("label", "aq-check");
      const wrong = element("input");
      wrong.type = "checkbox";
      mark.append(wrong, `${label} is wrong`);
      const right = element("input");
      right.maxLength = 12;
      right.inputMode = "decimal";
      right.autocomplete = "off";
      right.placeholder = `right value, ${unit}`;
      right.setAttribute("aria-label", `Right value of ${label} in ${unit}, empty if unknown`);
      wrong.checked = name in corrections;
      right.value = corrections[name] ?? "";
      right.disabled = !wrong.checked;
      wrong.addEventListener("change", () => { right.disabled = !wrong.checked; });
      row.append(mark, right);
      this.fields.set(name, { wrong, right });
      return row;
    }));
    this.kept = JSON.stringify(this.value());
  }

  // As the server takes it: a correction of "" is wrong without a known right value.
  value() {
    const corrections = {};
    for (const [name, { wrong, right }] of this.fields ?? []) {
      if (wrong.checked) corrections[name] = right.value;
    }
    return { note: this.note.value, corrections };
  }

  get isEmpty() {
    const { note, corrections } = this.value();
    return !note.trim() && !Object.keys(corrections).length;
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  open() {
    this.panel.hidden = false;
    this.note.focus({ preventScroll: true });
  }

  close() {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    const now = JSON.stringify(this.value());
    const differs = now !== this.kept;
    this.kept = now;
    this.changed(differs);
  }
}
