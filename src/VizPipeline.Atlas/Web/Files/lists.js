// Stars, notes and lists of neurons. The server keeps the lists; only this browser knows which ones it has made or opened, and the keys
// that allow changing them.
(function () {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const atlas = document.body.dataset.atlas;
  const mayMake = document.body.dataset.keeps === "yes";
  const pages = `/atlases/${atlas}/lists`, api = `/api/v1${pages}`, store = "viz-lists";
  const mostKnown = 100, pause = 800;
  const status = one("[data-star-status]");

  // What this browser knows: the lists, the last used first. Other windows may change it, so it is read anew each time.
  function known() {
    try {
      const lists = JSON.parse(localStorage.getItem(store))?.[atlas];
      return Array.isArray(lists) ? lists.filter(list => typeof list?.id === "string" && list.id !== "") : [];
    } catch { return []; }
  }

  function keep(lists) {
    let everything = {};
    try { everything = JSON.parse(localStorage.getItem(store)) ?? {}; } catch { /* it is damaged, and begins anew */ }
    everything[atlas] = lists.slice(0, mostKnown);
    try { localStorage.setItem(store, JSON.stringify(everything)); } catch {
      throw new Error("This browser stores nothing for this page, so it cannot remember a list.");
    }
  }

  const first = list => keep([list, ...known().filter(other => other.id !== list.id)]);
  const forget = id => keep(known().filter(list => list.id !== id));
  const mine = () => known().filter(list => list.key);
  const say = text => { if (status) status.textContent = text; };

  async function ask(method, path, content, key) {
    const headers = content ? { "Content-Type": "application/json" } : {};
    if (key) headers["X-List-Key"] = key;
    let response;
    try {
      // The last words of a note are sent while the page is left.
      response = await fetch(api + path, { method, headers, body: content && JSON.stringify(content), keepalive: method !== "GET" });
    } catch {
      throw new Error("The server cannot be reached.");
    }
    if (response.ok) return response.status === 204 ? null : response.json();
    const told = await response.json().catch(() => null);
    throw Object.assign(new Error(told?.detail ?? `The server says ${response.status}.`), { status: response.status });
  }

  async function make() {
    const list = await ask("POST", "", { title: mine().length === 0 ? "My list" : `My list ${mine().length + 1}` });
    first({ id: list.id, title: list.title, key: list.key });
    return list;
  }

  const placeOf = neuron => `/neurons/${encodeURIComponent(neuron.layer)}/${neuron.channel}`;
  const put = (list, neuron, note) => ask("PUT", `/${list.id}${placeOf(neuron)}`, note === undefined ? {} : { note }, list.key);
  const remove = (list, neuron) => ask("DELETE", `/${list.id}${placeOf(neuron)}`, null, list.key);

  // The list in use, as the server has it: its neurons by the addresses of their pages.
  let current = null, entries = new Map();

  async function load() {
    entries = new Map();
    current = mine()[0] ?? null;
    if (!current) return;
    try {
      const list = await ask("GET", `/${current.id}`);
      for (const item of list.items) if (item.page) entries.set(item.page, item);
      if (list.title !== current.title) first(current = { ...current, title: list.title });
    } catch (failure) {
      // Deleted, or of another folder that was served at this address.
      if (failure.status !== 404) throw failure;
      forget(current.id);
      await load();
    }
  }

  function mark() {
    for (const tile of all("a.tile[href]")) tile.classList.toggle("starred", entries.has(tile.getAttribute("href")));
  }

  // One change after the other, so that the last one wins.
  let turn = Promise.resolve();
  function inTurn(work) {
    turn = turn.then(work).catch(failure => say(failure.message));
    return turn;
  }

  async function toggle(neuron, page) {
    if (!current) { await make(); current = mine()[0]; }
    if (entries.has(page)) {
      await remove(current, neuron);
      entries.delete(page);
      say(`No longer in “${current.title}”.`);
    } else {
      await put(current, neuron);
      entries.set(page, { note: "" });
      say(`In “${current.title}”.`);
    }
    mark();
    draw();
  }

  // Saves a note when somebody stops typing, and at the latest when the field is left.
  function saves(field, save) {
    let timer = 0, saved = field.value;
    const now = () => {
      clearTimeout(timer);
      const text = field.value;
      if (text === saved) return;
      saved = text;
      say("Saving …");
      inTurn(async () => {
        try { await save(text); } catch (failure) { saved = null; throw failure; }
        say("Saved.");
      });
    };
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(now, pause); });
    field.addEventListener("change", now);
    addEventListener("pagehide", now);
    return text => { field.value = saved = text; };
  }

  // The page of a neuron.
  const box = one("[data-star-box]");
  const here = box && { layer: box.dataset.layer, channel: Number(box.dataset.channel) };
  const button = box && one("[data-star]", box), choice = box && one("[data-list-choice]", box);
  const setNote = box && saves(one("[data-note]", box), async text => {
    await put(current, here, text);
    entries.set(location.pathname, { note: text });
  });

  function draw() {
    if (!box) return;
    const entry = entries.get(location.pathname);
    button.setAttribute("aria-pressed", String(Boolean(entry)));
    button.textContent = entry ? "★ Starred" : "☆ Star";
    choice.replaceChildren(...mine().map(list => new Option(list.title, list.id)), new Option("a new list", ""));
    choice.value = current?.id ?? "";
    one("[data-list-of]", box).hidden = mine().length === 0;
    const link = one("[data-list-link]", box);
    link.hidden = !current;
    if (current) link.href = `${pages}/${current.id}`;
    one("[data-note-field]", box).hidden = !entry;
    setNote(entry?.note ?? "");
  }

  button?.addEventListener("click", () => inTurn(() => toggle(here, location.pathname)));
  choice?.addEventListener("change", () => inTurn(async () => {
    if (choice.value) first(mine().find(list => list.id === choice.value)); else await make();
    await load();
    mark();
    draw();
  }));

  document.addEventListener("keydown", event => {
    if (event.key !== "s" || event.ctrlKey || event.altKey || event.metaKey || !mayMake || one("dialog[open]")
      || event.target.closest("input, select, textarea")) return;
    const tile = document.activeElement?.closest("a.tile[href]");
    const page = tile?.getAttribute("href") ?? (box ? location.pathname : "");
    const found = page.match(/^\/atlases\/[^/]+\/neurons\/([^/]+)\/(\d+)$/);
    if (!found) return;
    event.preventDefault();
    inTurn(() => toggle({ layer: decodeURIComponent(found[1]), channel: Number(found[2]) }, page));
  });

  // The page of a list.
  const shown = one("[data-neuron-list]");
  if (shown) {
    const id = shown.dataset.neuronList;
    const before = known().find(list => list.id === id);
    const shared = new URLSearchParams(location.hash.slice(1)).get("key");
    const key = before?.key ?? shared;
    // The key must not stay in the address, which is passed on to let others read.
    if (shared) history.replaceState(history.state, "", location.pathname);
    try {
      if (key) first({ id, title: shown.dataset.title, key });
      else keep([...known().filter(list => list.id !== id), { id, title: shown.dataset.title }]);
    } catch (failure) { say(failure.message); }
    if (key) editList({ id, title: shown.dataset.title, key });
  }

  function editList(list) {
    one("[data-list-edit]").hidden = false;
    const address = one("[data-list-address]");
    address.value = `${location.origin}${location.pathname}#key=${list.key}`;
    address.addEventListener("focus", () => address.select());
    saves(one("[data-list-title]"), async title => {
      await ask("PUT", `/${list.id}`, { title }, list.key);
      first({ ...list, title });
      one("[data-list-heading]").textContent = title;
    });
    for (const row of all("[data-channel][data-layer]", shown)) {
      const neuron = { layer: row.dataset.layer, channel: Number(row.dataset.channel) };
      one("[data-entry-edit]", row).hidden = false;
      one("[data-note-text]", row).hidden = true;
      saves(one("[data-note]", row), text => put(list, neuron, text));
      one("[data-entry-remove]", row).addEventListener("click", () => inTurn(async () => {
        await remove(list, neuron);
        row.remove();
        say("It is no longer in this list.");
      }));
    }
    const remover = one("[data-list-delete]");
    remover.addEventListener("click", () => {
      if (remover.dataset.sure === undefined) {
        remover.dataset.sure = "";
        remover.textContent = "Delete it for good";
        return;
      }
      inTurn(async () => {
        await ask("DELETE", `/${list.id}`, null, list.key);
        forget(list.id);
        location.assign(pages);
      });
    });
  }

  // The page of lists.
  const overview = one("[data-lists]");
  function drawLists() {
    overview.replaceChildren(...known().map(list => {
      const item = document.createElement("li"), link = document.createElement("a"), drop = document.createElement("button");
      link.href = `${pages}/${list.id}`;
      link.textContent = list.title;
      drop.type = "button";
      drop.textContent = "Forget";
      drop.setAttribute("aria-label", `Forget ${list.title}`);
      drop.title = list.key ? "The list stays, but nobody without its key can change it any more" : "The list stays";
      drop.addEventListener("click", () => { forget(list.id); drawLists(); });
      item.append(link, list.key ? "" : " (to read)", drop);
      return item;
    }));
    one("[data-lists-none]").hidden = known().length > 0;
  }
  if (overview) {
    drawLists();
    const creator = one("[data-list-new]");
    creator.hidden = !mayMake;
    creator.addEventListener("click", () => inTurn(async () => location.assign(`${pages}/${(await make()).id}`)));
  }

  if (!shown && !overview && (box || one("a.tile[href]"))) inTurn(async () => { draw(); await load(); mark(); draw(); });
})();
