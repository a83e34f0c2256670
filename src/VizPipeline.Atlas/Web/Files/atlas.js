// Theme, keyboard shortcuts and the grid of tiles, on every page. Pages also work without this script.
(function () {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const grids = all("[data-tiles]");
  // The picture that the viewer shows, if the visitor comes back to a page with an open viewer or loads it again.
  const reopened = history.state?.picture;

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
    const box = document.activeElement?.closest(".grid") ?? grids[0];
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
  const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : fromSession());
  function fromSession() {
    try { return sessionStorage.getItem(kept) ?? ""; } catch { return ""; }
  }
  function remember(name, value) {
    if (value) state.set(name, value); else state.delete(name);
    writeAddress();
    try { sessionStorage.setItem(kept, String(state)); } catch { /* then it lasts until the page is left */ }
  }

  function writeAddress() {
    history.replaceState(history.state, "", state.size ? "#" + state : location.pathname + location.search);
  }

  // The filters of a neuron have a scale of their own, or that of the layer.
  const filterView = () => state.get("scale") === "layer" ? "filter-layer" : "filter";

  function show(view, isChosen = true) {
    const buttons = all("[data-view]");
    if (grids.length === 0 || !buttons.some(button => button.dataset.view === view)) return;
    for (const button of buttons) button.setAttribute("aria-checked", String(button.dataset.view === view));
    for (const part of all("[data-of-view]")) part.hidden = part.dataset.ofView !== view;
    const label = buttons.find(button => button.dataset.view === view).textContent.trim();
    for (const tile of grids.flatMap(grid => all(".tile", grid))) {
      const image = one("img", tile);
      if (!image) continue;
      // What the page knows to be missing is not asked for.
      const isMissing = tile.dataset.missing?.split(" ").includes(view) ?? false;
      tile.classList.toggle("none", isMissing);
      image.hidden = isMissing;
      if (isMissing) { tile.classList.remove("wait", "failed", "lost"); image.removeAttribute("src"); continue; }
      const drawn = view === "filter" ? filterView() : view;
      const source = tile.closest("[data-tiles]").dataset.tiles + drawn + "/" + tile.dataset.c.padStart(5, "0") + ".jpg";
      if (image.getAttribute("src") !== source) {
        // The picture of the view before must not stand under the label of this one while this one loads.
        tile.classList.remove("failed", "lost");
        tile.classList.add("wait");
        delete tile.dataset.tries;
        image.src = source;
      }
      image.alt = `${label} of neuron ${tile.dataset.c}`;
    }
    if (isChosen) remember("view", view === buttons[0].dataset.view ? "" : view);
  }

  function arrange() {
    const [sort, filter, text] = [one("[data-sort]").value, one("[data-filter]").value, one("[data-find]").value.trim().toLowerCase()];
    const [down, name] = [sort.startsWith("-"), sort.replace("-", "")];
    const value = tile => tile.dataset[name] === "" ? NaN : Number(tile.dataset[name]);
    const grid = grids[0];
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
    const total = `${tiles.length} neuron${tiles.length === 1 ? "" : "s"}`;
    one("[data-count]").textContent = shown === tiles.length ? total : `${shown} of ${total}`;
    one("[data-none]").hidden = shown > 0;
    remember("sort", sort === "c" ? "" : sort); remember("show", filter); remember("find", text);
  }

  function resize(size) {
    const slider = one("[data-size]");
    if (!slider) return;
    slider.value = size;
    grids[0].dataset.size = slider.value;
    remember("size", slider.value === "96" ? "" : slider.value);
  }

  // Controls that do nothing without this script are hidden until it runs.
  for (const part of all("[data-scripted]")) part.hidden = false;

  // Switches of drawing, extent and scale: what they choose stands in the data of the parts that they change.
  const switches = ["draw", "extent", "scale"];

  function choose(name, value) {
    const buttons = all(`[data-${name}-choice]`);
    if (!buttons.some(button => button.dataset[name + "Choice"] === value)) return;
    for (const part of all(`[data-${name}]`)) part.dataset[name] = value;
    for (const button of buttons) button.setAttribute("aria-checked", String(button.dataset[name + "Choice"] === value));
    remember(name, value === buttons[0].dataset[name + "Choice"] ? "" : value);
    if (name === "extent")
      for (const cut of all(".cut")) cut.setAttribute("viewBox", value === "crop" ? cut.dataset.crop : cut.dataset.field);
    if (name === "scale") drawFilters();
  }

  function drawFilters() {
    for (const list of all("[data-filters]"))
      for (const link of all("[data-c]", list)) {
        link.href = list.dataset.filters + filterView() + "/" + link.dataset.c.padStart(5, "0") + ".jpg";
        one("img", link).src = link.href;
      }
    if (one("[data-view='filter'][aria-checked='true']")) show("filter", false);
  }

  for (const name of switches) {
    for (const button of all(`[data-${name}-choice]`))
      button.addEventListener("click", () => choose(name, button.dataset[name + "Choice"]));
    if (state.has(name)) choose(name, state.get(name));
  }

  if (grids.length > 0) {
    for (const button of all("[data-view]")) button.addEventListener("click", () => show(button.dataset.view));
    const first = one("[data-view]");
    // A view that this layer lacks stays chosen for the next one.
    const chosen = all("[data-view]").find(button => button.dataset.view === state.get("view")) ?? first;
    if (chosen) show(chosen.dataset.view, false);
    if (state.size > 0) writeAddress();
  }
  if (one("[data-sort]")) {
    for (const name of ["sort", "filter", "find"]) one(`[data-${name}]`).addEventListener("input", arrange);
    one("[data-size]:not(.grid)").addEventListener("input", event => resize(event.target.value));
    one("[data-reset]").addEventListener("click", () => { one("[data-filter]").value = ""; one("[data-find]").value = ""; arrange(); });
    if (state.has("size")) resize(state.get("size"));
    if (state.has("sort") || state.has("show") || state.has("find")) {
      const sorts = [...one("[data-sort]").options].map(option => option.value);
      if (sorts.includes(state.get("sort"))) one("[data-sort]").value = state.get("sort");
      one("[data-filter]").value = state.get("show") ?? "";
      one("[data-find]").value = state.get("find") ?? "";
      arrange();
    }
  }

  // The viewer of all pictures. Links with data-enlarge open in it, and those of the same series are neighbours; without this script, or
  // with Ctrl, the link opens the picture itself. It is a step of the browser's history, so that "back" leads to the page.
  const pictures = all("a[data-enlarge]");
  const mostZoom = 16;
  let viewer = null;
  let stage, content, enlarged, zoom;

  function makeViewer() {
    viewer = document.createElement("dialog");
    viewer.className = "viewer";
    viewer.setAttribute("aria-label", "Picture viewer");
    viewer.innerHTML = `<div class="row"><button type="button" data-step="-1" aria-label="Previous picture">←</button><button
        type="button" data-step="1" aria-label="Next picture">→</button><button type="button" data-zoom="-"
        aria-label="Reduce">−</button><button type="button" data-zoom="+" aria-label="Enlarge">+</button><span
        data-viewer-caption></span><span class="grow"></span><button type="button" data-close autofocus>Close</button></div>
      <div class="stage" tabindex="0" role="group" aria-label="Picture"></div>`;
    document.body.append(viewer);
    stage = one(".stage", viewer);
    for (const button of all("[data-step]", viewer)) button.addEventListener("click", () => step(Number(button.dataset.step)));
    for (const button of all("[data-zoom]", viewer))
      button.addEventListener("click", () => zoomBy(button.dataset.zoom === "+" ? 1.5 : 1 / 1.5));
    one("[data-close]", viewer).addEventListener("click", () => viewer.close());
    viewer.addEventListener("click", event => { if (event.target === viewer) viewer.close(); });
    viewer.addEventListener("keydown", event => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(event.key === "ArrowLeft" ? -1 : 1);
      else if (event.key === "+" || event.key === "=") zoomBy(1.5);
      else if (event.key === "-") zoomBy(1 / 1.5);
      else if (event.key === "0") zoomBy(1 / zoom);
      else return;
      event.preventDefault();
    });
    viewer.addEventListener("close", () => {
      pictures[enlarged].focus();
      if (history.state?.picture !== undefined) history.back();
    });
    stage.addEventListener("wheel", event => {
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    }, { passive: false });
    stage.addEventListener("dblclick", event => {
      event.preventDefault();
      zoomBy(zoom > 1.01 ? 1 / zoom : 3, event.clientX, event.clientY);
    });
    // A mouse drags; fingers scroll.
    stage.addEventListener("pointerdown", event => {
      if (event.pointerType !== "mouse" || event.button !== 0 || event.target === stage) return;
      event.preventDefault();
      stage.focus();
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", event => {
      if (stage.hasPointerCapture(event.pointerId)) stage.scrollBy(-event.movementX, -event.movementY);
    });
    addEventListener("resize", () => { if (viewer.open) fit(); });
  }

  // The width of the content at zoom 1: as large as the stage allows.
  function fit() {
    const isRow = getComputedStyle(content).gridAutoFlow.includes("column");
    const cells = all(":scope > *", content).filter(cell => getComputedStyle(cell).display !== "none").length || 1;
    const picture = one("img", content);
    const ratio = picture ? (picture.naturalWidth || 1) / (picture.naturalHeight || 1) : isRow ? cells : 1 / cells;
    content.style.width = `${Math.min(stage.clientWidth, stage.clientHeight * ratio) * zoom}px`;
    stage.classList.toggle("zoomed", zoom > 1.01);
  }

  // Zooms so that the point under the pointer, or the middle, stays where it is.
  function zoomBy(factor, x, y) {
    const [frame, before] = [stage.getBoundingClientRect(), content.getBoundingClientRect()];
    [x, y] = [x ?? frame.left + frame.width / 2, y ?? frame.top + frame.height / 2];
    const place = [(x - before.left) / before.width, (y - before.top) / before.height];
    zoom = Math.min(mostZoom, Math.max(1, zoom * factor));
    fit();
    const after = content.getBoundingClientRect();
    stage.scrollBy(after.left + place[0] * after.width - x, after.top + place[1] * after.height - y);
  }

  const seriesOf = index => pictures.map((_, i) => i).filter(i => pictures[i].dataset.enlarge === pictures[index].dataset.enlarge);

  function display(index) {
    if (!pictures[index]) return;
    if (!viewer) makeViewer();
    const link = pictures[index];
    [enlarged, zoom] = [index, 1];
    content = document.createElement("div");
    content.className = "cuts";
    for (const name of switches) {
      const part = link.closest(`[data-${name}]`);
      if (part) stage.dataset[name] = part.dataset[name]; else delete stage.dataset[name];
    }
    const caption = one("[data-viewer-caption]", viewer);
    if (one("svg", link)) content.append(...[...link.children].map(child => child.cloneNode(true)));
    else {
      const image = new Image();
      image.alt = one("img", link)?.alt ?? link.textContent.trim();
      image.className = link.dataset.pixels === undefined ? "" : "pixels";
      image.draggable = false;
      image.addEventListener("load", fit);
      image.addEventListener("error", () => { caption.textContent = "The picture cannot be loaded."; });
      image.src = link.href;
      content.append(image);
    }
    const said = link.parentElement.querySelector("[data-caption]");
    caption.replaceChildren(...(said ? [...said.childNodes].map(child => child.cloneNode(true))
      : [one("img", link)?.alt ?? link.textContent.trim()]));
    stage.replaceChildren(content);
    const isAlone = seriesOf(index).length < 2;
    for (const button of all("[data-step]", viewer)) button.hidden = isAlone;
    if (!viewer.open) viewer.showModal();
    fit();
  }

  function step(by) {
    const series = seriesOf(enlarged);
    const next = series[(series.indexOf(enlarged) + by + series.length) % series.length];
    if (next === enlarged) return;
    history.replaceState({ picture: next }, "");
    display(next);
  }

  pictures.forEach((link, index) => link.addEventListener("click", event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState({ picture: index }, "");
    display(index);
  }));
  addEventListener("popstate", event => {
    if (event.state?.picture !== undefined) display(event.state.picture);
    else if (viewer?.open) viewer.close();
    // A choice made before the viewer was closed belongs to the page's address, too.
    if (pictures.length > 0) writeAddress();
  });
  if (reopened !== undefined) display(reopened);

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
    else if (event.key === "/" && one("[data-find-all]")) one("[data-find-all]").focus();
    else if (event.key === "+" || event.key === "-") {
      const slider = one("[data-size]:not(.grid)");
      if (slider) resize(Number(slider.value) + (event.key === "+" ? 12 : -12));
    }
    else if (/^[1-9]$/.test(event.key)) { const button = all("[data-view]")[event.key - 1]; if (button) show(button.dataset.view); }
    else done = false;
    if (done) event.preventDefault();
  });
})();
