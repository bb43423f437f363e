// Details beside a list. htmx brings them; here the focus goes to them and back to the row, and Escape closes them.
import { focusSelectedRow } from "./rows.js";

export function startDrawer() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog:modal")) return;
    if (close()) event.preventDefault();
  });
  // before htmx, which would load the list again
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest("[data-drawer-close]")) return;
    if (close()) (event.preventDefault(), event.stopPropagation());
  }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "drawer") focusDrawer();
    // another list, whose address names no object
    if (event.detail.requestConfig?.elt.id === "filters") document.querySelector("#drawer").replaceChildren();
  });
}

export function focusDrawer() {
  const title = document.querySelector(".drawer-head h2");
  title?.focus();
  return title !== null;
}

function close() {
  const link = document.querySelector("#drawer [data-drawer-close]");
  if (!link) return false;
  history.pushState({ htmx: true }, "", link.href);
  document.querySelector("#drawer").replaceChildren();
  focusSelectedRow();
  return true;
}
