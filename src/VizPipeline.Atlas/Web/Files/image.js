// The page of an image: boxes and neurons that belong together are marked together, and a worker is asked what the network says.
(function () {
  "use strict";
  const one = selector => document.querySelector(selector);
  const places = new Map();
  for (const part of document.querySelectorAll("[data-place]")) {
    if (!places.has(part.dataset.place)) places.set(part.dataset.place, []);
    places.get(part.dataset.place).push(part);
  }
  const seen = one("[data-seen]");
  let marked = null;

  function mark(id) {
    if (id === marked) return;
    for (const part of places.get(marked) ?? []) part.classList.remove("lit");
    for (const part of places.get(id) ?? []) part.classList.add("lit");
    seen?.classList.toggle("chosen", id !== null);
    marked = id;
  }

  for (const kind of ["mouseover", "focusin"])
    document.addEventListener(kind, event => mark(event.target.closest("[data-place]")?.dataset.place ?? null));

  const list = one("[data-predictions]"), said = one("[data-said]");
  if (!list) return;
  (async () => {
    try {
      const response = await fetch(list.dataset.predictions);
      if (response.status === 429) throw new Error("too many requests; wait a moment");
      const found = await response.json();
      if (!response.ok) throw new Error(found.detail ?? response.statusText);
      list.replaceChildren(...found.classes.map(({ index, name, probability }) => {
        const [item, link, meter, share] = ["li", "a", "meter", "span"].map(tag => document.createElement(tag));
        const text = name ?? `output ${index}`, isLabel = name !== null && name === list.dataset.label;
        link.href = list.dataset.neurons + index;
        link.textContent = isLabel ? `${text} (its label)` : text;
        meter.max = 1; meter.value = probability; meter.setAttribute("aria-label", `probability of ${text}`);
        share.className = "num"; share.textContent = `${(100 * probability).toFixed(1)} %`;
        item.append(link, meter, share);
        return item;
      }));
      said.textContent = "Softmax of the outputs for this image, computed just now.";
    } catch (failure) { said.textContent = `No prediction: ${failure.message}.`.replace("..", "."); }
  })();
})();
