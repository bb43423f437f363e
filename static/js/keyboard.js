// Keys: "/" search, "f" filter of the types, "g o" overview, "g r" registry, "j" and "k" rows, "o" or Space a row's details, "?" help.
import { rowLinks, selectedLink } from "./rows.js";
import { focusTypeFilter } from "./tree.js";

const PLACES = { o: "/", r: "/registry", s: "/search", h: "/health", l: "/learn" };
let goingSince = 0;

export function startKeyboard() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (act(event.key)) event.preventDefault();
  });
}

// The caret stands behind what is there already: typing goes on.
export function caretToEnd(root) {
  for (const input of root.querySelectorAll("input[autofocus]")) {
    if (input === document.activeElement) input.setSelectionRange(input.value.length, input.value.length);
  }
}

function isTyping(element) {
  return element.closest("input, select, textarea, [contenteditable]") !== null;
}

function act(key) {
  if (goingSince && Date.now() - goingSince < 1500 && PLACES[key]) {
    location.assign(document.documentElement.dataset.root + PLACES[key]);
    return true;
  }
  goingSince = key === "g" ? Date.now() : 0;
  if (key === "/") return focusSearch();
  if (key === "f") return focusTypeFilter();
  if (key === "?") return openHelp();
  if (key === "j") return step(1);
  if (key === "k") return step(-1);
  if (key === "o") return openDetails(selectedLink());
  if (key === " " && rowLinks().includes(document.activeElement)) return openDetails(document.activeElement);
  return false;
}

function focusSearch() {
  const input = document.querySelector("#q") ?? document.querySelector("#bar-q");
  input?.focus();
  input?.select();
  return Boolean(input);
}

function openHelp() {
  const help = document.querySelector("[data-help]");
  if (help && !help.open) help.showModal();
  return true;
}

function step(by) {
  const links = rowLinks();
  if (links.length === 0) return false;
  const at = links.indexOf(selectedLink());
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
  links[next].focus();
  return true;
}

function openDetails(link) {
  const details = link?.closest("th").querySelector(".peek");
  details?.click();
  return Boolean(details);
}
