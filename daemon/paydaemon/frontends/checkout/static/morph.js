// Makes one element what another is, and touches nothing that is the same in both: so the focus stays where it is, and
// a screen reader tells what is new and nothing else. What is "kept" as it was belongs to the scripts.

export function morph(old, fresh) {
  if (old.dataset.kept && old.dataset.kept === fresh.dataset.kept) return;
  copyAttributes(old, fresh);
  let place = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const there = counterpart(place, node);
    if (!there) {
      old.insertBefore(node, place);
      continue;
    }
    removeUntil(place, there);
    place = there.nextSibling;
    if (node.nodeType === Node.ELEMENT_NODE) morph(there, node);
    else if (there.data !== node.data) there.data = node.data;
  }
  removeUntil(place, null);
}

// What is to become `node`: for an element the next one of its kind, for a text only one that stands right here.
function counterpart(place, node) {
  while (place && node.nodeType === Node.ELEMENT_NODE && !alike(place, node)) place = place.nextSibling;
  return place && alike(place, node) ? place : null;
}

function alike(one, other) {
  return one.nodeName === other.nodeName && one.id === other.id;
}

function removeUntil(place, end) {
  while (place !== end) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
