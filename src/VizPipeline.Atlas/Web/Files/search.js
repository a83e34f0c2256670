// Search by picture: a worker computes the response of every neuron.
(function () {
  "use strict";
  const [input, status, answers, card] = ["picture", "status", "answers", "card"].map(name => document.querySelector(`[data-${name}]`));
  let asked = 0;

  // Fills a copy of the page's own card, whose addresses and texts have places for the neuron.
  function make(neuron) {
    const tile = card.content.firstElementChild.cloneNode(true), [image, own] = [tile.querySelector("img"), tile.querySelector(".own")];
    tile.href = tile.getAttribute("href").replace("LAYER/0", `${neuron.slug}/${neuron.channel}`);
    tile.dataset.c = neuron.channel;
    image?.setAttribute(
      "src", image.getAttribute("src").replace("LAYER", neuron.slug).replace("00000", String(neuron.channel).padStart(5, "0")));
    if (image) image.alt = image.alt.replace(/0$/, neuron.channel);
    tile.querySelector(".parts").title = `${neuron.layer} ${neuron.channel}`;
    tile.querySelector(".start").textContent = neuron.layer;
    tile.querySelector("b").textContent = neuron.channel;
    if (neuron.name) own.textContent = neuron.name; else own.remove();
    tile.querySelector("small:last-child:not(.own)").textContent =
      `${neuron.activation.toFixed(2)}, ${neuron.ratio.toFixed(2)} of its maximum`;
    return tile;
  }

  input.addEventListener("change", async () => {
    const file = input.files[0], turn = ++asked;
    if (!file) return;
    if (file.size > 8 << 20) { status.textContent = "The picture is larger than 8 MB."; return; }
    status.textContent = "waiting for a worker …";
    answers.replaceChildren();
    try {
      const response = await fetch(`/api/v1/atlases/${input.dataset.atlas}/live/responses?limit=60`, {
        method: "POST", body: file, headers: { "Content-Type": "application/octet-stream" },
      });
      if (turn !== asked) return;
      if (response.status === 429) throw new Error("too many requests; wait a moment");
      const found = await response.json();
      if (!response.ok) throw new Error(found.detail ?? response.statusText);
      const [best] = found.outputs, verdict = best ? `The network says ${best.name ?? `output ${best.index}`}. ` : "";
      status.textContent = `${verdict}Neurons with the strongest response, compared with the image set:`;
      answers.replaceChildren(...found.neurons.map(make));
    } catch (failure) { if (turn === asked) status.textContent = failure.message; }
  });
})();
