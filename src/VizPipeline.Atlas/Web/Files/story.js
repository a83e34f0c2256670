// The story: one slide at a time, by keys, buttons, or a presenter's remote control. Without this script the slides follow one another.
(function () {
  "use strict";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;
  const [black, progress, count] = [one("[data-black]"), one("[data-progress]"), one("[data-count]")];
  const frameMilliseconds = 450, lastFrames = 4;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let now = 0;

  root.classList.add("stepping");
  for (const part of all("[data-scripted]")) part.hidden = false;

  const slides = () => all(".slide");
  const neighbour = rel => one(`link[rel="${rel}"]`)?.href;

  function show(index, isNew = true) {
    const list = slides();
    now = Math.min(Math.max(index, 0), list.length - 1);
    list.forEach((slide, i) => slide.classList.toggle("shown", i === now));
    const text = progress.dataset.text.replace("{number}", now + 1).replace("{count}", list.length);
    [progress.max, progress.value, count.textContent] = [list.length, now + 1, list.length > 1 ? text : ""];
    progress.hidden = list.length < 2;
    progress.setAttribute("aria-label", text);
    // What is shown is in the address, so that reloading and another language keep it.
    if (isNew) history.replaceState(null, "", location.pathname + location.search + "#" + list[now].id);
    for (const link of all("[data-keep-step]")) link.hash = list[now].id;
    for (const film of all("[data-film]")) if (!list[now].contains(film)) stop(film);
    const film = one("[data-film]", list[now]);
    if (film && !isCalm) play(film);
    scrollTo(0, 0);
  }

  function go(step) {
    const to = now + step;
    if (to < 0 || to >= slides().length) {
      const page = neighbour(to < 0 ? "prev" : "next");
      if (page) location.href = page;
    } else show(to);
  }

  // A film shows one picture at a time; on paper and without scripts all of them stand side by side.
  const frames = film => all(".frame", film);
  const films = new WeakMap();
  function frame(film, index) {
    frames(film).forEach((part, i) => part.classList.toggle("shown", i === index));
  }
  function play(film) {
    stop(film);
    const length = frames(film).length;
    let at = 0;
    frame(film, 0);
    label(film, true);
    films.set(film, setInterval(() => {
      at = (at + 1) % (length + lastFrames);
      frame(film, Math.min(at, length - 1));
    }, frameMilliseconds));
  }
  function stop(film) {
    clearInterval(films.get(film));
    films.delete(film);
    frame(film, frames(film).length - 1);
    label(film, false);
  }
  function label(film, isPlaying) {
    const button = one("[data-film-play]", film);
    if (button) button.textContent = isPlaying ? button.dataset.pause : button.dataset.play;
  }
  function toggle(film) { if (films.has(film)) stop(film); else play(film); }
  function prepare(film) {
    film.classList.add("moving");
    const button = one("[data-film-play]", film);
    button.hidden = false;
    button.addEventListener("click", () => toggle(film));
    stop(film);
  }
  all("[data-film]").forEach(prepare);

  // The ascent takes seconds, so it is asked for at once and is there when its slide is reached.
  async function grow(link) {
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.statusText);
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!one("#ascent", part) || one("[data-grow]", part)) throw new Error("no ascent");
      // The last slide shows the picture, too.
      for (const id of ["#ascent", "#answer"]) one(id).replaceWith(document.adoptNode(one(id, part)));
      all("[data-film]").forEach(prepare);
      show(now, false);
    } catch { /* the link stays, and asks again */ }
  }

  function toggleBlack() { black.hidden = !black.hidden; }
  function toggleScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen?.().catch(() => { /* the browser does not allow it */ });
  }
  function open(name) { if (!one("dialog[open]")) one(`[data-dialog="${name}"]`).showModal(); }

  for (const button of all("[data-go]")) button.addEventListener("click", () => go(Number(button.dataset.go)));
  for (const button of all("[data-open]")) button.addEventListener("click", () => open(button.dataset.open));
  one("[data-fullscreen]").addEventListener("click", toggleScreen);
  black.addEventListener("click", toggleBlack);
  addEventListener("hashchange", () => show(place(), false));

  const keys = {
    ArrowRight: () => go(1), ArrowDown: () => go(1), PageDown: () => go(1), " ": () => go(1),
    ArrowLeft: () => go(-1), ArrowUp: () => go(-1), PageUp: () => go(-1), Backspace: () => go(-1),
    Home: () => show(0), End: () => show(slides().length - 1),
    f: toggleScreen, b: toggleBlack, ".": toggleBlack, g: () => open("glossary"), "?": () => open("keys"),
    p: () => { const film = one("[data-film]", slides()[now]); if (film) toggle(film); },
  };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || one("dialog[open]")) return;
    // Space and Enter belong to what has the focus.
    if (event.key === " " && event.target.closest("a, button")) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    if (!black.hidden && act !== toggleBlack) black.hidden = true; else act();
  });

  const place = () => Math.max(0, slides().findIndex(slide => "#" + slide.id === location.hash));
  show(place(), false);
  const link = one("[data-grow]");
  if (link) { link.hidden = true; grow(link).finally(() => { link.hidden = false; }); }
  // The next page asks a worker; fetched now, it is there at once.
  const next = neighbour("next");
  if (next && location.protocol !== "file:") setTimeout(() => fetch(next).catch(() => { /* then it takes longer */ }), 1500);
})();
