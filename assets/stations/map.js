/* Draws the stations on a Leaflet map. Text from outside goes through textContent only. */
"use strict";

window.stationMap = (() => {
  const SOUTH_ASIA = [[6, 67], [36, 97]];
  let map = null;
  let chosen = null;      // id of the station clicked last, or named by the page since
  let named = null;       // what the page named last
  let isPlaced = false;   // the first marks say where to look, later ones leave the view alone
  let looked = "null";    // where the page said to look last

  /** Set theme and behaviour of a fresh map; `search` adds a button that asks for its centre. */
  function begin(leafletMap, dark, search) {
    map = leafletMap;
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    map.attributionControl.setPrefix("Leaflet");
    map.zoomControl.setPosition("topleft");
    map.fitBounds(SOUTH_ASIA, { animate: false });
    // A page that scrolls past the map must not be caught by it: the wheel zooms once it was used.
    map.scrollWheelZoom.disable();
    map.on("focus", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());
    // Leaflet focuses the map under every press; in a frame the page would scroll meanwhile, away
    // from under the mouse, and the click would miss.
    const container = map.getContainer();
    container.focus = () => HTMLElement.prototype.focus.call(container, { preventScroll: true });
    if (search) addSearch();
  }

  function addSearch() {
    const control = L.control({ position: "bottomright" });
    control.onAdd = () => {
      const button = element("button", "search", "Find stations here");
      button.type = "button";
      L.DomEvent.disableClickPropagation(button);
      button.addEventListener("click", () => {
        const { lat, lng } = map.getCenter().wrap();
        window.Streamlit?.setComponentValue({ centre: [lat, lng], at: Date.now() });
      });
      return button;
    };
    control.addTo(map);
  }

  /** Put one mark per row of mark.py into the group; `page` is the station that the page names. */
  function draw(group, rows, page = null, look = null) {
    if (page !== named) chosen = named = page;
    const clusters = L.markerClusterGroup({
      maxClusterRadius: 42,
      showCoverageOnHover: false,
      iconCreateFunction: clusterIcon,
      spiderLegPolylineOptions: { className: "leg", weight: 1.5 },
    });
    const markers = rows.map(marker);
    clusters.addLayers(markers);
    clusters.addTo(group);
    const isElsewhere = JSON.stringify(look) !== looked;
    if ((!isPlaced || isElsewhere) && markers.length) {
      isPlaced = true;
      looked = JSON.stringify(look);
      map.fitBounds(look ?? clusters.getBounds(), {
        paddingTopLeft: [44, 64], paddingBottomRight: [40, 44], // clear of the controls
        maxZoom: look ? 15 : 9, animate: false,
      });
    }
  }

  function marker(row) {
    const [id, name, latitude, longitude, colour, textColour, label, lines, old, about, count = 1] = row;
    const coin = element("span", "coin", label);
    coin.style.setProperty("--colour", colour);
    coin.style.setProperty("--on-colour", textColour);
    coin.classList.toggle("old", Boolean(old));
    coin.classList.toggle("approximate", Boolean(about));
    coin.classList.toggle("chosen", id === chosen);
    coin.setAttribute("role", "img");
    coin.setAttribute("aria-label", [name, ...lines, ...signs(old, about)].join(", "));
    const made = L.marker([latitude, longitude], {
      icon: L.divIcon({ className: "mark", html: coin, iconSize: [36, 26] }),
      riseOnHover: true,
    });
    made.colour = colour;
    made.count = count;
    if (count > 1) made.setIcon(ring(new Map([[colour, count]]), `${name}, ${lines.join(", ")}`));
    made.bindTooltip(() => tooltip(name, lines, old, about), {
      direction: "auto", offset: [18, 0], className: "told", opacity: 1,
    });
    made.on("click keypress", ({ type, originalEvent }) => {
      if (type === "keypress" && originalEvent.key !== "Enter") return;
      document.querySelectorAll(".coin.chosen").forEach((one) => one.classList.remove("chosen"));
      coin.classList.add("chosen");
      chosen = id;
      // The time makes a second click on the same station news too.
      window.Streamlit?.setComponentValue({ station: id, at: Date.now() });
    });
    return made;
  }

  function tooltip(name, lines, old, about) {
    const box = element("div", "", "");
    box.append(element("strong", "", name));
    [...lines, ...signs(old, about)].forEach((line) => box.append(element("div", "", line)));
    return box;
  }

  function signs(old, about) {
    return [...(old ? ["Old data"] : []), ...(about ? ["Position approximate"] : [])];
  }

  function clusterIcon(cluster) {
    const counts = new Map();
    cluster.getAllChildMarkers().forEach(({ colour, count }) =>
      counts.set(colour, (counts.get(colour) ?? 0) + count));
    return ring(counts);
  }

  /** A count in a ring that shows which share of the stations has which colour. */
  function ring(counts, label = "") {
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    let end = 0;
    const slices = [...counts].sort().map(([colour, count]) => {
      const start = end;
      end += (360 * count) / total;
      return `${colour} ${start}deg ${end}deg`;
    });
    const drawn = element("span", "ring", "");
    drawn.style.background = `conic-gradient(${slices.join(",")})`;
    const count = element("span", "count", total.toLocaleString("en"));
    count.setAttribute("aria-label", label || `${total} stations, zoom in`);
    count.setAttribute("role", "img");
    drawn.append(count);
    const size = total < 10 ? 36 : total < 100 ? 42 : total < 10000 ? 50 : 58;
    return L.divIcon({ className: "cluster", html: drawn, iconSize: [size, size] });
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  return { begin, draw };
})();
