// Theme, keyboard shortcuts and the grid of tiles, on every page. Pages also work without this script.
(function () {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const grid = one("[data-tiles]");

  function toggleTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("viz-theme", root.dataset.theme); } catch { /* then it lasts until the page is left */ }
  }

  // Hides broken images: the picture is missing if the neuron is dead or not drawn yet. A tile that failed for another reason, such as a
  // server that restarts, is tried again.
  const pauses = [2000, 8000, 30000];
  document.addEventListener("error", event => {
    const image = event.target;
    if (!(image instanceof HTMLImageElement) || !image.closest(".tile, .place, .peek, .source")) return;
    image.style.visibility = "hidden";
    const tile = image.closest(".grid .tile");
    if (tile) settle(tile, image);
  }, true);
  document.addEventListener("load", event => {
    const tile = event.target instanceof HTMLImageElement ? event.target.closest(".grid .tile") : null;
    if (!tile) return;
    tile.classList.remove("wait", "failed", "lost");
    event.target.style.visibility = "";
    delete tile.dataset.tries;
  }, true);

  async function settle(tile, image) {
    const source = image.src;
    let isMissing = location.protocol === "file:";
    try { isMissing ||= (await fetch(source)).status === 404; } catch { /* the server cannot be reached */ }
    if (image.src !== source) return;
    tile.classList.remove("wait");
    const tries = Number(tile.dataset.tries ?? 0);
    tile.classList.toggle("failed", !isMissing && tries < pauses.length);
    tile.classList.toggle("lost", !isMissing && tries >= pauses.length);
    if (isMissing || tries >= pauses.length) return;
    tile.dataset.tries = tries + 1;
    setTimeout(() => { if (image.src === source) { image.removeAttribute("src"); image.src = source; } }, pauses[tries]);
  }

  function columns(tiles) {
    const top = tiles[0].getBoundingClientRect().top;
    const first = tiles.findIndex(tile => tile.getBoundingClientRect().top > top + 4);
    return first < 0 ? tiles.length : first;
  }

  function move(key) {
    const box = document.activeElement?.closest(".grid") ?? grid;
    if (!box) return false;
    const tiles = all(".tile", box).filter(tile => !tile.hidden);
    if (tiles.length === 0) return false;
    const now = tiles.indexOf(document.activeElement);
    if (now < 0) { tiles[0].focus(); return true; }
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(tiles), ArrowDown: columns(tiles) }[key];
    tiles[Math.min(tiles.length - 1, Math.max(0, now + step))].focus();
    return true;
  }

  function follow(rel) { one(`.crumbs a[rel="${rel}"]`)?.click(); }

  // Choices live in the address and, for the next page of the same kind, in the tab's session.
  const kept = "viz-" + document.body.dataset.page;
  const state = new URLSearchParams(location.hash.slice(1) || fromSession());
  function fromSession() {
    try { return sessionStorage.getItem(kept) ?? ""; } catch { return ""; }
  }
  function remember(name, value) {
    if (value) state.set(name, value); else state.delete(name);
    history.replaceState(null, "", state.size ? "#" + state : location.pathname + location.search);
    try { sessionStorage.setItem(kept, String(state)); } catch { /* then it lasts until the page is left */ }
  }

  function show(view) {
    const buttons = all("[data-view]");
    if (!grid || !buttons.some(button => button.dataset.view === view)) return;
    for (const button of buttons) button.setAttribute("aria-checked", String(button.dataset.view === view));
    const label = buttons.find(button => button.dataset.view === view).textContent.trim();
    for (const tile of all(".tile", grid)) {
      const image = one("img", tile);
      if (!image) continue;
      const source = grid.dataset.tiles + view + "/" + tile.dataset.c.padStart(5, "0") + ".jpg";
      if (image.getAttribute("src") !== source) {
        // The picture of the view before must not stand under the label of this one while this one loads.
        tile.classList.remove("failed", "lost");
        tile.classList.add("wait");
        delete tile.dataset.tries;
        image.src = source;
      }
      image.alt = `${label} of neuron ${tile.dataset.c}`;
    }
    remember("view", view === buttons[0].dataset.view ? "" : view);
  }

  function arrange() {
    const [sort, filter, text] = [one("[data-sort]").value, one("[data-filter]").value, one("[data-find]").value.trim().toLowerCase()];
    const [down, name] = [sort.startsWith("-"), sort.replace("-", "")];
    const value = tile => tile.dataset[name] === "" ? NaN : Number(tile.dataset[name]);
    const tiles = all(".tile", grid);
    tiles.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.dataset.c - b.dataset.c;
      return (down ? y - x : x - y) || a.dataset.c - b.dataset.c;
    });
    let shown = 0;
    for (const tile of tiles) {
      tile.hidden = (filter === "dead" && tile.dataset.dead !== "1") || (filter === "alive" && tile.dataset.dead === "1")
        || (text !== "" && !tile.dataset.text.toLowerCase().includes(text));
      shown += tile.hidden ? 0 : 1;
    }
    grid.append(...tiles);
    one("[data-count]").textContent = shown === tiles.length ? `${shown} neurons` : `${shown} of ${tiles.length} neurons`;
    one("[data-none]").hidden = shown > 0;
    remember("sort", sort === "c" ? "" : sort); remember("show", filter); remember("find", text);
  }

  function resize(size) {
    const slider = one("[data-size]");
    if (!grid || !slider) return;
    slider.value = size;
    grid.dataset.size = slider.value;
    remember("size", slider.value === "96" ? "" : slider.value);
  }

  if (grid) {
    for (const button of all("[data-view]")) button.addEventListener("click", () => show(button.dataset.view));
    for (const name of ["sort", "filter", "find"]) one(`[data-${name}]`).addEventListener("input", arrange);
    one("[data-size]:not(.grid)").addEventListener("input", event => resize(event.target.value));
    one("[data-reset]").addEventListener("click", () => { one("[data-filter]").value = ""; one("[data-find]").value = ""; arrange(); });
    if (state.has("size")) resize(state.get("size"));
    if (state.has("view")) show(state.get("view"));
    if (state.has("sort") || state.has("show") || state.has("find")) {
      if (state.has("sort")) one("[data-sort]").value = state.get("sort");
      one("[data-filter]").value = state.get("show") ?? "";
      one("[data-find]").value = state.get("find") ?? "";
      arrange();
    }
  }

  // Controls that do nothing without this script are hidden until it runs.
  for (const part of all("[data-scripted]")) part.hidden = false;

  const patches = one("[data-patches]");
  const viewer = one("[data-viewer]");
  let enlarged = 0;

  function choose(name, value) {
    const buttons = all(`[data-${name}-choice]`);
    if (!buttons.some(button => button.dataset[name + "Choice"] === value)) return;
    patches.dataset[name] = value;
    for (const button of buttons) button.setAttribute("aria-checked", String(button.dataset[name + "Choice"] === value));
    remember(name, value === buttons[0].dataset[name + "Choice"] ? "" : value);
    if (name !== "extent") return;
    for (const cut of all(".cut", patches)) cut.setAttribute("viewBox", value === "crop" ? cut.dataset.crop : cut.dataset.field);
  }

  function enlarge(index) {
    const pairs = all("[data-pair]", patches);
    enlarged = (index + pairs.length) % pairs.length;
    one("[data-viewer-body]").replaceChildren(...[...pairs[enlarged].children].map(child => child.cloneNode(true)));
    one("[data-viewer-caption]").replaceChildren(...[...pairs[enlarged].parentElement.querySelector("[data-caption]").childNodes]
      .map(child => child.cloneNode(true)));
    if (!viewer.open) viewer.showModal();
  }

  if (patches) {
    for (const name of ["draw", "extent"])
      for (const button of all(`[data-${name}-choice]`))
        button.addEventListener("click", () => choose(name, button.dataset[name + "Choice"]));
    all("[data-pair]", patches).forEach((pair, index) => pair.addEventListener("click", event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      enlarge(index);
    }));
    for (const button of all("[data-step]", viewer))
      button.addEventListener("click", () => enlarge(enlarged + Number(button.dataset.step)));
    one("[data-close]", viewer).addEventListener("click", () => viewer.close());
    viewer.addEventListener("click", event => { if (event.target === viewer) viewer.close(); });
    viewer.addEventListener("keydown", event => {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") enlarge(enlarged + (event.key === "ArrowLeft" ? -1 : 1));
    });
    for (const name of ["draw", "extent"]) if (state.has(name)) choose(name, state.get(name));
    viewer.addEventListener("close", () => all("[data-pair]", patches)[enlarged].focus());
  }

  const list = one("[data-find-list]");
  list?.addEventListener("input", () => {
    for (const item of all("[data-list] > *")) item.hidden = !item.dataset.text.toLowerCase().includes(list.value.trim().toLowerCase());
  });

  // A title shows on hover; a tap or Enter shows it as text.
  for (const term of all("abbr[title]")) {
    term.tabIndex = 0;
    term.setAttribute("role", "button");
    const explain = () => {
      if (term.nextElementSibling?.className === "explained") { term.nextElementSibling.remove(); return; }
      const text = document.createElement("span");
      text.className = "explained"; text.setAttribute("role", "status"); text.textContent = term.title;
      term.after(text);
    };
    term.addEventListener("click", explain);
    term.addEventListener("keydown", event => { if (event.key === "Enter") explain(); });
  }

  for (const button of all("[data-copy]")) button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("pre");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  const help = one("dialog.help");
  one("[data-theme-toggle]").addEventListener("click", toggleTheme);
  one("[data-help]").addEventListener("click", () => help.showModal());
  const refresh = one("[data-refresh]");
  if (refresh && location.protocol !== "file:") setTimeout(() => location.reload(), 1000 * refresh.dataset.refresh);

  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || one("dialog[open]") || event.target.closest("input, select, textarea")) return;
    // The grid of the live tool handles arrow keys itself.
    if (event.key.startsWith("Arrow") && event.target.closest("[data-live]")) return;
    const page = document.body.dataset.page;
    let done = true;
    const isSideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (isSideways && page === "neuron" && !document.activeElement?.closest(".grid")) follow(event.key === "ArrowLeft" ? "prev" : "next");
    else if (event.key.startsWith("Arrow")) done = move(event.key);
    else if (event.key === "[") follow("prev");
    else if (event.key === "]") follow("next");
    else if (event.key === "u") follow("up");
    else if (event.key === "t") toggleTheme();
    else if (event.key === "?") help.showModal();
    else if (event.key === "+" || event.key === "-") {
      const slider = one("[data-size]:not(.grid)");
      if (slider) resize(Number(slider.value) + (event.key === "+" ? 12 : -12));
    }
    else if (/^[1-9]$/.test(event.key)) { const button = all("[data-view]")[event.key - 1]; if (button) show(button.dataset.view); }
    else done = false;
    if (done) event.preventDefault();
  });
})();
