// The editor's text: numbers beside its lines, Tab that indents (Escape, then Tab, leaves), a switch for wrapping.
const INDENT = "  ";
let leaving = false;

export function startEditor() {
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-editor]")) number(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("[data-editor]")) onKey(event);
  });
  document.addEventListener("focusout", () => (leaving = false));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-wrap]");
    if (button) wrap(button, document.querySelector(button.dataset.wrap));
  });
}

// The numbers are beside the text, not in it: what is copied has none. What the keys do is true with this script alone.
export function addLineNumbers(root) {
  for (const text of root.querySelectorAll("[data-editor]")) {
    if (text.closest(".editor-frame")) continue;
    const frame = document.createElement("div");
    frame.className = "editor-frame";
    const gutter = document.createElement("div");
    gutter.className = "editor-gutter";
    gutter.ariaHidden = "true";
    text.before(frame);
    frame.append(gutter, text);
    text.addEventListener("scroll", () => (gutter.scrollTop = text.scrollTop));
    text.setAttribute("aria-describedby", text.dataset.editor);
    number(text);
  }
}

function number(text) {
  const gutter = text.previousElementSibling;
  const lines = text.value.split("\n").length;
  if (gutter.dataset.lines === String(lines)) return;
  gutter.dataset.lines = lines;
  gutter.textContent = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
  gutter.scrollTop = text.scrollTop;
}

function onKey(event) {
  if (event.key === "Escape") {
    leaving = true;
    event.preventDefault();
    return;
  }
  if (event.key === "Shift") return;
  if (event.key === "Tab" && !leaving && !event.ctrlKey && !event.altKey && !event.metaKey) {
    indent(event.target, event.shiftKey);
    event.preventDefault();
  }
  leaving = false;
}

function indent(text, back) {
  const { selectionStart: from, selectionEnd: to, value } = text;
  if (from === to && !back) return insert(text, INDENT);
  const start = value.lastIndexOf("\n", from - 1) + 1;
  const end = value.indexOf("\n", to) < 0 ? value.length : value.indexOf("\n", to);
  const lines = value.slice(start, end).split("\n");
  const changed = lines.map((line) => (back ? line.replace(/^ {1,2}/, "") : INDENT + line)).join("\n");
  if (changed === lines.join("\n")) return;
  text.setSelectionRange(start, end);
  insert(text, changed);
  if (from === to) text.setSelectionRange(Math.max(start, from - (end - start - changed.length)), text.selectionEnd);
  else text.setSelectionRange(start, start + changed.length);
  if (from === to) text.selectionEnd = text.selectionStart;
}

// As if it was typed: the browser's own undo takes it back.
function insert(text, words) {
  if (!document.execCommand("insertText", false, words)) {
    text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

// A wrapped line has more than one row: numbers would stand beside others.
function wrap(button, text) {
  const wraps = text.wrap === "off";
  text.wrap = wraps ? "soft" : "off";
  text.previousElementSibling.hidden = wraps;
  button.setAttribute("aria-checked", wraps);
}
