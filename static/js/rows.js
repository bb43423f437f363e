// The selected row of a list: the one that had the focus last. It stays selected when the list refreshes itself, and
// when one comes back to the list. This tab remembers it for the addresses of some lists.
const SELECTED = "rows";
const MOST = 30;

export function keepSelectedRow() {
  document.addEventListener("focusin", select);
  document.addEventListener("click", select, true);
}

export const rowLinks = () => [...document.querySelectorAll("[data-rows] tbody th > a:not(.peek)")];

export const selectedLink = () => document.querySelector("[data-rows] tbody .row-current th > a:not(.peek)");

export function focusSelectedRow() {
  selectedLink()?.focus();
}

export function showSelectedRow() {
  const href = remembered()[list()];
  if (href) mark(rowLinks().find((link) => link.getAttribute("href") === href));
}

function select(event) {
  const link = event.target.closest("[data-rows] tbody tr")?.querySelector("th > a:not(.peek)");
  if (!link) return;
  mark(link);
  const { [list()]: _, ...others } = remembered();
  const kept = Object.entries({ ...others, [list()]: link.getAttribute("href") }).slice(-MOST);
  try {
    sessionStorage.setItem(SELECTED, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // storage is full or blocked: the row is selected until the page is left
  }
}

function mark(link) {
  if (!link) return;
  for (const row of document.querySelectorAll("[data-rows] .row-current")) row.classList.remove("row-current");
  link.closest("tr").classList.add("row-current");
}

// The list's address: details beside it do not change which list it is.
function list() {
  const query = new URLSearchParams(location.search);
  query.delete("key");
  query.delete("key64");
  return `${location.pathname}?${query}`;
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(SELECTED)) ?? {};
  } catch {
    return {};
  }
}
