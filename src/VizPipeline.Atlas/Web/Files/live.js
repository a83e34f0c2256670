// The live tool: sends pictures and camera frames to a worker and draws the maps that it returns as bytes.
(function () {
  "use strict";
  const root = document.querySelector("[data-live]");
  const one = name => root.querySelector(`[data-${name}]`);
  const atlas = root.dataset.atlas;
  const state = { shots: [], shot: null, layer: null, channel: null, under: null, maps: null, held: null, asked: 0 };
  const viridis = [
    [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
    [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37],
  ];
  const colours = Array.from({ length: 256 }, (_, level) => {
    const place = level / 255 * (viridis.length - 1), at = Math.min(viridis.length - 2, Math.floor(place)), part = place - at;
    return viridis[at].map((value, i) => Math.round(value + (viridis[at + 1][i] - value) * part));
  });
  const names = [...one("names").content.querySelectorAll("li")].map(item => item.textContent);
  const sleep = time => new Promise(resolve => { setTimeout(resolve, time); });
  const chosen = name => one(name).selectedOptions[0];
  const number = value => value.toFixed(2);

  function say(text, isWrong = false) {
    one("status").textContent = text;
    one("status").classList.toggle("alarm", isWrong);
  }

  // What is wrong with pictures or the camera is said next to them, and stays until the next choice.
  function report(...lines) {
    one("faults").replaceChildren(...lines.map(line => {
      const item = document.createElement("p");
      item.className = "alarm"; item.textContent = line;
      return item;
    }));
  }

  // Requests to the server.

  class Refusal extends Error {
    constructor(message, status) {
      super(message);
      this.status = status;
    }

    // Whether the same request may succeed a moment later.
    get passes() { return [0, 429, 502, 503, 504].includes(this.status); }
  }

  async function send(path, values, init) {
    let response;
    try {
      response = await fetch(`/api/v1/atlases/${atlas}/live/${path}?${new URLSearchParams(values)}`, init);
      if (response.ok) return await response.json();
    } catch { throw new Refusal("the server cannot be reached", 0); }
    let detail = response.status === 429 ? "too many requests at once" : `the server answers ${response.status} ${response.statusText}`;
    try { detail = (await response.json()).detail ?? detail; } catch { /* the body has no details */ }
    throw new Refusal(detail, response.status);
  }

  const ask = (what, blob, values) => send(what, values, {
    method: "POST", body: blob, headers: { "Content-Type": "application/octet-stream" },
  });

  // The server limits requests per second; what it refuses for that is asked again after pauses that grow.
  async function patiently(request) {
    for (let pause = 500; ; pause *= 2) {
      try { return await request(); } catch (failure) {
        if (failure.status !== 429 || pause > 4000) throw failure;
        say(`${failure.message}: trying again in ${pause / 1000} s`);
        await sleep(pause);
      }
    }
  }

  // Runs a task at a time; of those that come meanwhile, only the newest follows.
  function newest(run) {
    let waiting = null, isBusy = false;
    return async (...values) => {
      waiting = values;
      if (isBusy) return;
      isBusy = true;
      try {
        while (waiting) {
          const now = waiting;
          waiting = null;
          await run(...now);
        }
      } finally { isBusy = false; }
    };
  }

  function bytes(text) {
    const signs = atob(text), values = new Uint8Array(signs.length);
    for (let i = 0; i < signs.length; i++) values[i] = signs.charCodeAt(i);
    return values;
  }

  async function readMaps(blob, layer) {
    const began = performance.now(), shown = await ask("maps", blob, { layer }), crop = new Image();
    crop.src = "data:image/png;base64," + shown.crop;
    await crop.decode();
    return { ...shown, bytes: bytes(shown.maps), maps: null, crop, layer, time: performance.now() - began };
  }

  function mapsOf(shot, layer) {
    if (!shot.maps.has(layer)) {
      const asked = patiently(() => readMaps(shot.blob, layer));
      shot.maps.set(layer, asked);
      asked.catch(() => shot.maps.delete(layer));
      if (shot.maps.size > 6) shot.maps.delete(shot.maps.keys().next().value);
    }
    return shot.maps.get(layer);
  }

  const tops = new Map();
  function topsOf(layer) {
    if (!tops.has(layer)) {
      const asked = patiently(() => send("scales", { layer }));
      tops.set(layer, asked);
      asked.then(known => { asked.known = known; }, () => tops.delete(layer));
    }
    return tops.get(layer);
  }

  // Scales. Each contains 0, so that its end shows no activation.

  const knownTops = layer => tops.get(layer)?.known ?? null;

  function scaleOf(maps, channel) {
    const kind = one("scale").value;
    if (kind === "layer") return maps.ends ??= [Math.min(0, ...maps.least), Math.max(0, ...maps.greatest)];
    // A channel without a maximum stays dark, as nothing is known about it.
    if (kind === "atlas") return [0, knownTops(maps.layer)?.maxima[channel] ?? Infinity];
    return [Math.min(0, maps.least[channel]), Math.max(0, maps.greatest[channel])];
  }

  function scaleText(maps) {
    const kind = one("scale").value, hasNegative = Math.min(...maps.least) < 0;
    if (kind === "layer") {
      const [least, greatest] = scaleOf(maps, 0);
      return `One scale for all ${maps.channels} maps of this layer: from ${number(least)} (dark) to ${number(greatest)} (bright).`;
    }
    if (kind === "map")
      return `Each map has its own scale: from ${hasNegative ? "its least value, or 0," : "0"} (dark) to its greatest value (bright).`;
    const known = knownTops(maps.layer);
    if (!known) return "Loading the maxima over the atlas …";
    const beyond = known.maxima.filter((top, channel) => top !== null && maps.greatest[channel] > top + 1e-4 * Math.abs(top)).length;
    const unknown = known.maxima.filter(top => top === null).length;
    return `Each channel's scale: from 0 (dark) to its maximum over the ${known.images} images of the atlas (bright).`
      + (beyond > 0 ? ` ${beyond} of ${maps.channels} maps go beyond it.` : "")
      + (unknown > 0 ? ` ${unknown} channels have no maximum yet and stay dark.` : "");
  }

  // Draws a map. With an opacity, the picture below shows through; it follows the activation if the user says so.
  function paint(canvas, maps, channel, [least, greatest], opacity = null) {
    const area = maps.height * maps.width, values = maps.bytes.subarray(channel * area, (channel + 1) * area);
    const low = maps.least[channel], step = (maps.greatest[channel] - low) / 255, follows = opacity !== null && one("follow").checked;
    const far = Math.max(Math.abs(least), Math.abs(greatest)), table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      const value = Math.max(least, Math.min(greatest, low + step * i));
      const share = greatest > least ? (value - least) / (greatest - least) : Number(low + step * i > greatest);
      const [red, green, blue] = colours[Math.round(255 * share)], weight = greatest > least ? Math.abs(value) / far : share;
      table[i] = (Math.round(255 * (opacity ?? 1) * (follows ? weight : 1)) << 24 | blue << 16 | green << 8 | red) >>> 0;
    }
    const pixels = new Uint32Array(area);
    for (let i = 0; i < area; i++) pixels[i] = table[values[i]];
    if (canvas.width !== maps.width || canvas.height !== maps.height) { canvas.width = maps.width; canvas.height = maps.height; }
    canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), maps.width, maps.height), 0, 0);
  }

  const layerBelow = document.createElement("canvas");
  function overlay(canvas, maps, channel, scale) {
    const context = canvas.getContext("2d"), { crop } = maps;
    canvas.width = crop.naturalWidth; canvas.height = crop.naturalHeight;
    [canvas.dataset.least, canvas.dataset.greatest] = scale;
    context.drawImage(crop, 0, 0);
    // A value without a position says nothing about places of the picture.
    if (maps.height * maps.width === 1) return;
    paint(layerBelow, maps, channel, scale, one("opacity").value / 100);
    context.imageSmoothingEnabled = false;
    context.drawImage(layerBelow, 0, 0, canvas.width, canvas.height);
  }

  // What is shown of a picture.

  async function look() {
    if (!state.shot) return;
    const turn = ++state.asked, [shot, layer] = [state.shot, state.layer];
    say("waiting for a worker …");
    one("maps").setAttribute("aria-busy", "true");
    try {
      const maps = await mapsOf(shot, layer);
      if (turn !== state.asked) return;
      const [time, computeTime] = [Math.round(maps.time), Math.round(maps.cost.compute)];
      const size = maps.height * maps.width > 1 ? `maps of ${maps.height} × ${maps.width}` : "values";
      say(`${maps.channels} ${size} in ${time} ms (worker ${computeTime} ms)`);
      receive(shot, maps);
    } catch (failure) {
      if (turn !== state.asked) return;
      say(`${failure.message}. What you see is from before.`, true);
      // The maps still belong to the picture before.
      if (state.maps) mark(state.maps.shot);
    } finally { if (turn === state.asked) one("maps").removeAttribute("aria-busy"); }
  }

  function receive(shot, maps) {
    maps.shot = shot;
    state.maps = maps;
    mark(shot);
    scores(maps.outputs);
    fill();
    if (state.channel === null || state.channel >= maps.channels) choose(maps.greatest.indexOf(Math.max(...maps.greatest)), false);
    else detail();
  }

  const percent = share => `${(100 * share).toFixed(1)} %`;

  function scores(outputs) {
    const list = one("scores");
    if (outputs.length === 0) { list.replaceChildren("This atlas has no output layer."); return; }
    const isShare = outputs[0].probability !== null, greatest = isShare ? 1 : Math.max(1e-9, outputs[0].value);
    list.replaceChildren(...outputs.map(output => {
      const [item, meter, raw] = ["li", "meter", "span"].map(name => document.createElement(name));
      const name = output.name ?? `output ${output.index}`;
      meter.max = greatest; meter.min = isShare ? 0 : Math.min(0, output.value); meter.value = output.probability ?? output.value;
      meter.setAttribute("aria-label", name);
      raw.className = "quiet"; raw.textContent = number(output.value); raw.title = "the network's own value";
      item.append(...isShare ? [`${name} ${percent(output.probability)} `, raw, meter] : [`${name} `, raw, meter]);
      return item;
    }));
  }

  // The values of the output layer as probabilities, as the worker counts them; null if it does not.
  function probabilities(maps) {
    const top = maps.outputs[0];
    if (!top || top.probability === null) return null;
    return maps.greatest.map(Math.abs(top.probability - top.value) < 1e-6 ? value => value
      : value => top.probability * Math.exp(value - top.value));
  }

  function makeOption(channel, ...children) {
    const button = document.createElement("button");
    button.type = "button"; button.setAttribute("role", "option"); button.tabIndex = -1;
    button.dataset.channel = channel; button.id = `channel-${channel}`; button.setAttribute("aria-selected", "false");
    button.append(...children);
    return button;
  }

  const optionOf = channel => document.getElementById(`channel-${channel}`);

  function select(channel) {
    for (const button of one("maps").querySelectorAll("[aria-selected='true']")) button.setAttribute("aria-selected", "false");
    optionOf(channel)?.setAttribute("aria-selected", "true");
    one("maps").setAttribute("aria-activedescendant", `channel-${channel}`);
  }

  // A layer without positions has one value per neuron: named bars, the largest first, say more than tiles of one colour.
  function bars(maps) {
    const box = one("maps"), isOutput = chosen("layer").dataset.output === "1";
    const shares = isOutput ? probabilities(maps) : null, asShare = shares !== null && !one("raw").checked;
    one("raw").parentElement.hidden = shares === null;
    const shown = asShare ? shares : maps.greatest;
    const [least, greatest] = [Math.min(0, ...shown), asShare ? 1 : Math.max(1e-9, ...shown)];
    const order = shown.map((value, channel) => channel).sort((a, b) => shown[b] - shown[a] || a - b);
    one("said").textContent = asShare ? "Probabilities: each bar runs from 0 to 100 %."
      : `Raw values: all bars have one scale, from ${number(least)} to ${number(greatest)}.`;
    const known = `bars ${state.layer}`;
    if (box.dataset.mode !== known) {
      box.dataset.mode = known;
      box.replaceChildren(...order.map(channel => {
        const name = isOutput && names[channel] ? names[channel] : `channel ${channel}`, meter = document.createElement("meter");
        const [label, value] = [document.createElement("span"), document.createElement("b")];
        label.textContent = name;
        meter.setAttribute("aria-label", name);
        return makeOption(channel, label, meter, value);
      }));
    }
    const options = new Map([...box.children].map(button => [Number(button.dataset.channel), button]));
    for (const [channel, button] of options) {
      const [, meter, value] = button.children;
      meter.min = least; meter.max = greatest; meter.value = shown[channel];
      value.textContent = asShare ? percent(shown[channel]) : number(shown[channel]);
    }
    if (order.some((channel, place) => box.children[place].dataset.channel !== String(channel)))
      box.replaceChildren(...order.map(channel => options.get(channel)));
    select(state.channel);
  }

  function fill() {
    const [maps, box, mode] = [state.maps, one("maps"), one("mode").value];
    const hasPositions = !maps || maps.height * maps.width > 1;
    box.classList.toggle("named", !hasPositions && mode === "maps");
    one("scale").parentElement.hidden = !hasPositions || mode !== "maps";
    if (!hasPositions && mode === "maps") { bars(maps); return; }
    one("raw").parentElement.hidden = true;
    one("said").textContent = mode !== "maps" ? "These pictures are from the atlas." : maps ? scaleText(maps) : "";
    const count = mode === "maps" ? maps?.channels : Number(chosen("layer").dataset.channels);
    if (!count) { box.dataset.mode = ""; box.replaceChildren(); return; }
    const known = `${mode} ${state.layer}`;
    if (box.dataset.mode !== known) {
      box.dataset.mode = known;
      box.replaceChildren(...Array.from({ length: count }, (_, channel) => {
        const picture = document.createElement(mode === "maps" ? "canvas" : "img"), button = makeOption(channel, picture, String(channel));
        button.setAttribute("aria-label", `channel ${channel}`);
        if (mode !== "maps") { picture.loading = "lazy"; picture.alt = ""; picture.src = tile(mode, channel); }
        return button;
      }));
    }
    select(state.channel);
    if (mode !== "maps") return;
    for (const button of box.children) {
      const channel = Number(button.dataset.channel);
      paint(button.firstChild, maps, channel, scaleOf(maps, channel));
    }
  }

  // Draws again on another scale, which for the atlas's maxima has to be loaded first.
  async function rescale() {
    if (one("scale").value === "atlas" && state.layer !== null && !knownTops(state.layer)) {
      try { await topsOf(state.layer); } catch (failure) {
        one("scale").value = "map";
        say(`the maxima over the atlas cannot be loaded: ${failure.message}`, true);
      }
    }
    fill();
    detail();
  }

  // One channel in detail: the selected one, or the one under the pointer.

  const shownChannel = () => state.under ?? state.channel;

  // With the version of a finished atlas, so that the browser keeps the pictures.
  const tiles = () => root.dataset.tileBase.replace("LAYER", state.layer);
  function tile(view, channel) { return `${tiles()}${view}/${String(channel).padStart(5, "0")}.jpg`; }

  // Layer names have no spaces; they may break after a dot, never inside a word.
  function breakable(text) {
    return text.split(/(?<=[._/])/).flatMap((part, i) => i === 0 ? [part] : [document.createElement("wbr"), part]);
  }

  function choose(channel, byHand = true) {
    state.channel = channel;
    state.under = null;
    select(channel);
    if (byHand) {
      openSheet(true);
      optionOf(channel)?.scrollIntoView({ block: "nearest" });
    }
    remember();
    known();
    detail();
  }

  function hover(channel) {
    if (state.under === channel || (channel === null && state.under === null)) return;
    state.under = channel;
    clearTimeout(hover.rest);
    detail(false);
    dim();
    // What costs a request waits until the pointer rests.
    hover.rest = setTimeout(() => { known(); back(); }, 150);
  }

  function known() {
    const page = one("page"), channel = shownChannel(), views = root.dataset.views.split(",").filter(view => view && view !== "top1");
    if (channel === null) return;
    page.href = `/atlases/${atlas}/neurons/${state.layer}/${channel}`; page.hidden = false;
    one("known").dataset.key = `${state.layer} ${channel}`;
    dim();
    one("known").replaceChildren(...views.map(view => {
      const figure = document.createElement("figure"), image = document.createElement("img"), text = document.createElement("figcaption");
      image.src = tile(view, channel);
      image.alt = text.textContent = one("mode").querySelector(`option[value="${view}"]`).textContent;
      image.addEventListener("error", () => { figure.remove(); });
      figure.append(image, text);
      return figure;
    }));
  }

  function detail(withBack = true) {
    const [maps, channel] = [state.maps, shownChannel()];
    if (channel === null) return;
    one("title").replaceChildren(...breakable(chosen("layer").dataset.name), ` ${channel}`);
    if (!maps || channel >= maps.channels) return;
    const hasPositions = maps.height * maps.width > 1, scale = scaleOf(maps, channel);
    one("facts").textContent = (!hasPositions ? `value ${maps.greatest[channel].toFixed(3)} on this picture`
      : `from ${maps.least[channel].toFixed(3)} to ${maps.greatest[channel].toFixed(3)} on this picture`)
      + (channel === state.channel ? "" : ", under the pointer");
    overlay(one("map"), maps, channel, scale);
    one("map").setAttribute("aria-label", hasPositions ? `Map of channel ${channel} over the picture` : "The picture");
    one("overlay").hidden = !hasPositions;
    one("key").hidden = !Number.isFinite(scale[1]);
    [one("low").textContent, one("high").textContent] = scale.map(number);
    if (!one("compared").hidden && state.under === null) compare();
    if (withBack) back();
  }

  function wantedBack() {
    const held = one("hold").checked ? state.held : null;
    return { layer: held?.layer ?? state.layer, channel: held?.channel ?? shownChannel(), rule: one("rule").value };
  }

  // Pictures of another neuron must not look like this one's while its own are on their way.
  function dim() {
    back.key = JSON.stringify(wantedBack());
    one("back").parentElement.classList.toggle("wait", one("back").dataset.key !== back.key);
    one("known").classList.toggle("wait", one("known").dataset.key !== `${state.layer} ${shownChannel()}`);
  }

  function back() {
    if (!state.maps || shownChannel() === null) return;
    const { shot } = state.maps;
    dim();
    if (back.shot === shot && !shot.isCamera && one("back").dataset.key === back.key) return;
    project(shot, shot.blob, wantedBack(), back.key);
  }

  const project = newest(async (shot, blob, wanted, key) => {
    try {
      const shown = await (shot.isCamera ? ask("deconvolution", blob, wanted) : patiently(() => ask("deconvolution", blob, wanted)));
      if (key !== back.key || shot !== state.shot) return;
      const image = one("back");
      image.src = "data:image/png;base64," + shown.deconvolution;
      await image.decode();
      const place = `row ${shown.y}, column ${shown.x}`;
      image.alt = `${wanted.rule} of ${wanted.layer} ${wanted.channel} at ${place}, activation ${shown.activation.toFixed(3)}`;
      image.title = image.alt;
      image.dataset.key = key;
      back.shot = shot;
      image.parentElement.classList.remove("wait");
      enlarge(image, shown.effectiveBox ?? shown.box);
    } catch (failure) {
      if (key !== back.key) return;
      // The frames of a camera try again by themselves.
      if (shot.isCamera && failure.passes) await sleep(1000); else say(failure.message, true);
    }
  });

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

  async function compare() {
    const box = one("compared"), settings = ["scale", "opacity"].map(name => one(name).value).join();
    const key = [state.layer, state.channel, settings, one("follow").checked, state.shots.length,
      knownTops(state.layer) !== null].join();
    if (compare.key === key) return;
    compare.key = key;
    box.hidden = false;
    const [channel, said, layer] = [state.channel, document.createElement("p"), state.layer];
    const figures = state.shots.map(() => document.createElement("figure")), answers = [];
    said.className = "quiet";
    box.replaceChildren(said, ...figures);
    for (const [i, shot] of state.shots.entries()) {
      try {
        const maps = await mapsOf(shot, layer);
        if (key !== compare.key) return;
        const canvas = document.createElement("canvas"), text = document.createElement("figcaption");
        const meter = document.createElement("meter"), value = maps.greatest[channel];
        text.textContent = `${shot.name}: ${number(value)}`;
        meter.setAttribute("aria-label", shot.name);
        figures[i].append(canvas, meter, text);
        answers.push({ canvas, meter, maps, value });
      } catch (failure) {
        if (key !== compare.key) return;
        figures[i].textContent = `${shot.name}: ${failure.message}`;
        continue;
      }
      // One scale for all pictures: on a scale each, the weakest would look like the strongest.
      const top = one("scale").value === "atlas" ? knownTops(layer)?.maxima[channel] ?? null : null;
      const least = top === null ? Math.min(0, ...answers.map(answer => answer.maps.least[channel])) : 0;
      const greatest = top ?? Math.max(...answers.map(answer => answer.maps.greatest[channel]));
      said.textContent = `One scale for all pictures, from ${number(least)} to ${number(greatest)}`
        + (top === null ? "." : `, the maximum of channel ${channel} over the atlas.`);
      for (const { canvas, meter, maps, value } of answers) {
        overlay(canvas, maps, channel, [least, greatest]);
        meter.min = least; meter.max = Math.max(least + 1e-9, greatest); meter.value = value;
      }
    }
  }

  function closeComparison() {
    compare.key = null;
    one("compared").hidden = true;
  }

  // Pictures.

  function mark(shot) {
    state.shot = shot;
    for (const other of state.shots) other.button.setAttribute("aria-pressed", String(other === shot));
  }

  function take(shot) {
    pause();
    mark(shot);
    look();
  }

  function makeShot(name, blob) {
    const shot = { name, blob, maps: new Map(), item: document.createElement("li"), button: document.createElement("button") };
    const image = document.createElement("img");
    image.src = URL.createObjectURL(blob); image.alt = name;
    shot.button.type = "button"; shot.button.title = name;
    shot.button.append(image); shot.item.append(shot.button);
    shot.button.addEventListener("click", () => { if (!shot.item.hasAttribute("aria-busy")) take(shot); });
    one("shots").append(shot.item);
    return shot;
  }

  function add(name, blob) {
    const shot = makeShot(name, blob);
    state.shots.push(shot);
    return shot;
  }

  const mostBytes = Number(root.dataset.bytes), mostFiles = 50;

  // Returns what is wrong with a file as far as the browser can tell, or null.
  function faultOf(file) {
    const size = file.size / (1 << 20);
    if (file.type && !file.type.startsWith("image/")) return `${file.name} is not a picture. Choose JPEG, PNG, WebP, BMP or GIF files.`;
    if (file.size > mostBytes)
      return `${file.name} has ${size.toFixed(1)} MB; at most ${mostBytes >> 20} MB are read. Choose a smaller one.`;
    return file.size === 0 ? `${file.name} is empty.` : null;
  }

  // Adds those files that the worker can read, and says what is wrong with each of the others.
  async function addFiles(files) {
    if (files.length === 0) return;
    const faults = [];
    let isFirst = true;
    const complain = line => { faults.push(line); report(...faults); };
    report();
    for (const file of [...files].slice(0, mostFiles)) {
      const fault = faultOf(file);
      if (fault) { complain(fault); continue; }
      let shot;
      try {
        // A copy, as the file may change or vanish later.
        shot = makeShot(file.name, new Blob([await file.arrayBuffer()], { type: file.type }));
      } catch { complain(`${file.name} cannot be opened. Is it a folder, or was it removed?`); continue; }
      shot.item.setAttribute("aria-busy", "true");
      try { await mapsOf(shot, state.layer); } catch (failure) {
        if (!failure.passes) {
          shot.item.remove();
          URL.revokeObjectURL(shot.button.firstChild.src);
          complain(`${failure.message.replace(/^the picture/, file.name)}.`);
          continue;
        }
        complain(`${file.name} could not be checked: ${failure.message}.`);
      }
      shot.item.removeAttribute("aria-busy");
      state.shots.push(shot);
      if (isFirst) {
        take(shot);
        shot.item.scrollIntoView({ block: "nearest" });
      }
      isFirst = false;
    }
    if (files.length > mostFiles) complain(`Of ${files.length} files, the first ${mostFiles} were taken. Add the others afterwards.`);
  }

  // The camera: each answer is followed by the newest frame, so that nothing piles up, however slow the worker is.

  const camera = { stream: null, turn: 0, isOn: false, shot: null, shownAt: [], saidAt: 0 };

  const cameraFaults = {
    NotAllowedError: "The browser may not use the camera. Allow it for this page in the browser's address bar, then choose Camera again.",
    NotFoundError: "This device has no camera. Connect one, then choose Camera again.",
    NotReadableError: "The camera is in use by another program. Close that, then choose Camera again.",
  };

  async function start() {
    report();
    if (!navigator.mediaDevices?.getUserMedia) {
      report("The browser gives pages a camera only over HTTPS or from this machine. Open this page with https://.");
      return;
    }
    one("camera").disabled = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: { ideal: "environment" }, width: { ideal: 640 }, height: { ideal: 480 } },
      });
      camera.stream = stream;
      for (const track of stream.getTracks()) track.addEventListener("ended", () => {
        stop();
        report("The camera was disconnected. Connect it, then choose Camera again.");
      });
      one("video").srcObject = stream;
      await one("video").play();
      one("stream").hidden = false; one("camera").hidden = true;
      camera.shot = { name: "camera", maps: new Map(), isCamera: true };
      resume();
    } catch (failure) {
      stop();
      report(cameraFaults[failure.name] ?? `The camera does not start: ${failure.message || failure.name}.`);
    } finally { one("camera").disabled = false; }
  }

  function stop() {
    pause();
    camera.stream?.getTracks().forEach(track => track.stop());
    camera.stream = null;
    one("video").srcObject = null; one("stream").hidden = true; one("camera").hidden = false;
  }

  function pause() {
    if (!camera.isOn) return;
    camera.isOn = false;
    camera.turn++;
    one("video").pause();
    one("pause").textContent = "Resume";
    one("rate").textContent = "Paused.";
    say("The camera is paused. What you see is its last frame.");
  }

  function resume() {
    if (!camera.stream || camera.isOn) return;
    camera.isOn = true;
    state.asked++;
    one("video").play();
    one("pause").textContent = "Pause";
    one("rate").textContent = "Waiting for the first answer …";
    one("maps").removeAttribute("aria-busy");
    say("The camera's frames go to a worker as they come.");
    camera.shownAt = [];
    stream(++camera.turn);
  }

  // A frame as a file that is not much larger than what the network reads.
  function grab(video) {
    const canvas = document.createElement("canvas"), least = 1.5 * Number(root.dataset.input);
    const scale = Math.min(1, least / Math.min(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(scale * video.videoWidth); canvas.height = Math.round(scale * video.videoHeight);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise(resolve => { canvas.toBlob(resolve, "image/jpeg", 0.9); });
  }

  function count(cost) {
    const now = performance.now(), times = camera.shownAt;
    times.push(now);
    while (times.length > 2 && times[0] < now - 3000) times.shift();
    if (times.length < 2 || now - camera.saidAt < 400) return;
    camera.saidAt = now;
    const rate = (times.length - 1) * 1000 / (now - times[0]);
    one("rate").textContent = `${rate.toFixed(1)} frames/s, worker ${Math.round(cost.compute)} ms`;
  }

  async function stream(turn) {
    const video = one("video");
    for (let last = -1, wait = 250; turn === camera.turn;) {
      if (document.hidden || video.currentTime === last || video.videoWidth === 0) {
        await sleep(document.hidden ? 250 : 5);
        continue;
      }
      last = video.currentTime;
      const layer = state.layer;
      try {
        const blob = await grab(video), maps = await readMaps(blob, layer);
        if (turn !== camera.turn) return;
        wait = 250;
        // The layer may have changed meanwhile.
        if (layer !== state.layer) continue;
        camera.shot.blob = blob;
        camera.shot.maps = new Map([[layer, Promise.resolve(maps)]]);
        receive(camera.shot, maps);
        count(maps.cost);
      } catch (failure) {
        if (turn !== camera.turn) return;
        if (!failure.passes) {
          pause();
          report(`The camera is paused: ${failure.message}.`);
          return;
        }
        wait = Math.min(8000, 2 * wait);
        camera.shownAt = [];
        one("rate").textContent = `Slowed down: ${failure.message}. The next frame follows in ${wait / 1000} s.`;
        await sleep(wait);
      }
    }
  }

  one("camera").addEventListener("click", start);
  one("stop").addEventListener("click", () => {
    stop();
    say("The camera is off.");
    one("camera").focus();
  });
  one("pause").addEventListener("click", () => { if (camera.isOn) pause(); else resume(); });
  one("keep").addEventListener("click", () => {
    if (!camera.shot?.blob) return;
    const taken = state.shots.filter(shot => shot.isFrame).length + 1, shot = add(`camera ${taken}`, camera.shot.blob);
    shot.isFrame = true;
    shot.maps = new Map(camera.shot.maps);
    if (!one("compared").hidden) compare();
  });
  window.addEventListener("pagehide", stop);

  // The address keeps what is chosen.

  const choices = { scale: "map", mode: "maps", rule: "deconv", opacity: "80" };
  const switches = { raw: false, follow: true };

  function remember() {
    const kept = new URLSearchParams({ layer: state.layer });
    if (state.channel !== null) kept.set("channel", state.channel);
    for (const [name, usual] of Object.entries(choices)) if (one(name).value !== usual) kept.set(name, one(name).value);
    for (const [name, usual] of Object.entries(switches)) if (one(name).checked !== usual) kept.set(name, usual ? "no" : "yes");
    history.replaceState(null, "", "#" + kept);
  }

  function recall() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const takeOver = (name, value) => {
      const isThere = one(name).tagName !== "SELECT" || [...one(name).options].some(option => option.value === value);
      if (value !== null && isThere) one(name).value = value;
    };
    takeOver("layer", wanted.get("layer"));
    for (const [name, usual] of Object.entries(choices)) takeOver(name, wanted.get(name) ?? usual);
    for (const [name, usual] of Object.entries(switches)) one(name).checked = wanted.has(name) ? wanted.get(name) === "yes" : usual;
    if (state.layer !== one("layer").value) state.maps = null;
    state.layer = one("layer").value;
    const channel = wanted.get("channel") ?? "";
    state.channel = /^[0-9]+$/.test(channel) && Number(channel) < Number(chosen("layer").dataset.channels) ? Number(channel) : null;
    known();
    rescale();
    if (!camera.isOn) look();
  }

  // Controls.

  function openSheet(isOpen) {
    one("detail").classList.toggle("open", isOpen);
    one("sheet").setAttribute("aria-expanded", String(isOpen));
    one("sheet").textContent = isOpen ? "Hide details" : "Show details";
  }

  one("files").addEventListener("change", event => { addFiles([...event.target.files]); event.target.value = ""; });
  document.addEventListener("dragover", event => { event.preventDefault(); root.classList.add("drop"); });
  document.addEventListener("dragleave", () => root.classList.remove("drop"));
  document.addEventListener("drop", event => {
    event.preventDefault();
    root.classList.remove("drop");
    if (event.dataTransfer.files.length === 0) report("What you dropped is not a file. Save the picture first, then drop its file.");
    addFiles([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", event => addFiles([...event.clipboardData.files]));
  one("layer").addEventListener("change", () => {
    state.layer = one("layer").value; state.channel = null; state.under = null; state.maps = null;
    remember();
    rescale();
    if (!camera.isOn) look();
  });
  for (const name of ["mode", "raw"]) one(name).addEventListener("change", () => { fill(); remember(); });
  one("scale").addEventListener("change", () => { rescale(); remember(); });
  one("rule").addEventListener("change", () => { back(); remember(); });
  one("opacity").addEventListener("input", () => detail(false));
  one("opacity").addEventListener("change", remember);
  one("follow").addEventListener("change", () => { detail(false); remember(); });
  one("hold").addEventListener("change", () => { state.held = { layer: state.layer, channel: state.channel }; back(); });
  one("sheet").addEventListener("click", () => openSheet(!one("detail").classList.contains("open")));
  one("compare").addEventListener("click", () => {
    if (state.channel === null || state.shots.length === 0) return;
    if (one("compared").hidden) compare(); else closeComparison();
    one("compare").setAttribute("aria-expanded", String(!one("compared").hidden));
  });
  one("maps").addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    choose(Number(button.dataset.channel));
    one("maps").focus({ preventScroll: true });
  });

  // Only a pointer that moves counts: maps that scroll below a resting one do not.
  const last = { x: -1, y: -1 };
  one("maps").addEventListener("pointermove", event => {
    if (event.pointerType === "touch" || (event.screenX === last.x && event.screenY === last.y)) return;
    [last.x, last.y] = [event.screenX, event.screenY];
    const button = event.target.closest("button");
    if (button && state.maps) hover(Number(button.dataset.channel));
  });
  one("maps").addEventListener("pointerleave", () => hover(null));

  one("maps").addEventListener("keydown", event => {
    const buttons = [...one("maps").children], count = buttons.length;
    if (count === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" && !one("page").hidden) { event.preventDefault(); one("page").click(); return; }
    const first = buttons[0].offsetTop, wide = buttons.findIndex(button => button.offsetTop > first), row = wide < 0 ? count : wide;
    const now = Math.max(0, buttons.findIndex(button => Number(button.dataset.channel) === state.channel));
    const next = {
      ArrowLeft: now - 1, ArrowRight: now + 1, ArrowUp: now - row, ArrowDown: now + row, Home: 0, End: count - 1,
      PageUp: now - 5 * row, PageDown: now + 5 * row,
    }[event.key];
    if (next === undefined) return;
    choose(Number(buttons[Math.max(0, Math.min(count - 1, next))].dataset.channel));
    event.preventDefault();
    event.stopPropagation();
  });
  one("shots").addEventListener("keydown", event => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const now = state.shots.findIndex(shot => shot.button === document.activeElement);
    if (step === undefined || now < 0) return;
    state.shots[Math.max(0, Math.min(state.shots.length - 1, now + step))].button.focus();
    event.preventDefault();
  });
  window.addEventListener("hashchange", recall);

  const legend = one("colours").getContext("2d");
  for (const [level, [red, green, blue]] of colours.entries()) {
    legend.fillStyle = `rgb(${red} ${green} ${blue})`;
    legend.fillRect(level, 0, 1, 1);
  }
  recall();

  // Starts with some images of the atlas.
  (async () => {
    for (const index of root.dataset.samples.split(",").filter(Boolean)) {
      try {
        const response = await fetch(`/atlases/${atlas}/crops/${index}.jpg`);
        if (!response.ok) return;
        const shot = add(`image ${index}`, await response.blob());
        if (!state.shot) take(shot);
      } catch { return; }
    }
  })();
})();
