// Our own behaviours, each in a module of its own and each optional: every page works without them.
// They listen on the document, so that what htmx brings later needs no starting.
import { addCopyButtons, startCopy } from "./copy.js";
import { guardDraft } from "./draft.js";
import { focusDrawer, startDrawer } from "./drawer.js";
import { addLineNumbers, startEditor } from "./editor.js";
import { trimFeed } from "./feed.js";
import { takeAwayLater } from "./gone.js";
import { keepHistoryInOrder } from "./history.js";
import { caretToEnd, startKeyboard } from "./keyboard.js";
import { startPalette } from "./palette.js";
import { keepReading } from "./reading.js";
import { focusSelectedRow, keepSelectedRow, showSelectedRow } from "./rows.js";
import { startThemeSwitch } from "./theme-switch.js";
import { openWhenWide, showCurrentType, startTypeFilter } from "./tree.js";

startKeyboard();
startPalette();
keepSelectedRow();
startTypeFilter(); // before the drawer: Escape is for the field first
startDrawer();
startCopy();
guardDraft();
startEditor();
keepReading();
keepHistoryInOrder();
trimFeed();
startThemeSwitch();

function prepare(root) {
  addCopyButtons(root);
  addLineNumbers(root);
  openWhenWide(root);
  showCurrentType(root);
  takeAwayLater(root);
  caretToEnd(root);
  showSelectedRow();
  for (const element of root.querySelectorAll("[data-needs-script]")) element.hidden = false;
}

// Going back leads to the row that one left; the address of a list with details leads to these.
function returnFocus() {
  if (!focusDrawer()) focusSelectedRow();
}

prepare(document);
if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") returnFocus();
else focusDrawer();
document.addEventListener("htmx:historyRestore", returnFocus);
document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
