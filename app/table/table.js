// The slides, a row each: sorted by a click on a heading, so many rows a screen, with links to the pages of a slide.
//
// From the server: data = {columns: [{name, label, help}], rows: [[slide, cells: [[text, sort, share, notes]], links: [[page,
// label]], act: [name, label] | null]], rows_a_screen, asked, language, words}. To the server: triggers "open" = {slide, page}
// and "act" = {slide, act}. How the rows are sorted is kept in the tab, for when the person comes back from a slide.

const KEPT = "smearscope_table";
const NUMBERS = ["number", "cells", "read", "agreed", "accepted_alone", "disputed"];
const SORT = 1; // the part of a cell by which its row is sorted
const tables = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!tables.has(parentElement)) tables.set(parentElement, newTable(parentElement.querySelector(".table")));
  const table = tables.get(parentElement);
  table.tell = setTriggerValue;
  table.take(data);
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function newTable(root) {
  const order = { column: null, down: false, screen: 0, ...JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") };
  const table = {};
  let [data, held] = [null, ""];

  table.take = (fresh) => {
    const text = JSON.stringify(fresh);
    if (text === held) return; // looked at again, and all is as it was: the keyboard stays where it is
    if (data && data.asked !== fresh.asked) order.screen = 0;
    [data, held] = [fresh, text];
    draw();
  };

  function sorted() {
    const at = data.columns.findIndex((column) => column.name === order.column);
    if (at < 0) return data.rows;
    const { compare } = new Intl.Collator(data.language, { numeric: true, sensitivity: "base" });
    const sign = order.down ? -1 : 1;
    return [...data.rows].sort((one, other) => {
      const [left, right] = [one, other].map(([, cells]) => cells[at][SORT]);
      if (left === null || right === null) return (left === null) - (right === null);
      return sign * (typeof left === "number" ? left - right : compare(left, right));
    });
  }

  // A heading sorts upwards, then downwards, then not at all: as the slides came, the latest first.
  function sort(name) {
    if (order.column !== name) Object.assign(order, { column: name, down: false });
    else if (!order.down) order.down = true;
    else Object.assign(order, { column: null, down: false });
    order.screen = 0;
    draw();
  }

  function turn(screens) {
    order.screen += screens;
    draw();
  }

  function draw() {
    const focus = root.getRootNode().activeElement?.dataset?.key;
    const rows = sorted();
    const screens = Math.max(1, Math.ceil(rows.length / data.rows_a_screen));
    order.screen = Math.min(Math.max(0, order.screen), screens - 1);
    sessionStorage.setItem(KEPT, JSON.stringify(order));
    const first = order.screen * data.rows_a_screen;
    const shown = rows.slice(first, first + data.rows_a_screen);
    const head = element("tr", {}, ...data.columns.map(heading), element("th", { class: "ways" }));
    const body = element("tbody", {}, ...shown.map(row));
    const whole = element("table", {}, element("thead", {}, head), body);
    root.replaceChildren(element("div", { class: "scroller" }, whole), pages(rows.length, first, shown.length, screens));
    if (focus) root.querySelector(`[data-key="${focus}"]`)?.focus();
  }

  function heading({ name, label, help }) {
    const sign = order.column === name ? (order.down ? " ▼" : " ▲") : "";
    const button = element("button", { type: "button", title: help, "data-key": name }, label, element("span", { "aria-hidden": true }, sign));
    button.onclick = () => sort(name);
    const way = sign ? (order.down ? "descending" : "ascending") : null;
    return element("th", { scope: "col", class: kind(name), "aria-sort": way }, button);
  }

  const kind = (name) => (NUMBERS.includes(name) ? "number" : name);

  function row([slide, cells, links, act]) {
    const made = cells.map(([text, , share, notes], place) => {
      const { name } = data.columns[place];
      const noted = notes.map((note) => element("span", { class: "note" }, ` · ${note}`));
      const bar = element("span", { style: `width: ${100 * share}%` });
      const full = [text, ...notes].join(" · ");
      const attributes = { class: kind(name), title: full, ...(name === "slide" ? { scope: "row" } : {}) };
      const drawn = share === null ? [] : [element("span", { class: "share" }, bar)];
      return element(name === "slide" ? "th" : "td", attributes, text, ...noted, ...drawn);
    });
    const ways = links.map(([page, label]) => way(slide, page, label));
    if (act) {
      const button = element("button", { type: "button", "data-key": `${slide} act` }, act[1]);
      button.onclick = () => table.tell("act", { slide, act: act[0] });
      ways.push(button);
    }
    return element("tr", {}, ...made, element("td", { class: "ways" }, ...ways));
  }

  // A link of the browser's own, which opens in another tab too; a plain click stays within the page.
  function way(slide, page, label) {
    const made = element("a", { href: `${page}?slide=${slide}`, "data-key": `${slide} ${page}` }, label);
    made.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      table.tell("open", { slide, page });
    };
    return made;
  }

  function pages(count, first, shown, screens) {
    const range = data.words.rows.replace("{first}", first + 1).replace("{last}", first + shown).replace("{count}", count);
    const buttons = [[data.words.previous, -1], [data.words.next, 1]].map(([label, by]) => {
      const button = element("button", { type: "button", "data-key": `screen ${by}` }, label);
      button.disabled = order.screen + by < 0 || order.screen + by >= screens;
      button.onclick = () => turn(by);
      return button;
    });
    return element("div", { class: "pages" }, range, ...(screens > 1 ? buttons : []));
  }

  // Up and down: the same link of the slide above or below.
  root.addEventListener("keydown", (event) => {
    const by = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
    const at = by && event.target.closest("tbody tr");
    if (!at) return;
    event.preventDefault();
    const place = [...at.querySelectorAll("a, button")].indexOf(event.target);
    const beside = at[by]?.querySelectorAll("a, button") ?? [];
    beside[Math.min(place, beside.length - 1)]?.focus();
  });
  return table;
}
