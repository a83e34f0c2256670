// Displays openapi.json as the API reference.
(function () {
  "use strict";
  const root = document.querySelector("[data-reference]");
  const make = (name, text, kind) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  fetch("/api/v1/openapi.json").then(response => {
    if (!response.ok) throw new Error(`${response.status}`);
    return response.json();
  }).then(description => {
    const groups = new Map();
    for (const [path, verbs] of Object.entries(description.paths)) for (const [verb, about] of Object.entries(verbs)) {
      const group = about.tags?.[0] ?? "other";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push({ path, verb, about });
    }
    root.replaceChildren(...[...groups].flatMap(([group, endpoints]) => [make("h2", group), ...endpoints.map(({ path, verb, about }) => {
      const box = make("details", null, "endpoint"), head = make("summary");
      head.append(make("span", verb.toUpperCase(), "verb"), make("code", path), " ", make("span", about.summary ?? "", "quiet"));
      box.append(head);
      if (about.description) box.append(make("p", about.description));
      const table = make("table"), body = make("tbody");
      for (const parameter of about.parameters ?? []) {
        const row = make("tr"), cell = make("td");
        cell.append(make("code", parameter.name));
        row.append(cell, make("td", `${parameter.in}${parameter.required ? ", required" : ""}`), make("td", parameter.description ?? ""));
        body.append(row);
      }
      table.append(body); box.append(table);
      if (verb === "get" && !path.includes("{")) { const link = make("a", "Try it"); link.href = path; box.append(link); }
      return box;
    })]));
  }).catch(failure => { root.textContent = `Cannot read openapi.json (${failure.message}).`; });
})();
