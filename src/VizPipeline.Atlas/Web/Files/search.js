// Search by picture: a worker computes the response of every neuron.
(function () {
  "use strict";
  const [input, status, answers] = ["picture", "status", "answers"].map(name => document.querySelector(`[data-${name}]`));
  let asked = 0;
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
      answers.replaceChildren(...found.neurons.map(neuron => {
        const [link, image, name, note] = ["a", "img", "span", "small"].map(tag => document.createElement(tag));
        link.className = "tile"; link.href = `/atlases/${input.dataset.atlas}/neurons/${neuron.slug}/${neuron.channel}`;
        const file = `${String(neuron.channel).padStart(5, "0")}.jpg`;
        image.src = `/atlases/${input.dataset.atlas}/tiles/${neuron.slug}/${input.dataset.tile}/${file}`;
        image.alt = ""; image.width = image.height = 96; image.loading = "lazy";
        name.className = "name"; name.textContent = `${neuron.layer} ${neuron.channel}`;
        note.textContent = `${neuron.activation.toFixed(2)}, ${neuron.ratio.toFixed(2)} of its maximum`;
        name.append(note); link.append(image, name);
        return link;
      }));
    } catch (failure) { if (turn === asked) status.textContent = failure.message; }
  });
})();
