// The images of a neuron: a worker draws what excites the neuron in them, one after another, as long as they are wanted.
(function () {
  "use strict";
  const button = document.querySelector("[data-draw]"), said = document.querySelector("[data-drawn]");
  if (!button) return;
  const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
  const tiles = [...document.querySelectorAll("[data-exemplar]")].map(item => ({
    item, image: item.dataset.exemplar, picture: item.querySelector("img"), drawn: null, photograph: null,
  })).filter(tile => tile.picture);
  const side = 160, gap = 4;
  let isOn = false, turn = 0;

  async function ask(tile) {
    for (;;) {
      const response = await fetch(button.dataset.exemplars + tile.image);
      // Many images are asked for, and the server limits how many per minute.
      if (response.status === 429) { await pause(2000); continue; }
      const found = await response.json();
      if (!response.ok) throw new Error(found.detail ?? response.statusText);
      return found;
    }
  }

  async function load(address) {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    return picture;
  }

  // What the neuron sees and what excites it there, side by side, cut to where that is.
  async function pair(tile, found) {
    const pictures = await Promise.all([load(tile.photograph), load("data:image/png;base64," + found.deconvolution)]);
    // A neuron that nothing excites has no effective field.
    const isEmpty = ([left, top, right, bottom]) => right <= left || bottom <= top;
    const [left, top, right, bottom] = isEmpty(found.effectiveBox) ? found.box : found.effectiveBox;
    const [width, height] = [right - left, bottom - top];
    const canvas = document.createElement("canvas"), scale = side / Math.max(width, height), pen = canvas.getContext("2d");
    [canvas.width, canvas.height] = [2 * side + gap, side];
    pictures.forEach((picture, i) => {
      const size = picture.naturalWidth / pictures[1].naturalWidth;
      pen.drawImage(
        picture, left * size, top * size, width * size, height * size,
        i * (side + gap) + (side - width * scale) / 2, (side - height * scale) / 2, width * scale, height * scale);
    });
    return canvas.toDataURL();
  }

  function show(tile) {
    tile.photograph ??= tile.picture.getAttribute("src");
    const isDrawn = isOn && tile.drawn !== null;
    tile.picture.setAttribute("src", isDrawn ? tile.drawn : tile.photograph);
    tile.item.classList.toggle("drawn", isDrawn);
    // Two pictures need more room than one.
    tile.item.parentElement.classList.toggle("wide", isOn);
  }

  button.addEventListener("click", async () => {
    isOn = !isOn;
    const mine = ++turn;
    button.setAttribute("aria-pressed", isOn);
    for (const tile of tiles) show(tile);
    if (!isOn) { said.textContent = ""; return; }
    try {
      for (const [i, tile] of tiles.entries()) {
        said.textContent = `A worker draws ${i + 1} of ${tiles.length} …`;
        if (!tile.drawn) {
          const found = await ask(tile);
          tile.drawn = await pair(tile, found);
        }
        if (mine !== turn) return;
        show(tile);
      }
      said.textContent = "Beside each cut: its pixels that excite the neuron. Grey pixels do nothing.";
    } catch (failure) { if (mine === turn) said.textContent = `Not drawn: ${failure.message}.`.replace("..", "."); }
  });
})();
