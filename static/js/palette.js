// The field in the header: its answers come as one types (htmx asks for them); here are the keys. Ctrl-K goes to it,
// arrows through the answers, Enter opens the one that is named exactly, Escape closes. Before anything is typed it
// shows where this tab has been lately: in its own session's memory, which ends with it.
const RECENT = "recent";
const MOST = 8;

export function startPalette() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("focusin", (event) => {
    if (event.target.id === "bar-q" && event.target.value === "") showRecent();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "bar-q" && event.target.value === "") showRecent();
  });
  remember();
  document.addEventListener("htmx:pushedIntoHistory", remember);
}

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !event.shiftKey && !event.altKey) {
    field().focus();
    field().select();
    event.preventDefault();
    return;
  }
  if (!event.target.closest(".bar-search")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Escape" && answers().childElementCount) close();
  else if (event.key !== "Enter" || event.target !== field() || !openExact()) return;
  event.preventDefault();
}

const field = () => document.querySelector("#bar-q");
const answers = () => document.querySelector("#palette");

function step(by) {
  const stops = [field(), ...answers().querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  stops[Math.min(Math.max(at + by, 0), stops.length - 1)].focus();
}

function close() {
  answers().replaceChildren();
  field().focus();
}

// Only where the answers are those to what the field says now.
function openExact() {
  const exact = answers().querySelector("a[data-exact]");
  const asked = answers().querySelector("[data-asked]")?.dataset.asked;
  if (!exact || asked !== field().value.trim()) return false;
  field().blur(); // else the focus, and what is typed next, would stay in the field on the next page
  exact.click();
  return true;
}

function visited() {
  try {
    return JSON.parse(sessionStorage.getItem(RECENT)) ?? [];
  } catch {
    return [];
  }
}

function remember() {
  if (document.querySelector(".bar") === null) return;
  const here = { href: location.pathname + location.search, text: document.title.split(" · ")[0] };
  const others = visited().filter((each) => each.href !== here.href);
  sessionStorage.setItem(RECENT, JSON.stringify([here, ...others].slice(0, MOST + 1)));
}

function showRecent() {
  const links = visited().slice(1).map((each) => {
    const item = document.createElement("li");
    const link = item.appendChild(document.createElement("a"));
    link.href = each.href;
    link.textContent = each.text;
    return item;
  });
  answers().replaceChildren();
  if (links.length === 0) return;
  const group = answers().appendChild(document.createElement("div"));
  group.className = "palette-group";
  group.appendChild(document.createElement("h3")).textContent = "Recent";
  group.appendChild(document.createElement("ul")).append(...links);
}
