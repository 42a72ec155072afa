// A small markdown: everything is escaped first, then the few forms that models write become elements.

const FENCE = /^\s*(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^&gt; ?(.*)$/;
// A table's second line: dashes, and colons for the side that a column keeps to.
const DASHES = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;

/** Markdown as HTML that holds nothing but the elements written here. */
export function markdown(text) {
  return blocks(escaped(text.replace(/\0/g, "").replace(/\r\n?/g, "\n")).split("\n"));
}

function escaped(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => names[character]);
}

function blocks(lines) {
  let html = "";
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) html += `<p>${inline(paragraph.join("\n"))}</p>`;
    paragraph = [];
  };
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    const take = (form) => {
      const from = at;
      while (at + 1 < lines.length && form(lines[at + 1])) at += 1;
      return lines.slice(from, at + 1);
    };
    if (fence) {
      flush();
      // While an answer streams, its last fence is still open: what is there is code already.
      const closes = (next) => next.trim().startsWith(fence[1]) && /^[`~]+$/.test(next.trim());
      const code = take((next) => !closes(next)).slice(1);
      at += 1;
      html += `<pre tabindex="0" role="group" aria-label="Code${fence[2] ? ` in ${fence[2]}` : ""}"><code>${code.join("\n")}</code></pre>`;
    } else if (RULE.test(line)) {
      flush();
      html += "<hr>";
    } else if (heading) {
      flush();
      // The h1 is the name of the page.
      const level = Math.min(6, heading[1].length + 1);
      html += `<h${level}>${inline(heading[2])}</h${level}>`;
    } else if (ITEM.test(line)) {
      flush();
      html += list(take((next) => ITEM.test(next) || /^\s+\S/.test(next)));
    } else if (QUOTE.test(line)) {
      flush();
      html += `<blockquote>${blocks(take((next) => QUOTE.test(next)).map((quoted) => QUOTE.exec(quoted)[1]))}</blockquote>`;
    } else if (line.includes("|") && lines[at + 1]?.includes("|") && DASHES.test(lines[at + 1])) {
      flush();
      html += table(take((next) => next.includes("|")));
    } else if (line.trim() === "") {
      flush();
    } else {
      paragraph.push(line);
    }
  }
  flush();
  return html;
}

function list(lines) {
  const [, indent, mark] = ITEM.exec(lines[0]);
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= indent.length) items.push([item[3]]);
    else items.at(-1).push(line.slice(Math.min(indent.length + 2, line.search(/\S/))));
  }
  const body = items
    .map(([first, ...inner]) => `<li>${inline(first)}${inner.length ? blocks(inner) : ""}</li>`)
    .join("");
  if (/\d/.test(mark)) return `<ol start="${parseInt(mark, 10)}">${body}</ol>`;
  return `<ul>${body}</ul>`;
}

function table([head, dashes, ...rows]) {
  const sides = cells(dashes).map((cell) => (/:$/.test(cell) ? (/^:/.test(cell) ? "center" : "end") : "start"));
  // A row has as many cells as there are columns, whatever was written.
  const row = (line, tag) => {
    const texts = cells(line);
    return `<tr>${sides.map((side, column) => `<${tag} class="${side}">${inline(texts[column] ?? "")}</${tag}>`).join("")}</tr>`;
  };
  const body = rows.map((line) => row(line, "td")).join("");
  return `<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table></div>`;
}

function cells(line) {
  const bare = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function inline(text) {
  // What is finished is put aside, so that the stars in code and in addresses stay as they are.
  const aside = [];
  const put = (html) => `\0${aside.push(html) - 1}\0`;
  return text
    .replace(/(`+)(?!`)([^]*?[^`])\1(?!`)/g, (_, ticks, code) => put(`<code>${code.trim()}</code>`))
    .replace(
      /\[([^\]\n]+)\]\((https?:\/\/[^\s()<>\0]+)\)/g,
      (_, label, address) => `${put(`<a href="${address}" target="_blank" rel="noopener noreferrer">`)}${label}${put("</a>")}`,
    )
    .replace(/\*{3}(?=[^\s*])([^]*?[^\s*])\*{3}/g, "<strong><em>$1</em></strong>")
    .replace(/\*\*(?=\S)([^]*?\S)\*\*/g, "<strong>$1</strong>")
    .replace(/(?<![\w*])\*(?=[^\s*])([^]*?[^\s*])\*(?![\w*])/g, "<em>$1</em>")
    .replace(/(?<!\w)_(?=[^\s_])([^]*?[^\s_])_(?!\w)/g, "<em>$1</em>")
    .replace(/\s*\n/g, "<br>")
    .replace(/\0(\d+)\0/g, (_, place) => aside[place]);
}
