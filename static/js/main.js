// Our own behaviours, each in a module of its own and each optional: every page works without them.
import { startCopy } from "./copy.js";
import { startKeyboard } from "./keyboard.js";
import { startThemeSwitch } from "./theme-switch.js";
import { startTree } from "./tree.js";

startKeyboard();

function startAll(root) {
  startCopy(root);
  startThemeSwitch(root);
  startTree(root);
}

startAll(document);
document.addEventListener("htmx:load", (event) => startAll(event.detail.elt));
