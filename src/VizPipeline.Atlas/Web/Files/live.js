// The live tool: sends pictures to a worker and draws the maps that it returns as bytes.
(function () {
  "use strict";
  const root = document.querySelector("[data-live]");
  const one = name => root.querySelector(`[data-${name}]`);
  const atlas = root.dataset.atlas;
  const state = { shots: [], shot: null, layer: null, channel: null, maps: null, held: null, asked: 0 };
  const viridis = [
    [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
    [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37],
  ];
  const colours = Array.from({ length: 256 }, (_, level) => {
    const place = level / 255 * (viridis.length - 1), at = Math.min(viridis.length - 2, Math.floor(place)), part = place - at;
    return viridis[at].map((value, i) => Math.round(value + (viridis[at + 1][i] - value) * part));
  });

  function say(text) { one("status").textContent = text; }

  async function ask(what, shot, values) {
    const response = await fetch(`/api/v1/atlases/${atlas}/live/${what}?${new URLSearchParams(values)}`, {
      method: "POST", body: shot.blob, headers: { "Content-Type": "application/octet-stream" },
    });
    if (response.ok) return response.json();
    let detail = response.status === 429 ? "too many requests; wait a moment" : `${response.status} ${response.statusText}`;
    try { detail = (await response.json()).detail ?? detail; } catch { /* the body has no details */ }
    throw new Error(detail);
  }

  const bytes = text => Uint8Array.from(atob(text), sign => sign.charCodeAt(0));

  function paint(canvas, maps, channel, opacity = 255, least = null, greatest = null) {
    const area = maps.height * maps.width, values = maps.bytes.subarray(channel * area, (channel + 1) * area);
    const [low, high] = [maps.least[channel], maps.greatest[channel]];
    canvas.width = maps.width; canvas.height = maps.height;
    const context = canvas.getContext("2d"), image = context.createImageData(maps.width, maps.height);
    for (let i = 0; i < area; i++) {
      let level = values[i];
      if (greatest !== null) {
        const value = low + (high - low) * level / 255;
        level = greatest > least ? Math.max(0, Math.min(255, Math.round((value - least) / (greatest - least) * 255))) : 0;
      } else if (high <= low) level = 0;
      const colour = colours[level];
      image.data.set([colour[0], colour[1], colour[2], opacity], i * 4);
    }
    context.putImageData(image, 0, 0);
  }

  function tile(view, channel) { return `/atlases/${atlas}/tiles/${state.layer}/${view}/${String(channel).padStart(5, "0")}.jpg`; }

  async function mapsOf(shot, layer) {
    shot.maps ??= new Map();
    if (!shot.maps.has(layer)) {
      const shown = await ask("maps", shot, { layer });
      shot.maps.set(layer, { ...shown, bytes: bytes(shown.maps) });
      if (shot.maps.size > 6) shot.maps.delete(shot.maps.keys().next().value);
    }
    return shot.maps.get(layer);
  }

  async function look() {
    if (!state.shot) return;
    const turn = ++state.asked, began = performance.now();
    say("waiting for a worker …");
    try {
      const maps = await mapsOf(state.shot, state.layer);
      if (turn !== state.asked) return;
      state.maps = maps;
      const [time, computeTime] = [Math.round(performance.now() - began), Math.round(maps.cost.compute)];
      say(`${maps.channels} maps of ${maps.height} × ${maps.width} in ${time} ms (worker ${computeTime} ms)`);
      scores(maps.outputs);
      fill();
      if (state.channel === null || state.channel >= maps.channels) choose(maps.greatest.indexOf(Math.max(...maps.greatest)), false);
      else detail();
    } catch (failure) { if (turn === state.asked) say(failure.message); }
  }

  function scores(outputs) {
    const list = one("scores");
    if (outputs.length === 0) { list.innerHTML = ""; list.append("This atlas has no output layer."); return; }
    const sum = outputs.reduce((total, output) => total + Math.max(0, output.value), 0);
    const isShare = outputs.every(output => output.value >= 0 && output.value <= 1) && sum <= 1.001;
    list.replaceChildren(...outputs.map(output => {
      const item = document.createElement("li"), meter = document.createElement("meter");
      meter.max = isShare ? 1 : Math.max(1e-9, outputs[0].value); meter.min = Math.min(0, output.value); meter.value = output.value;
      meter.setAttribute("aria-label", "score");
      item.append(`${output.name ?? `output ${output.index}`} ${output.value.toFixed(isShare ? 3 : 2)}`, meter);
      return item;
    }));
  }

  const names = one("names") ? [...one("names").content.querySelectorAll("li")].map(item => item.textContent) : [];

  // The values of an output layer as probabilities, by softmax; subtracting the largest keeps the exponentials finite.
  function softmax(values) {
    const largest = Math.max(...values), parts = values.map(value => Math.exp(value - largest));
    const sum = parts.reduce((total, part) => total + part, 0);
    return parts.map(part => part / sum);
  }

  // A layer without positions has one value per neuron: named bars, the largest first, say more than tiles of one colour.
  function bars(maps) {
    const box = one("maps"), isOutput = one("layer").selectedOptions[0].dataset.output === "1";
    one("raw").parentElement.hidden = !isOutput;
    const isShare = maps.greatest.every(value => value >= 0 && value <= 1) && maps.greatest.reduce((sum, value) => sum + value, 0) <= 1.001;
    const asShare = isOutput && !one("raw").checked, shown = asShare && !isShare ? softmax(maps.greatest) : maps.greatest;
    const [least, greatest] = [Math.min(0, ...shown), asShare ? 1 : Math.max(1e-9, ...shown)];
    const order = shown.map((value, channel) => channel).sort((a, b) => shown[b] - shown[a] || a - b);
    box.dataset.mode = "bars";
    box.replaceChildren(...order.map(channel => {
      const button = document.createElement("button"), meter = document.createElement("meter"), value = document.createElement("span");
      button.type = "button"; button.setAttribute("role", "option"); button.tabIndex = -1;
      button.dataset.channel = channel; button.id = `channel-${channel}`;
      button.setAttribute("aria-selected", String(channel === state.channel));
      const name = isOutput && names[channel] ? names[channel] : `channel ${channel}`;
      meter.min = least; meter.max = greatest; meter.value = shown[channel]; meter.setAttribute("aria-label", name);
      value.textContent = asShare ? `${(100 * shown[channel]).toFixed(1)} %` : shown[channel].toFixed(2);
      button.append(name, meter, value);
      return button;
    }));
  }

  function fill() {
    const [maps, box, mode] = [state.maps, one("maps"), one("mode").value];
    const hasPositions = !maps || maps.height * maps.width > 1;
    box.classList.toggle("named", !hasPositions && mode === "maps");
    one("common").parentElement.hidden = !hasPositions || mode !== "maps";
    if (hasPositions || mode !== "maps") one("raw").parentElement.hidden = true;
    else { bars(maps); return; }
    const count = mode === "maps" ? maps?.channels : Number(one("layer").selectedOptions[0].dataset.channels);
    if (!count) { box.replaceChildren(); return; }
    const common = one("common").checked, least = maps ? Math.min(...maps.least) : 0, greatest = maps ? Math.max(...maps.greatest) : 0;
    if (box.children.length !== count || box.dataset.mode !== mode) {
      box.dataset.mode = mode;
      box.replaceChildren(...Array.from({ length: count }, (_, channel) => {
        const button = document.createElement("button"), picture = document.createElement(mode === "maps" ? "canvas" : "img");
        button.type = "button"; button.setAttribute("role", "option"); button.tabIndex = -1;
        button.dataset.channel = channel; button.id = `channel-${channel}`;
        button.setAttribute("aria-label", `channel ${channel}`);
        if (mode !== "maps") { picture.loading = "lazy"; picture.alt = ""; }
        button.append(picture, String(channel));
        return button;
      }));
    }
    for (const button of box.children) {
      const channel = Number(button.dataset.channel), picture = button.firstChild;
      button.setAttribute("aria-selected", String(channel === state.channel));
      if (mode !== "maps") picture.src = tile(mode, channel);
      else paint(picture, maps, channel, 255, common ? least : null, common ? greatest : null);
    }
  }

  function choose(channel, byHand = true) {
    state.channel = channel;
    for (const button of one("maps").children) button.setAttribute("aria-selected", String(Number(button.dataset.channel) === channel));
    one("maps").setAttribute("aria-activedescendant", `channel-${channel}`);
    if (byHand) document.getElementById(`channel-${channel}`)?.scrollIntoView({ block: "nearest" });
    history.replaceState(null, "", `#layer=${state.layer}&channel=${channel}`);
    known();
    detail();
  }

  function known() {
    const page = one("page"), name = one("layer").selectedOptions[0].dataset.name;
    one("title").textContent = `${name} ${state.channel}`;
    page.href = `/atlases/${atlas}/neurons/${state.layer}/${state.channel}`; page.hidden = false;
    one("known").replaceChildren(...root.dataset.views.split(",").filter(view => view && view !== "top1").map(view => {
      const figure = document.createElement("figure"), image = document.createElement("img"), text = document.createElement("figcaption");
      image.src = tile(view, state.channel);
      image.alt = text.textContent = one("mode").querySelector(`option[value="${view}"]`).textContent;
      image.addEventListener("error", () => { figure.remove(); });
      figure.append(image, text);
      return figure;
    }));
  }

  function overlay(canvas, maps, channel, opacity, least = null, greatest = null) {
    const small = document.createElement("canvas"), crop = new Image();
    paint(small, maps, channel, 255, least, greatest);
    crop.onload = () => {
      canvas.width = crop.width; canvas.height = crop.height;
      const context = canvas.getContext("2d");
      context.drawImage(crop, 0, 0);
      context.globalAlpha = opacity; context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, crop.width, crop.height);
    };
    crop.src = "data:image/png;base64," + maps.crop;
  }

  // A neuron of an early layer sees only a few pixels: shows them enlarged, in a corner that does not cover them.
  function enlarge(image, [left, top, right, bottom]) {
    const inset = one("inset"), [width, height] = [right - left, bottom - top];
    inset.hidden = width * 2.2 > image.naturalWidth || height * 2.2 > image.naturalHeight;
    if (inset.hidden) return;
    inset.width = width; inset.height = height;
    inset.getContext("2d").drawImage(image, left, top, width, height, 0, 0, width, height);
    inset.classList.toggle("right", left + right < image.naturalWidth);
    inset.classList.toggle("low", top + bottom < image.naturalHeight);
  }

  async function detail() {
    const maps = state.maps;
    if (!maps || state.channel === null || state.channel >= maps.channels) return;
    const hasPositions = maps.height * maps.width > 1;
    one("facts").textContent = !hasPositions ? `value ${maps.greatest[state.channel].toFixed(3)} on this picture`
      : `from ${maps.least[state.channel].toFixed(3)} to ${maps.greatest[state.channel].toFixed(3)} on this picture`;
    // A value without a position says nothing about places of the picture.
    overlay(one("map"), maps, state.channel, hasPositions ? one("opacity").value / 100 : 0);
    if (!one("compared").hidden) compare();
    const held = one("hold").checked ? state.held : null;
    const layer = held?.layer ?? state.layer, channel = held?.channel ?? state.channel, [shot, turn] = [state.shot, ++detail.turn];
    try {
      const shown = await ask("deconvolution", shot, { layer, channel, rule: one("rule").value });
      if (turn !== detail.turn) return;
      const image = one("back");
      image.src = "data:image/png;base64," + shown.deconvolution;
      const place = `row ${shown.y}, column ${shown.x}`;
      image.alt = `${one("rule").value} of ${layer} ${channel} at ${place}, activation ${shown.activation.toFixed(3)}`;
      image.title = image.alt;
      image.onload = () => enlarge(image, shown.effectiveBox ?? shown.box);
    } catch (failure) { say(failure.message); }
  }
  detail.turn = 0;

  async function compare() {
    const box = one("compared"), turn = ++compare.turn;
    box.hidden = false;
    const [channel, said] = [state.channel, document.createElement("p")];
    const figures = state.shots.map(() => document.createElement("figure")), answers = [];
    said.className = "quiet";
    box.replaceChildren(said, ...figures);
    for (const [i, shot] of state.shots.entries()) {
      try {
        const maps = await mapsOf(shot, state.layer);
        if (turn !== compare.turn) return;
        const canvas = document.createElement("canvas"), text = document.createElement("figcaption");
        text.textContent = `${shot.name}: ${maps.greatest[channel].toFixed(2)}`;
        figures[i].append(canvas, text);
        answers.push({ canvas, maps });
      } catch (failure) { figures[i].textContent = failure.message; continue; }
      // One scale for all pictures: on a scale each, the weakest would look like the strongest.
      const least = Math.min(0, ...answers.map(answer => answer.maps.least[channel]));
      const greatest = Math.max(...answers.map(answer => answer.maps.greatest[channel]));
      said.textContent = `One scale for all pictures, from ${least.toFixed(2)} to ${greatest.toFixed(2)}.`;
      for (const answer of answers) {
        [answer.canvas.dataset.least, answer.canvas.dataset.greatest] = [least, greatest];
        overlay(answer.canvas, answer.maps, channel, 0.6, least, greatest);
      }
    }
  }
  compare.turn = 0;

  function add(name, blob, isFirst) {
    if (blob.size > 8 << 20) { say(`${name} is larger than 8 MB`); return; }
    const shot = { name, blob, url: URL.createObjectURL(blob) };
    const item = document.createElement("li"), button = document.createElement("button"), image = document.createElement("img");
    button.type = "button"; button.title = name; image.src = shot.url; image.alt = name;
    shot.button = button;
    button.append(image); item.append(button);
    button.addEventListener("click", () => take(shot));
    one("shots").append(item);
    state.shots.push(shot);
    if (isFirst) take(shot);
    return shot;
  }

  function take(shot) {
    state.shot = shot;
    for (const other of state.shots) other.button.setAttribute("aria-pressed", String(other === shot));
    look();
  }

  function addFiles(files) {
    [...files].filter(file => file.type.startsWith("image/")).forEach((file, i) => add(file.name, file, i === 0));
  }

  one("files").addEventListener("change", event => { addFiles(event.target.files); event.target.value = ""; });
  root.addEventListener("dragover", event => { event.preventDefault(); root.classList.add("drop"); });
  root.addEventListener("dragleave", () => root.classList.remove("drop"));
  root.addEventListener("drop", event => { event.preventDefault(); root.classList.remove("drop"); addFiles(event.dataTransfer.files); });
  document.addEventListener("paste", event => addFiles(event.clipboardData.files));
  one("layer").addEventListener("change", () => {
    state.layer = one("layer").value; state.channel = null; state.maps = null;
    fill();
    look();
  });
  one("mode").addEventListener("change", fill);
  one("common").addEventListener("change", fill);
  one("raw").addEventListener("change", fill);
  one("rule").addEventListener("change", detail);
  one("opacity").addEventListener("input", () => {
    if (state.maps && state.channel !== null) overlay(one("map"), state.maps, state.channel, one("opacity").value / 100);
  });
  one("hold").addEventListener("change", () => { state.held = { layer: state.layer, channel: state.channel }; detail(); });
  one("compare").addEventListener("click", () => {
    if (state.channel === null || state.shots.length === 0) return;
    if (one("compared").hidden) compare(); else { compare.turn++; one("compared").hidden = true; }
  });
  one("maps").addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) choose(Number(button.dataset.channel));
  });
  one("maps").addEventListener("keydown", event => {
    const count = one("maps").children.length;
    if (!event.key.startsWith("Arrow") || count === 0) return;
    const buttons = [...one("maps").children], first = buttons[0].offsetTop;
    const wide = buttons.findIndex(button => button.offsetTop > first), row = wide < 0 ? count : wide;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row }[event.key];
    const now = buttons.findIndex(button => Number(button.dataset.channel) === state.channel);
    choose(Number(buttons[Math.max(0, Math.min(count - 1, Math.max(0, now) + step))].dataset.channel));
    event.preventDefault();
  });

  let stream = null;
  function stopCamera() {
    stream?.getTracks().forEach(track => track.stop());
    stream = null;
    one("video").hidden = true; one("video").srcObject = null; one("stop").hidden = true;
    one("camera").textContent = "Camera";
  }
  one("stop").addEventListener("click", stopCamera);
  window.addEventListener("pagehide", stopCamera);
  one("camera").addEventListener("click", async () => {
    const video = one("video");
    if (stream) {
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth; canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob(blob => { if (blob) add(`camera ${state.shots.length + 1}`, blob, true); }, "image/jpeg", 0.9);
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: true });
      video.srcObject = stream; video.hidden = false; await video.play();
      one("camera").textContent = "Take a picture"; one("stop").hidden = false;
    } catch { say("no camera, or the browser does not allow access to it"); }
  });

  const wanted = new URLSearchParams(location.hash.slice(1));
  const layer = wanted.get("layer");
  if (layer !== null && one("layer").querySelector(`option[value="${CSS.escape(layer)}"]`)) one("layer").value = layer;
  state.layer = one("layer").value;
  if (/^[0-9]+$/.test(wanted.get("channel") ?? "")) { state.channel = Number(wanted.get("channel")); known(); }

  // Starts with some images of the atlas.
  (async () => {
    for (const index of root.dataset.samples.split(",").filter(Boolean)) {
      try {
        const response = await fetch(`/atlases/${atlas}/crops/${index}.jpg`);
        if (!response.ok) return;
        add(`image ${index}`, await response.blob(), state.shots.length === 0);
      } catch { return; }
    }
  })();
})();
