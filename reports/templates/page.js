"use strict";
// Tables are sorted on raw values; the reader's choices are kept in the fragment of the address.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
document.documentElement.classList.add("js");

const alphabet = new Intl.Collator();

function compare(a, b, sign) {
  if (a === "" || b === "") return (a === "") - (b === "");  // missing last, both ways
  const x = Number(a), y = Number(b);
  return sign * (isNaN(x) || isNaN(y) ? alphabet.compare(a, b) : x - y);
}

function sort(table, key, direction) {
  const headers = all("thead th", table);
  const column = headers.findIndex((header) => header.dataset.key === key);
  if (column < 0) return;
  headers.forEach((header, i) => i === column
    ? header.setAttribute("aria-sort", direction) : header.removeAttribute("aria-sort"));
  const sign = direction === "ascending" ? 1 : -1;
  for (const body of table.tBodies) {
    // each value is read once, not at every comparison
    const keyed = all("tr:not(.divider)", body).map((row) => [row.cells[column].dataset.value, row]);
    keyed.sort(([a], [b]) => compare(a, b, sign));
    body.append(...keyed.map(([, row]) => row));
  }
}

function toggled(table, key) {
  const header = all("thead th", table).find((header) => header.dataset.key === key);
  return header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
}

for (const table of all("table.sortable:not(.board)")) {
  for (const button of all("thead button", table)) {
    const key = button.closest("th").dataset.key;
    button.addEventListener("click", () => sort(table, key, toggled(table, key)));
  }
}

// Rows of a tree are shown below the rows that are open.
for (const tree of all("table.tree")) {
  const rows = all("tbody tr", tree);
  const depth = (row) => Number(row.dataset.depth);
  const button = (row) => row.querySelector("button");
  const show = () => {
    let closed = Infinity;  // depth of the closed row that hides what follows
    for (const row of rows) {
      if (depth(row) <= closed) closed = Infinity;
      row.classList.toggle("folded", depth(row) > closed);
      if (closed === Infinity && button(row)?.ariaExpanded === "false") closed = depth(row);
    }
  };
  for (const row of rows.filter(button)) {
    button(row).ariaExpanded = depth(row) < 1;
    button(row).addEventListener("click", () => {
      button(row).ariaExpanded = button(row).ariaExpanded !== "true";
      show();
    });
  }
  show();
}

// Two pictures of a row lie on one another, divided where the reader wants.
for (const slider of all(".slider")) {
  const pictures = all("img", slider.closest(".shown"));
  const frame = slider.querySelector(".frame"), divide = slider.querySelector("[type=range]");
  const show = () => {
    const chosen = all("select", slider).map((select) => pictures[select.value].cloneNode());
    chosen[0].style.clipPath = `inset(0 ${100 - divide.value}% 0 0)`;
    chosen[1].style.clipPath = `inset(0 0 0 ${divide.value}%)`;
    frame.style.setProperty("--divide", divide.value + "%");
    frame.replaceChildren(...chosen);
  };
  for (const field of all("select, input", slider)) field.addEventListener("input", show);
  show();
}

const boards = all("table.board"), tabs = all("[role=tab]");
const STEP = 100;  // rows that are drawn at once: more when the reader comes to the last one
let drawn = STEP;
const more = document.getElementById("more");

function choice() {
  const given = new URLSearchParams(location.hash.slice(1));
  const track = tabs.some((tab) => tab.dataset.track === given.get("track"))
    ? given.get("track") : tabs[0].dataset.track;
  return {
    track, sort: given.get("sort") || "rank",
    direction: given.get("direction") === "descending" ? "descending" : "ascending",
    text: given.get("text") || "", show: given.get("show") || "",
    hide: (given.get("hide") || "").split(",").filter(Boolean),
  };
}

function choose(change) {
  drawn = STEP;
  const chosen = { ...choice(), ...change };
  chosen.hide = chosen.hide.join(",");
  const defaults = { track: tabs[0].dataset.track, sort: "rank", direction: "ascending" };
  const kept = Object.entries(chosen).filter(([key, value]) => value && value !== defaults[key]);
  history.replaceState(null, "", "#" + new URLSearchParams(kept));
  apply();
}

function apply() {
  const chosen = choice();
  for (const tab of tabs) {
    const selected = tab.dataset.track === chosen.track;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !selected;
  }
  document.getElementById("text").value = chosen.text;
  document.getElementById("show").value = chosen.show;
  for (const box of all(".columns input")) box.checked = !chosen.hide.includes(box.value);
  const table = document.querySelector("section[role=tabpanel]:not([hidden]) .board");
  // rows that move or change are laid out anew, all of them
  once(table, "order", [chosen.sort, chosen.direction], () => sort(table, chosen.sort, chosen.direction));
  once(table, "hidden", chosen.hide, () => hideColumns(table, chosen.hide));
  const wanted = hideRows(table, chosen);
  document.getElementById("count").textContent = wanted + " entries";
  more.hidden = wanted <= drawn;
}

function once(table, what, state, act) {
  const wanted = state.join(" ");
  if (table.dataset[what] === wanted) return;
  table.dataset[what] = wanted;
  act();
}

function drawMore(rows) {
  drawn += rows;
  apply();
}

function hideColumns(table, keys) {
  const hidden = all("thead th", table).map((header) => keys.includes(header.dataset.key));
  for (const row of table.rows) {
    if (row.matches(".divider")) continue;
    [...row.cells].forEach((cell, i) => { cell.hidden = hidden[i]; });
  }
}

function hideRows(table, { text, show }) {
  const wanted = text.toLowerCase();
  let fitting = 0;
  for (const body of table.tBodies) {
    const rows = all("tr[data-eligible]", body);
    for (const row of rows) {
      const fits = (!wanted || row.textContent.toLowerCase().includes(wanted))
        && (show === "" || row.dataset.eligible === show);
      fitting += fits;
      row.hidden = !fits || fitting > drawn;
    }
    body.hidden = rows.every((row) => row.hidden);
  }
  return fitting;
}

if (tabs.length) {
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose({ track: tab.dataset.track }));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      choose({ track: next.dataset.track });
      next.focus();
    });
  });
  for (const table of boards) {
    for (const button of all("thead button", table)) {
      const key = button.closest("th").dataset.key;
      button.addEventListener("click", () => choose({ sort: key, direction: toggled(table, key) }));
    }
  }
  document.getElementById("text").addEventListener("input", (e) => choose({ text: e.target.value }));
  document.getElementById("show").addEventListener("input", (e) => choose({ show: e.target.value }));
  for (const box of all(".columns input")) {
    box.addEventListener("input", () => choose({
      hide: all(".columns input").filter((one) => !one.checked).map((one) => one.value),
    }));
  }
  addEventListener("hashchange", apply);
  addEventListener("beforeprint", () => drawMore(Infinity));
  more.addEventListener("click", () => drawMore(STEP));
  const reached = (seen) => seen.some((one) => one.isIntersecting) && drawMore(STEP);
  new IntersectionObserver(reached, { rootMargin: "600px" }).observe(more);
  apply();
}
