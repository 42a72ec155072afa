// A small Markdown. It makes the elements named here and text nodes: a model's text is never parsed as HTML.

const FENCE = /^\s*(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^> ?(.*)$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
// The second line of a table.
const DASHES = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const INLINE = new RegExp(
  [
    /(?<ticks>`+)(?!`)(?<code>[^]*?[^`])\k<ticks>(?!`)/,
    /\[(?<label>[^\]\n]+)\]\((?<href>https?:\/\/[^\s()<>]+)\)/,
    /\*\*(?=\S)(?<strong>[^]*?\S)\*\*(?!\*)/,
    /(?<![\w*])\*(?=[^\s*])(?<star>[^]*?[^\s*])\*(?![\w*])/,
    /(?<!\w)_(?=[^\s_])(?<line>[^]*?[^\s_])_(?!\w)/,
    /(?<br>\s*\n)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

export function create(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** The elements of a text. */
export function markdown(text) {
  try {
    return blocks(text.replace(/\r\n?/g, "\n").split("\n"));
  } catch {
    // Thousands of nested quotes overflow the stack.
    return [create("p", { textContent: text })];
  }
}

function blocks(lines) {
  const elements = [];
  let paragraph = [];
  const add = (...added) => {
    if (paragraph.length) elements.push(create("p", {}, ...inline(paragraph.join("\n"))));
    paragraph = [];
    elements.push(...added);
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    const [fence, heading] = [FENCE.exec(line), HEADING.exec(line)];
    /** This line and those after it that match. */
    const take = (matches) => {
      const from = at;
      while (at + 1 < lines.length && matches(lines[at + 1])) at += 1;
      return lines.slice(from, at + 1);
    };
    if (fence) {
      // While an answer streams, its last fence is still open.
      const closes = (next) => next.trim().startsWith(fence[1]) && /^[`~]+$/.test(next.trim());
      const code = create("code", { textContent: take((next) => !closes(next)).slice(1).join("\n") });
      at += 1;
      add(region("pre", `Code${fence[2] && ` in ${fence[2]}`}`, code));
    } else if (RULE.test(line)) {
      add(create("hr"));
    } else if (heading) {
      // The name of the page is the h1.
      add(create(`h${Math.min(6, heading[1].length + 1)}`, {}, ...inline(heading[2])));
    } else if (ITEM.test(line)) {
      add(list(take((next) => ITEM.test(next) || /^\s+\S/.test(next))));
    } else if (QUOTE.test(line)) {
      const quoted = take((next) => QUOTE.test(next)).map((quote) => QUOTE.exec(quote)[1]);
      add(create("blockquote", {}, ...blocks(quoted)));
    } else if (line.includes("|") && lines[at + 1]?.includes("|") && DASHES.test(lines[at + 1])) {
      add(region("div", "Table", table(take((next) => next.includes("|")))));
    } else if (line.trim() === "") {
      add();
    } else {
      paragraph.push(line);
    }
  }
  add();
  return elements;
}

/** What may be wider than the page scrolls on its own, with the keyboard too. */
function region(tag, label, child) {
  return create(tag, { tabIndex: 0, role: "group", ariaLabel: label, className: "wide" }, child);
}

function list(lines) {
  const [, indent, mark] = ITEM.exec(lines[0]);
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= indent.length) items.push([item[3]]);
    else items.at(-1).push(line.slice(Math.min(indent.length + 2, line.search(/\S/))));
  }
  const children = items.map(([first, ...inner]) => create("li", {}, ...inline(first), ...blocks(inner)));
  return /\d/.test(mark) ? create("ol", { start: parseInt(mark, 10) }, ...children) : create("ul", {}, ...children);
}

function table([head, , ...rows]) {
  const columns = cells(head).length;
  const row = (line, tag) =>
    create("tr", {}, ...cells(line).slice(0, columns).map((cell) => create(tag, {}, ...inline(cell))));
  const body = rows.map((line) => row(line, "td"));
  return create("table", {}, create("thead", {}, row(head, "th")), create("tbody", {}, ...body));
}

function cells(line) {
  const bare = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const { 0: whole, index, groups } of text.matchAll(INLINE)) {
    nodes.push(text.slice(from, index), span(groups));
    from = index + whole.length;
  }
  return [...nodes, text.slice(from)];
}

function span({ code, label, href, strong, star, line }) {
  if (code) return create("code", { textContent: code.trim() });
  if (href) return create("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...inline(label));
  if (strong) return create("strong", {}, ...inline(strong));
  if (star ?? line) return create("em", {}, ...inline(star ?? line));
  return create("br");
}
