// The photo in a box of fixed size: zoom by wheel, pinch and click, drag to move it, brightness and
// contrast. None of it changes the place of anything outside the box.

const ZOOM_BY_CLICK = 2.5;
const MOST_ZOOM = 8;
const STILL = 6; // px that a finger or a mouse may move in a click
const SWIPE = 60; // px

class PhotoBox {
  // `swiped` is called with "left" or "right" when a finger passes over the photo at its full view.
  constructor(swiped) {
    this.swiped = swiped;
    this.box = element("div", "aq-zoom");
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", "Photo to label. Plus and minus zoom, Escape shows all of it");
    this.image = element("img");
    this.image.alt = "The photo to label";
    this.image.draggable = false;
    this.instead = element("p", "aq-instead");
    this.box.append(this.image, this.instead);
    this.fingers = new Map();
    this.brightness = this.slider("Brightness", "[ and ]");
    this.contrast = this.slider("Contrast", ", and .");
    this.resetLight();
    this.whole();
    this.listen();
  }

  slider(name, keys) {
    const input = element("input");
    input.type = "range";
    input.min = 30;
    input.max = 300;
    input.step = 5;
    input.setAttribute("aria-label", `${name} of the photo, in percent`);
    input.title = `${name} (keys ${keys})`;
    input.addEventListener("input", () => this.draw());
    return input;
  }

  // What to show: a decoded photo, or the sentence that stands in its place.
  show(source, instead) {
    this.image.hidden = !source;
    if (source) this.image.src = source;
    this.instead.hidden = Boolean(source);
    this.instead.textContent = instead;
    this.whole();
  }

  whole() {
    [this.zoom, this.x, this.y] = [1, 0, 0];
    this.draw();
  }

  resetLight() {
    this.brightness.value = this.contrast.value = 100;
    this.draw();
  }

  light(slider, step) {
    slider.value = Number(slider.value) + step;
    this.draw();
  }

  get isZoomed() {
    return this.zoom > 1;
  }

  // Zoom by a factor, so that the point of the box at (x, y) stays where it is.
  zoomBy(factor, x = this.box.clientWidth / 2, y = this.box.clientHeight / 2) {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
    this.x = x - (x - this.x) * (zoom / this.zoom);
    this.y = y - (y - this.y) * (zoom / this.zoom);
    this.zoom = zoom;
    this.draw();
  }

  draw() {
    if (this.zoom === undefined) return;
    const least = (size) => size * (1 - this.zoom); // no margin comes into view
    this.x = Math.min(0, Math.max(least(this.box.clientWidth), this.x));
    this.y = Math.min(0, Math.max(least(this.box.clientHeight), this.y));
    this.image.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    this.image.style.filter =
      `brightness(${this.brightness.value}%) contrast(${this.contrast.value}%)`;
    this.box.classList.toggle("aq-zoomed", this.isZoomed);
  }

  placeOf(event) {
    const frame = this.box.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  }

  listen() {
    this.box.addEventListener("wheel", (event) => {
      if (this.image.hidden || event.target.closest(".aq-over")) return;
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 400), ...this.placeOf(event));
    }, { passive: false });
    this.box.addEventListener("pointerdown", (event) => {
      if (this.image.hidden || event.button > 0 || event.target.closest(".aq-over")) return;
      this.box.setPointerCapture(event.pointerId);
      if (!this.fingers.size) {
        this.start = this.placeOf(event);
        [this.wasZoomed, this.dragged, this.pinched] = [this.isZoomed, false, false];
      }
      this.fingers.set(event.pointerId, this.placeOf(event));
      if (this.fingers.size > 1) this.pinched = true;
    });
    this.box.addEventListener("pointermove", (event) => this.move(event));
    this.box.addEventListener("pointerup", (event) => this.up(event));
    this.box.addEventListener("pointercancel", (event) => this.fingers.delete(event.pointerId));
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const here = this.placeOf(event);
    if (this.fingers.size > 1) {
      const other = [...this.fingers].find(([id]) => id !== event.pointerId)[1];
      const apart = (one) => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
      this.zoomBy(apart(here) / apart(before), (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
    } else if (Math.hypot(here[0] - this.start[0], here[1] - this.start[1]) > STILL) {
      this.dragged = true;
    }
    if (this.dragged && this.wasZoomed && this.fingers.size === 1) {
      this.x += here[0] - before[0];
      this.y += here[1] - before[1];
      this.draw();
    }
    this.fingers.set(event.pointerId, here);
  }

  up(event) {
    if (!this.fingers.delete(event.pointerId) || this.fingers.size) return;
    const here = this.placeOf(event);
    const [right, down] = [here[0] - this.start[0], here[1] - this.start[1]];
    if (this.pinched) return;
    if (!this.dragged) {
      if (this.isZoomed) this.whole();
      else this.zoomBy(ZOOM_BY_CLICK, ...here);
    } else if (!this.wasZoomed && event.pointerType === "touch") {
      if (Math.abs(right) > SWIPE && Math.abs(right) > 2 * Math.abs(down)) {
        this.swiped(right < 0 ? "left" : "right");
      }
    }
  }
}
