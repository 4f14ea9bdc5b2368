// Parts that the desk is built of. Text from outside is only ever set as text, never as HTML.

const TYPING =
  "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable=true]";
const PRESSED_BY_ENTER = "button:not([role=radio]), a, summary";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// A button whose key is written on it; `short` is what a screen reader and narrow rows need not.
function keyButton(text, key, press, className = "") {
  const button = element("button", className);
  button.type = "button";
  const mark = element("kbd", "", key);
  mark.setAttribute("aria-hidden", "true");
  button.append(element("span", "", text), mark);
  button.setAttribute("aria-keyshortcuts", key);
  button.addEventListener("click", press);
  return button;
}

// A card over the page: closed by Escape, by its button and by a click beside it.
class Sheet {
  constructor(title) {
    this.dialog = element("dialog", "aq aq-sheet");
    this.dialog.setAttribute("aria-label", title);
    const head = element("header");
    const close = element("button", "", "Close");
    close.type = "button";
    close.addEventListener("click", () => this.dialog.close());
    head.append(element("h2", "", title), close);
    this.body = element("div", "aq-sheet-body");
    this.body.tabIndex = 0;
    this.dialog.append(head, this.body);
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  get isOpen() {
    return this.dialog.open;
  }

  toggle() {
    if (this.isOpen) this.dialog.close();
    else this.dialog.showModal();
  }
}

function keySheet(rows) {
  const sheet = new Sheet("Keys");
  const list = element("dl", "aq-key-list");
  for (const [key, words] of rows) list.append(element("dt", "", key), element("dd", "", words));
  sheet.body.append(list);
  return sheet;
}

// The guidelines: lines that begin with # are titles, with - points; the rest are paragraphs.
function fillGuidelines(sheet, guidelines) {
  const pictures = element("div", "aq-examples");
  for (const { title, picture, words } of guidelines.examples) {
    const figure = element("figure");
    const image = element("img");
    image.src = picture;
    image.alt = words;
    const caption = element("figcaption");
    caption.append(element("strong", "", title), element("span", "", words));
    figure.append(image, caption);
    pictures.append(figure);
  }
  const text = element("div", "aq-guidelines");
  let list = null;
  for (const line of guidelines.text.split("\n").map((one) => one.trim())) {
    if (line.startsWith("- ")) {
      if (!list) text.append(list = element("ul"));
      list.append(element("li", "", line.slice(2)));
      continue;
    }
    list = null;
    if (line.startsWith("#")) text.append(element("h4", "", line.replace(/^#+\s*/, "")));
    else if (line) text.append(element("p", "", line));
  }
  sheet.body.replaceChildren(text, element("p", "aq-small", guidelines.note), pictures);
}
