// Elements and their texts. Words from outside enter as text or attributes only, never as markup, so none are escaped.

const SVG_SPACE = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function makeElement(tag, attributes = {}, children = []) {
  return fill(document.createElement(tag), attributes, children);
}

export function makeSvg(tag, attributes = {}, children = []) {
  return fill(document.createElementNS(SVG_SPACE, tag), attributes, children);
}

/** Write a text where it differs from the one before. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
